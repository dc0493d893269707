import Columnar
import Glibc
import Lake

/// The lake's errors as sentences: what happened and where, and what to do.
enum LakeErrorText {
    private static let fullDisk = "make room, then run it again: what was committed is whole"

    /// What to do about an error of SQLite, by its primary code.
    private static func databaseHint(_ code: Int32) -> String {
        switch code & 0xFF {
        case 5, 6: "another process holds it: wait, then run it again"
        case 13: fullDisk
        default: "if the disk is sound, restore lake.db from a copy, or see lake rebuild --help"
        }
    }

    static func text(of error: LakeError) -> (message: String, hint: String?) {
        switch error {
        case .io(let operation, let path, let errorNumber):
            return (
                "\(operation) \(path): \(String(cString: strerror(errorNumber)))",
                errorNumber == ENOSPC ? fullDisk : nil
            )
        case .database(let path, let code, let message):
            return ("\(path): \(message) (SQLite code \(code))", databaseHint(code))
        case .busy(let path, let holder):
            return (
                "another process is writing to the lake \(path)"
                    + (holder.map { ": \($0)" } ?? ""),
                "wait for it to end, then try again; lake compact --wait waits by itself"
            )
        case .notALake(let path, let reason):
            return ("\(path) is not a lake: \(reason)", "make one: lake init \(path) --raw PATH")
        case .newerLake(let path, let version, let known):
            return (
                "\(path) is of version \(version), this program knows versions up to \(known)",
                "a newer lake wrote it: use that one, or a newer one"
            )
        case .corrupt(let location, let reason): return ("\(location): \(reason)", nil)
        case .unsupported(let location, let feature):
            return ("\(location): \(feature) are not supported", nil)
        case .invalidLocation(let path, let reason): return ("\(path): \(reason)", nil)
        case .missingFiles(let table, let missing, let remembered):
            return (
                "\(Amount.count(missing)) of the \(Amount.count(remembered)) known raw files of "
                    + "\(table) are gone: is everything mounted? Nothing was changed",
                "if they were meant to go: lake compact --max-missing \(missing)"
            )
        case .sweepRefused(let refusal): return text(of: refusal)
        case .limit(let name, let value, let limit, let location):
            return (
                (location.map { "\($0): " } ?? "") + "\(name) is \(value), the limit is \(limit)",
                nil
            )
        case .tableNotFound(let name): return ("there is no table '\(name)'", "see: lake tables")
        case .tableExists(let name): return ("there is a table '\(name)' already", nil)
        case .conflict(let table):
            return (
                "another program committed to the table '\(table)' at the same time",
                "nothing was lost: run the command again"
            )
        case .schemaFile(let path, let mistakes):
            return (
                "\(path) does not describe a table:\n"
                    + mistakes.map { "  \($0)" }.joined(separator: "\n"),
                nil
            )
        case .schemaChange(let table, let obstacles):
            return (
                "the schema file of \(table) asks for what the table cannot follow; nothing was changed:\n"
                    + obstacles.map { "  \($0.problem); \($0.remedy)" }.joined(separator: "\n"),
                "see: lake schema check"
            )
        case .checksFailed(let outcomes):
            let table = outcomes.first?.table ?? ""
            return (
                "nothing was committed: "
                    + (outcomes.count == 1
                        ? "a quality check does not hold"
                        : "\(outcomes.count) quality checks do not hold")
                    + outcomes.map { "\n  \($0.table), \($0.name): \(CheckText.finding($0))" }
                    .joined(),
                "mend the raw files, or change the check or its \"on_failure\" in the lake's "
                    + "schemas/\(table).json; then compact again"
            )
        case .invalidCheck(let table, let check, let reason):
            return (
                "the check \(check) of \(table) cannot be tested: \(reason)",
                "correct it in the lake's schemas/\(table).json"
            )
        case .invalidHold(let reason, let remedy): return (reason, remedy)
        case .restore(let refusal): return text(of: refusal)
        case .held(let holds):
            let lines = holds.map { hold in
                "\n  hold \(hold.id) by \(hold.placedBy): \(hold.reason)"
            }
            return (
                (holds.count == 1
                    ? "a legal hold forbids it" : "\(holds.count) legal holds forbid it")
                    + "; nothing was changed" + lines.joined(),
                "see: lake hold list"
            )
        case .unknownAccount(let account):
            return (
                "the lake knows nothing of an account '\(account)'; nothing was changed",
                "is the id right? To suppress it all the same: --force"
            )
        case .beingErased(let table):
            return (
                "an erasure is unfinished, and in the table '\(table)' the account's rows cannot be "
                    + "hidden until it is done; if none is at work: lake erase --resume",
                nil
            )
        case .columnar(let error): return text(of: error)
        }
    }

    private static func text(of refusal: RestoreRefusal) -> (message: String, hint: String?) {
        switch refusal {
        case .notArchived(let table):
            return (
                "nothing of \(table) that was asked for is archived",
                "rows that are not archived are in the table: lake query; see: lake restores"
            )
        case .inProgress(let id, let tier, let days, let available):
            return (
                "request \(id) for the same rows is in progress (\(tier.rawValue), "
                    + "\(Amount.count(days, "day"))): ready at \(Instant.text(micros: available))",
                "meanwhile only a faster --tier may be asked for, with nothing else changed"
            )
        case .noExpedited(let table):
            return (
                "rows of \(table) lie in DEEP_ARCHIVE, which knows no expedited tier",
                "ask with --tier standard or bulk"
            )
        case .noAccount(let table):
            return (
                "\(table) has no account column",
                "name it in the lake's schemas/\(table).json: \"settings\": { \"account\": … }"
            )
        case .noSingleKey(let table):
            return (
                "\(table) has no single key column that a text or a number can name",
                "ask by --account, or by --from and --until"
            )
        case .noPack(let id, let table): return ("\(table) has no pack \(id)", nil)
        case .erased: return ("this account was erased: it cannot come back", nil)
        }
    }

    static func text(of error: ColumnarError) -> (message: String, hint: String?) {
        switch error {
        case .io(let operation, let path, let errorNumber):
            return ("\(operation) \(path): \(String(cString: strerror(errorNumber)))", nil)
        case .corrupt(let location, let reason): return ("\(location): \(reason)", nil)
        case .unsupported(let location, let feature):
            return ("\(location): \(feature) is not supported", nil)
        case .limit(let name, let value, let limit, let location):
            return (
                (location.map { "\($0): " } ?? "") + "\(name) is \(value), the limit is \(limit)",
                nil
            )
        case .memoryLimit(let requestedBytes, let limitBytes):
            return (
                "out of memory: \(requestedBytes) bytes more do not fit into the limit of \(limitBytes)",
                "raise --memory"
            )
        case .json(let reason, let position, let path):
            let place = [path, position.map { "\($0)" }].compactMap { $0 }
            return ((place + [reason]).joined(separator: ": "), nil)
        case .cancelled: return ("interrupted; nothing was changed", nil)
        }
    }
}

/// Runs a call of the lake and rethrows its error as the command's.
func lakeCall<T>(_ body: () throws(LakeError) -> T) throws(CommandError) -> T {
    do {
        return try body()
    } catch {
        let text = LakeErrorText.text(of: error)
        throw .user(text.message, hint: text.hint)
    }
}
