import Columnar
import Lake

/// `lake verify`: reads files again and says what is damaged, and where else it is.
enum VerifyCommand: Command {
    static let syntax = CommandSyntax(
        name: "verify",
        summary: "Read files again and find what has rotted: tables, cold tier, packs, lake.db",
        operands: "", maximumOperands: 0,
        options: [
            Option(
                "sample", value: "PERCENT",
                "Of each kind of file so many, oldest first (default: 2)"),
            Option("all", "Every file"),
            Option("table", value: "NAME", "Only the files of one table"),
            .json,
            .threads,
            .memory,
        ],
        discussion: """
            Reads from the disk, past the system's cache: Parquet of the tables (every page and checksum),
            Parquet and packs of the cold tier (SHA-256 of every byte, of every raw file), Iceberg metadata
            and manifests (checksums), lake.db (SQLite's check). Each run takes the files that were read
            longest ago, at least one of each kind, and remembers it: run nightly, it sees everything in
            turn. Damaged files are read again each time.
            Exit code 0: whole; 1: something is damaged of which no other copy is known; 3: what is damaged
            is elsewhere too, or the cold tier is not mounted.
            """,
        examples: ["lake verify", "lake verify --sample 10", "lake verify --all --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let path = try LakeLocation.require(arguments, surroundings)
        var options = Scrub.Options(
            nowMicros: surroundings.nowMicros(), seed: Clock.randomSeed())
        options.percent = try percent(arguments)
        options.table = arguments.value("table")
        options.workers = try surroundings.workers(arguments, command: syntax.name)
        options.errorText = { LakeErrorText.text(of: $0).message }
        options.isCancelled = { Interruption.isRequested }
        Interruption.install()
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        let report = try lakeCall { () throws(LakeError) in
            try Scrub.run(path, options: options, pool: pool)
        }
        let output = StandardOutput()
        output.write(arguments.has("json") ? json(report) : Array(text(report).utf8))
        output.flush()
        if report.isLost { return ExitCode.userError }
        return report.isWhole ? ExitCode.done : ExitCode.partial
    }

    private static func percent(_ arguments: Arguments) throws(CommandError) -> Double {
        guard let text = arguments.value("sample") else { return arguments.has("all") ? 100 : 2 }
        if arguments.has("all") {
            throw .usage("give either --sample or --all, not both", command: syntax.name)
        }
        let number = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let percent = Double(number), percent > 0, percent <= 100 else {
            throw .usage(
                "--sample '\(text)' is no percentage", command: syntax.name,
                hint: "a number above 0 and up to 100: --sample 5")
        }
        return percent
    }

    // MARK: Text

    private static func text(_ report: ScrubReport) -> String {
        var text = ""
        for finding in report.findings {
            text += "\(finding.damage.rawValue): \(finding.path): \(finding.what)\n"
            text += "  \(finding.remedy)\n"
        }
        if report.omittedFindings > 0 {
            text += "and \(Amount.count(report.omittedFindings)) more findings\n"
        }
        var grid = TextGrid(
            ["", "files", "read now", "size", "oldest unread since"], rightAligned: [1, 2, 3])
        for totals in report.totals {
            grid.append([
                totals.kind.rawValue, Amount.count(totals.files), Amount.count(totals.read),
                Amount.bytes(Int(totals.readBytes)), oldest(totals),
            ])
        }
        text += grid.text()
        if let reason = report.unrecorded { text += "not remembered: \(reason)\n" }
        return text + outlook(report) + verdict(report) + "\n"
    }

    private static func oldest(_ totals: ScrubReport.Totals) -> String {
        if totals.neverRead > 0 { return "\(Amount.count(totals.neverRead)) never read" }
        return totals.oldestMicros.map { Instant.text(micros: $0) } ?? ""
    }

    /// When all will have been seen.
    private static func outlook(_ report: ScrubReport) -> String {
        guard let runs = report.runsUntilAll else { return "" }
        return
            "each file will have been read once after \(Amount.count(runs, "more run")) like this\n"
    }

    private static func verdict(_ report: ScrubReport) -> String {
        if report.isWhole { return "whole" }
        let words: [ScrubReport.Damage] = [.lost, .recoverable, .unverified]
        return words.compactMap { damage in
            let count = report.findings.count { $0.damage == damage }
            return count > 0 ? "\(Amount.count(count)) \(damage.rawValue)" : nil
        }.joined(separator: ", ")
    }

    // MARK: JSON

    private static func json(_ report: ScrubReport) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("verdict")
        json.string(report.isLost ? "lost" : report.isWhole ? "whole" : "recoverable")
        json.objects("findings", report.findings) { json, finding in
            for (key, text) in [
                ("damage", finding.damage.rawValue), ("kind", finding.kind.rawValue),
                ("path", finding.path), ("what", finding.what), ("remedy", finding.remedy),
            ] {
                json.key(key)
                json.string(text)
            }
        }
        json.key("omitted_findings")
        json.integer(report.omittedFindings)
        json.key("percent")
        json.double(report.percent)
        json.key("kinds")
        json.beginObject()
        for totals in report.totals {
            json.key(totals.kind.rawValue)
            write(totals, &json)
        }
        json.endObject()
        json.key("runs_until_all_read")
        json.integer(report.runsUntilAll ?? 0)
        json.key("not_remembered")
        if let reason = report.unrecorded { json.string(reason) } else { json.null() }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ totals: ScrubReport.Totals, _ json: inout JSONWriter) {
        json.beginObject()
        for (key, number) in [
            ("files", Int64(totals.files)), ("read", Int64(totals.read)),
            ("read_bytes", totals.readBytes), ("never_read", Int64(totals.neverRead)),
        ] {
            json.key(key)
            json.integer(number)
        }
        json.key("oldest")
        if let micros = totals.oldestMicros {
            json.string(Instant.text(micros: micros))
        } else {
            json.null()
        }
        json.endObject()
    }
}
