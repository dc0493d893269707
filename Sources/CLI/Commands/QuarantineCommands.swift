import Columnar
import Lake

/// `lake quarantine …`: raw files that could not be taken.
enum QuarantineCommands {
    static let group = CommandGroup(
        name: "quarantine", summary: "List, show and retry raw files that could not be taken",
        commands: [
            QuarantineListCommand.self, QuarantineShowCommand.self, QuarantineRetryCommand.self,
        ],
        examples: [
            "lake quarantine list", "lake quarantine show instagram_graph/posts/1/2.json",
            "lake quarantine retry --all",
        ])

    static let table = Option("table", value: "NAME", "Only files of this table")

    /// The quarantined files of the table that `--table` names, or of all.
    static func records(
        _ arguments: Arguments, _ lake: Lake
    ) throws(CommandError) -> [Quarantine.Record] {
        let name = arguments.value("table")
        let records = try lakeCall { () throws(LakeError) in try lake.quarantined(table: name) }
        if let name, records.isEmpty {
            let names = try lakeCall { () throws(LakeError) in
                try lake.definitions().map(\.name)
            }
            guard names.contains(name) else {
                throw .user("no schema file describes a table '\(name)'", hint: "see: lake tables")
            }
        }
        return records
    }

    /// The record of a path, which may be absolute or end in the middle of nowhere.
    static func record(
        _ path: String, _ records: [Quarantine.Record], rawRoot: String?
    ) throws(CommandError) -> [Quarantine.Record] {
        var relative = path
        if let rawRoot, path.hasPrefix(rawRoot + "/") {
            relative = String(path.dropFirst(rawRoot.utf8.count + 1))
        }
        let found = records.filter { $0.file.path == relative }
        guard found.isEmpty else { return found }
        throw .user(
            "\(path) is not in the quarantine",
            hint: "paths are relative to the raw folder; see: lake quarantine list")
    }
}

/// `lake quarantine list`: path, reason, since when.
enum QuarantineListCommand: Command {
    static let syntax = CommandSyntax(
        name: "quarantine list", summary: "List quarantined files with the reason",
        operands: "", maximumOperands: 0,
        options: [QuarantineCommands.table, .json],
        discussion: """
            A quarantined file's last good row stays in its table. The file leaves the list when a run
            can take it, or finds it gone.
            """,
        examples: ["lake quarantine list --table posts", "lake quarantine list --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let lake = try LakeLocation.open(arguments, surroundings)
        let records = try QuarantineCommands.records(arguments, lake)
        let output = StandardOutput()
        defer { output.flush() }
        if arguments.has("json") {
            for record in records { output.write(json(record)) }
            return ExitCode.done
        }
        for record in records {
            output.write(
                "\(PrintedName.of(record.file.path))\n  \(record.table): \(record.file.reason)\n")
            output.write(
                "  first \(Instant.text(micros: record.firstSeenMicros)), "
                    + "last \(Instant.text(micros: record.lastSeenMicros))\n")
        }
        output.write(Amount.count(records.count, "quarantined file") + "\n")
        return ExitCode.done
    }

    /// One line a file: NDJSON.
    private static func json(_ record: Quarantine.Record) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        for (key, text) in [
            ("table", record.table), ("path", record.file.path), ("reason", record.file.reason),
            ("first_seen", Instant.text(micros: record.firstSeenMicros)),
            ("last_seen", Instant.text(micros: record.lastSeenMicros)),
        ] {
            json.key(key)
            json.string(text)
        }
        json.key("size_bytes")
        json.integer(record.file.sizeBytes)
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}

/// `lake quarantine show PATH`: the reason, and the place in the file.
enum QuarantineShowCommand: Command {
    static let syntax = CommandSyntax(
        name: "quarantine show", summary: "Show why a file was quarantined, and where in it",
        operands: "PATH", maximumOperands: 1, options: [],
        discussion: "PATH is relative to the raw folder, as the list prints it, or absolute.",
        examples: ["lake quarantine show instagram_graph/posts/1/2.json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        guard let path = arguments.operands.first else {
            throw .usage("no path given", command: syntax.name)
        }
        let lake = try LakeLocation.open(arguments, surroundings)
        let raw = try lakeCall { () throws(LakeError) in try lake.rawRoot() }
        let all = try lakeCall { () throws(LakeError) in try lake.quarantined() }
        let records = try QuarantineCommands.record(path, all, rawRoot: raw)
        let output = StandardOutput()
        defer { output.flush() }
        for record in records {
            output.write("path    \(PrintedName.of(record.file.path))\n")
            output.write("table   \(record.table)\n")
            output.write("reason  \(record.file.reason)\n")
            output.write("first   \(Instant.text(micros: record.firstSeenMicros))\n")
            output.write("last    \(Instant.text(micros: record.lastSeenMicros))\n")
        }
        guard let record = records.first else { return ExitCode.done }
        let content = try lakeCall { () throws(LakeError) in
            try lake.content(ofQuarantined: record.file.path, pool: BufferPool())
        }
        output.write(text(content, record))
        return ExitCode.done
    }

