import Columnar
import Lake
import Query

/// Why a command failed: what happened, where, what to do, and whose fault it is.
enum CommandError: Error {
    /// The command line itself is wrong.
    case usage(String, command: String?, hint: String? = nil)
    /// Something in the user's hands: a path, a lake, an option's meaning.
    case user(String, hint: String? = nil)
    /// A query failed; `sql` is the text to point into.
    case query(QueryError, sql: String)
    /// Our fault.
    case bug(String)
}

/// Exit codes: scripts depend on these.
enum ExitCode {
    static let done: Int32 = 0
    static let userError: Int32 = 1
    static let bug: Int32 = 2
    /// Done, but some input was quarantined or skipped.
    static let partial: Int32 = 3
}

extension CommandError {
    var exitCode: Int32 {
        switch self {
        case .usage, .user: ExitCode.userError
        case .query(let error, _): error.code.isInternal ? ExitCode.bug : ExitCode.userError
        case .bug: ExitCode.bug
        }
    }
}
