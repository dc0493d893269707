import Columnar
import Lake

/// `lake erase`: forget an account everywhere, and prove it.
enum EraseCommand: Command {
    static let syntax = CommandSyntax(
        name: "erase", summary: "Forget an account everywhere, prove it, and keep it away",
        operands: "[list | show N]", maximumOperands: 2,
        options: [
            Option("account", value: "ID", "The account: a value of the tables' account columns"),
            Option("dry-run", "Say what would be erased, and change nothing"),
            Option("resume", "Go on with the erasures that were ended by a crash or an error"),
            Option("force", "Suppress an account that the lake knows nothing of, too"),
            Option("json", "Print the receipt as JSON"),
            .wait,
            .threads,
            .memory,
        ],
        discussion: """
            At once no query shows the account's rows any more, and no run takes its raw files. Then its
            raw files are unlinked, and every Parquet file that holds rows of it is written anew without
            them: partitions, metrics, restored copies and archived files. Older snapshots of those
            tables expire at once and their files are deleted without the usual day of grace, so a query that
            is reading one meanwhile may fail. What the state, the quarantine and the reports of runs say of
            the account goes too.

            An account's rows are those with its id in the account column ("account" in the settings of
            schema files). Of a table without one: rows whose raw path has the id in a capture that is
            another table's account column, and rows that refer to an erased row by a references check.

            A proof follows: the id is looked for in every byte of the lake, the cold tier and the raw folder,
            as stored and decoded. The id only, not the names of its owner. Where others' data holds it, or
            something could not be removed (a raw file with records of others), it is listed and the exit
            code is 3. The receipt has a confirmation code and nothing of the account. What stays is a salted
            SHA-256 of the id, in lake.db and in suppressions.json, which survives lake rebuild: by it runs
            leave out what the API client writes of the account again, and restores refuse it.

            A legal hold on the account, on a row of it or on days that it has rows of forbids all that. An
            erasure that was ended by a crash or an error stays begun and the account hidden: lake compact
            says so, lake erase --resume goes on. The list and a receipt: lake erase list, lake erase show 1.
            """,
        examples: [
            "lake erase --account 17841400000000000 --dry-run",
            "lake erase --account 17841400000000000 --json > receipt.json", "lake erase --resume",
            "lake erase show 1",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let output = StandardOutput()
        defer { output.flush() }
        if let word = arguments.operands.first {
            return try show(word, arguments, surroundings, output)
        }
        let options = try options(arguments, surroundings)
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        let path = try LakeLocation.require(arguments, surroundings)
        let lake = try lakeCall { () throws(LakeError) in try Lake.open(at: path) }
        Interruption.install()
        if arguments.has("resume") {
            guard arguments.value("account") == nil, !arguments.has("dry-run") else {
                throw .usage(
                    "--resume goes on with what was asked: give it alone", command: syntax.name)
            }
            return try resume(lake, arguments, surroundings, options, pool, output)
        }
        guard let account = arguments.value("account") else {
            throw .usage("which account? give --account ID", command: syntax.name)
        }
        guard !account.isEmpty, account.utf8.count <= 512 else {
            throw .usage("an account's id has 1 to 512 bytes", command: syntax.name)
        }
        if arguments.has("dry-run") {
            let preview = try lakeCall { () throws(LakeError) in
                try lake.previewErasure(
                    of: account, identity: identity(surroundings), options: options, pool: pool)
            }
            output.write(arguments.has("json") ? json(preview) : Array(text(preview).utf8))
            return ExitCode.done
        }
        return try erase(account, lake, arguments, surroundings, options, pool, output)
    }

    private static func identity(_ surroundings: Surroundings) -> RunIdentity {
        RunIdentity(startedMicros: surroundings.nowMicros(), seed: Clock.randomSeed())
    }

    private static func options(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> ErasureOptions {
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let wait = try arguments.integer("wait", minimum: 0, command: syntax.name)
        var options = ErasureOptions(workers: threads ?? Machine.cores())
        options.isForced = arguments.has("force")
        options.lock.note =
            "lake erase, since \(Instant.text(micros: surroundings.nowMicros()))"
        options.lock.waitMilliseconds =
            arguments.has("wait") ? nil : (wait ?? 0).multipliedReportingOverflow(by: 1_000).0
        options.lock.isCancelled = { Interruption.isRequested }
        options.isCancelled = { Interruption.isRequested }
        options.errorText = { LakeErrorText.text(of: $0).message }
        return options
    }

    private static func erase(
        _ account: String, _ lake: Lake, _ arguments: Arguments, _ surroundings: Surroundings,
        _ options: ErasureOptions, _ pool: BufferPool, _ output: StandardOutput
    ) throws(CommandError) -> Int32 {
        let receipt = try lakeCall { () throws(LakeError) in
            try lake.erase(
                account: account, identity: identity(surroundings), options: options, pool: pool)
        }
        output.write(
            arguments.has("json")
                ? receipt.json() + [UInt8(ascii: "\n")] : Array(ErasureText.text(receipt).utf8))
        return receipt.isPartial ? ExitCode.partial : ExitCode.done
    }

    private static func resume(
        _ lake: Lake, _ arguments: Arguments, _ surroundings: Surroundings,
        _ options: ErasureOptions, _ pool: BufferPool, _ output: StandardOutput
    ) throws(CommandError) -> Int32 {
        let unfinished = try lakeCall { () throws(LakeError) in try lake.unfinishedErasures() }
        if unfinished.isEmpty { output.write("no erasure is unfinished\n") }
        var exitCode = ExitCode.done
        for erasure in unfinished {
            guard let account = erasure.account else {
                output.write(
                    "erasure \(erasure.code): only its proof is left, and the id is forgotten "
                        + "already; give it once more: lake erase --account ID\n")
                exitCode = ExitCode.partial
                continue
            }
            let code = try erase(
                account, lake, arguments, surroundings, options, pool, output)
            if code != ExitCode.done { exitCode = code }
        }
        return exitCode
    }

    /// Says on standard error that erasures wait to be gone on with: other runs do not do that by themselves.
    static func warnOfUnfinished(_ arguments: Arguments, _ surroundings: Surroundings) {
        guard let lake = try? LakeLocation.open(arguments, surroundings),
            let unfinished = try? lake.unfinishedErasures(), !unfinished.isEmpty
        else { return }
        ErrorPrinter(terminal: surroundings.terminal).warn(
            "\(Amount.count(unfinished.count, "erasure")) unfinished: lake erase --resume")
    }

    // MARK: Receipts

    private static func show(
        _ word: String, _ arguments: Arguments, _ surroundings: Surroundings,
        _ output: StandardOutput
    ) throws(CommandError) -> Int32 {
        let lake = try LakeLocation.open(arguments, surroundings)
        let erasures = try lakeCall { () throws(LakeError) in try lake.erasures() }
        switch word {
        case "list":
            output.write(
                arguments.has("json")
                    ? ErasureText.json(erasures) : Array(ErasureText.text(erasures).utf8))
            return ExitCode.done
        case "show":
            guard arguments.operands.count == 2, let number = Int64(arguments.operands[1]) else {
                throw .usage("which erasure? give its number", command: syntax.name)
            }
            guard let erasure = erasures.first(where: { $0.id == number }) else {
                throw .user("there is no erasure \(number)", hint: "see: lake erase list")
            }
            output.write(
                arguments.has("json")
                    ? ErasureText.json([erasure]) : Array(ErasureText.text(erasure).utf8))
            return ExitCode.done
        default:
            throw .usage("unexpected argument '\(word)'", command: syntax.name)
        }
    }

    private static func text(_ preview: ErasurePreview) -> String {
        let rows = preview.rows.sorted { $0.key < $1.key }
        var text = rows.isEmpty ? "no rows\n" : ""
        for (table, count) in rows { text += "\(table): \(Amount.count(count, "row"))\n" }
        text += "\(Amount.count(preview.dataFiles, "data file")) and "
        text += "\(Amount.count(preview.archivedFiles, "archived file")) to write anew, "
        text += "\(Amount.count(preview.rawFiles, "raw file")) to remove\n"
        return text + "dry run, nothing was changed\n"
    }

    private static func json(_ preview: ErasurePreview) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("dry_run")
        json.boolean(true)
        json.key("rows")
        json.beginObject()
        for (table, count) in preview.rows.sorted(by: { $0.key < $1.key }) {
            json.key(table)
            json.integer(count)
        }
        json.endObject()
        for (key, count) in [
            ("data_files", preview.dataFiles), ("archived_files", preview.archivedFiles),
            ("raw_files", preview.rawFiles),
        ] {
            json.key(key)
            json.integer(count)
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}