    private static func text(
        _ content: QuarantinedContent, _ record: Quarantine.Record
    ) -> String {
        switch content {
        case .gone: return "file    gone; the next run takes it off the list\n"
        case .unreadable(let reason): return "file    cannot be shown: \(reason)\n"
        case .bytes(let bytes, let stat), .decoded(let bytes, let stat):
            let isChanged =
                stat.sizeBytes != record.file.sizeBytes
                || stat.modifiedNanos != record.file.modifiedNanos
            let modified = Instant.text(millis: stat.modifiedNanos / 1_000_000)
            var text = "file    \(Amount.bytes(Int(stat.sizeBytes))), modified \(modified)"
            text += isChanged ? "; changed since, the next run reads it again\n\n" : "\n\n"
            return text + FileExcerpt(bytes, at: TextPlace.of(record.file.reason)).text()
        }
    }
}

/// `lake quarantine retry`: read quarantined files again, now.
enum QuarantineRetryCommand: Command {
    static let syntax = CommandSyntax(
        name: "quarantine retry", summary: "Read quarantined files again and compact them, now",
        operands: "[PATH]...", maximumOperands: .max,
        options: [
            Option("all", "All quarantined files"), QuarantineCommands.table,
            Option("json", "Print the run's report as JSON"),
            .wait,
        ],
        discussion: """
            For files whose schema file was mended: their bytes are the same, so a usual run would not
            look at them again. This is a run over these files only; it commits and is listed like
            any other. Exit code 3: some are still quarantined.
            """,
        examples: ["lake quarantine retry --all", "lake quarantine retry --table posts"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let records = try chosen(arguments, surroundings)
        let output = StandardOutput()
        if records.isEmpty {
            output.write("nothing is quarantined\n")
            output.flush()
            return ExitCode.done
        }
        let identity = RunIdentity(
            startedMicros: surroundings.nowMicros(), seed: Clock.randomSeed())
        let path = try LakeLocation.require(arguments, surroundings)
        let wait = try arguments.integer("wait", minimum: 0, command: syntax.name)
        var options = CompactionOptions(
            workers: Machine.cores(), nanos: { Clock.monotonicNanos() })
        options.errorText = { LakeErrorText.text(of: $0).message }
        options.lock.note =
            "lake quarantine retry, since \(Instant.text(micros: identity.startedMicros))"
        options.lock.waitMilliseconds =
            arguments.has("wait") ? nil : (wait ?? 0).multipliedReportingOverflow(by: 1_000).0
        options.lock.isCancelled = { Interruption.isRequested }
        Interruption.install()
        let progress = CompactionProgressBar(terminal: surroundings.terminal)
        options.progress = progress
        let (lock, started) = (options.lock, options)
        let report: RunReport
        do {
            defer { progress.clear() }
            report = try lakeCall { () throws(LakeError) in
                let lake = try Lake.open(at: path)
                try lake.forgetContents(of: records, lock: lock)
                var options = started
                var changed = ChangedPaths(root: try lake.rawRoot() ?? path)
                for record in records { try changed.append(path: Array(record.file.path.utf8)) }
                changed.finish()
                options.changed = changed
                return try lake.compact(
                    identity: identity, options: options,
                    pool: BufferPool(
                        budget: MemoryBudget(limitBytes: (Machine.memoryMiB() / 2) << 20)))
            }
        }
        output.write(
            arguments.has("json")
                ? report.json() + [UInt8(ascii: "\n")] : Array(RunReportText.text(report).utf8))
        output.flush()
        return report.isPartial ? ExitCode.partial : ExitCode.done
    }

    private static func chosen(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> [Quarantine.Record] {
        let lake = try LakeLocation.open(arguments, surroundings)
        let raw = try lakeCall { () throws(LakeError) in try lake.rawRoot() }
        let records = try QuarantineCommands.records(arguments, lake)
        if arguments.operands.isEmpty {
            guard arguments.has("all") || arguments.value("table") != nil else {
                throw .usage(
                    "which files? give paths, --table NAME or --all", command: syntax.name)
            }
            return records
        }
        var chosen: [Quarantine.Record] = []
        for path in arguments.operands {
            chosen += try QuarantineCommands.record(path, records, rawRoot: raw)
        }
        return chosen
    }
}
