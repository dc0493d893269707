import Glibc

/// What the output goes to: a person at a terminal, or another program.
struct Terminal: Sendable {
    let isOutputTerminal: Bool
    let isErrorTerminal: Bool
    let usesColor: Bool
    /// Columns of the terminal; nil when piped.
    let width: Int?
    /// Columns of the terminal behind standard error; 80 where it does not say.
    let errorWidth: Int

    /// Reads the process's surroundings; the only place that asks about them.
    static func current(environment: [String: String]) -> Terminal {
        let isOutput = isatty(STDOUT_FILENO) == 1
        let isError = isatty(STDERR_FILENO) == 1
        var size = winsize()
        let hasSize = isOutput && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        var errorSize = winsize()
        let hasErrorSize = isError && ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &errorSize) == 0
        return Terminal(
            isOutputTerminal: isOutput, isErrorTerminal: isError,
            usesColor: isError && (environment["NO_COLOR"] ?? "").isEmpty
                && environment["TERM"] != "dumb",
            width: hasSize && size.ws_col > 0 ? Int(size.ws_col) : nil,
            errorWidth: hasErrorSize && errorSize.ws_col > 0 ? Int(errorSize.ws_col) : 80)
    }

    /// Text in an ANSI style, or plain where colours are off.
    func styled(_ text: String, _ style: Style) -> String {
        usesColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case yellow = "33"
    }
}
