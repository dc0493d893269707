import Columnar
import Lake

/// `lake runs`: what past runs did: compactions, sweeps and what else writes.
enum RunsCommand: Command {
    static let syntax = CommandSyntax(
        name: "runs", summary: "List past runs, or show one run's report",
        operands: "[N | show RUN]", maximumOperands: 2,
        options: [.json],
        discussion: """
            Shows the last N runs (default 20), newest first. A run is done, partial (some input was
            quarantined, still being written or unreadable), failed (with its error), crashed (killed:
            nothing changed, the next run cleaned up) or running.
            """,
        examples: ["lake runs", "lake runs 5 --json", "lake runs show 42"])

    private static let defaultCount = 20

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let number = try number(arguments)
        let lake = try LakeLocation.open(arguments, surroundings)
        let output = StandardOutput()
        defer { output.flush() }
        if arguments.operands.first == "show" {
            let entry = try lakeCall { () throws(LakeError) in try lake.run(id: Int64(number)) }
            guard let entry else {
                throw .user("there is no run \(number)", hint: "see: lake runs")
            }
            output.write(arguments.has("json") ? json(entry) + newline : Array(text(entry).utf8))
            return ExitCode.done
        }
        let entries = try lakeCall { () throws(LakeError) in try lake.runs(number) }
        output.write(arguments.has("json") ? json(entries) : Array(text(entries).utf8))
        return ExitCode.done
    }

    /// How many runs to list, or which one to show.
    private static func number(_ arguments: Arguments) throws(CommandError) -> Int {
        let words = arguments.operands
        let isShow = words.first == "show"
        guard let word = isShow ? words.dropFirst().first : words.first else {
            if isShow { throw .usage("which run? give its number", command: syntax.name) }
            return defaultCount
        }
        if !isShow, words.count > 1 {
            throw .usage("unexpected argument '\(words[1])'", command: syntax.name)
        }
        guard let number = Int(word), number > 0 else {
            throw .usage("'\(word)' is no number of a run", command: syntax.name)
        }
        return number
    }

    private static func text(_ entries: [RunEntry]) -> String {
        var grid = TextGrid(
            [
                "run", "", "began", "", "files", "changed", "rows", "partitions", "size", "time",
                "",
            ],
            rightAligned: [0, 4, 5, 6, 7, 8, 9])
        for entry in entries {
            var cells = ["\(entry.id)", entry.kind.rawValue]
            cells.append(Instant.text(micros: entry.startedMicros))
            cells.append(entry.outcome.rawValue)
            if let totals = entry.totals {
                cells += [
                    totals.files, totals.changed, totals.rowsWritten, totals.partitionsRewritten,
                ].map { Amount.count($0) }
                cells.append(Amount.bytes(totals.bytesWritten))
            } else {
                cells += Array(repeating: "", count: 5)
            }
            cells.append(elapsed(entry) ?? "")
            let error = entry.error?.split(separator: "\n").first
            grid.append(cells + [error.map(String.init) ?? ""])
        }
        return entries.isEmpty ? "no runs yet\n" : grid.text()
    }

    private static func elapsed(_ entry: RunEntry) -> String? {
        entry.elapsedMicros.map {
            Amount.duration(nanos: UInt64(clamping: $0).multipliedReportingOverflow(by: 1_000).0)
        }
    }

    private static func text(_ entry: RunEntry) -> String {
        var text = "run \(entry.id), \(entry.kind.rawValue), \(entry.outcome.rawValue), began "
        text += Instant.text(micros: entry.startedMicros) + "\n"
        if let report = entry.report.flatMap({ SweepReport(json: $0) }) {
            return text + SweepReportText.text(report)
        }
        if let report = entry.report.flatMap({ RestoreReport(json: $0) }) {
            return text + String(decoding: RestoreText.text(report), as: UTF8.self)
        }
        if let report = entry.report.flatMap({ RunReport(json: $0) }) {
            return text + RunReportText.text(report)
        }
        if let error = entry.error {
            text += "error: \(error)\n"
            if let elapsed = elapsed(entry) { text += "it ended after \(elapsed)\n" }
        } else if entry.outcome == .crashed {
            text += "it was killed before its end; nothing changed\n"
        }
        return text
    }

    private static let newline = [UInt8(ascii: "\n")]

    private static func json(_ entries: [RunEntry]) -> [UInt8] {
        let lines = entries.map(json)
        return [UInt8(ascii: "[")] + Array(lines.joined(separator: Array(",\n".utf8)))
            + Array("]\n".utf8)
    }

    private static func json(_ entry: RunEntry) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("run")
        json.integer(entry.id)
        json.key("kind")
        json.string(entry.kind.rawValue)
        json.key("outcome")
        json.string(entry.outcome.rawValue)
        json.key("began")
        json.string(Instant.text(micros: entry.startedMicros))
        json.key("elapsed_micros")
        if let micros = entry.elapsedMicros { json.integer(micros) } else { json.null() }
        json.key("error")
        if let error = entry.error { json.string(error) } else { json.null() }
        json.key("report")
        if let report = entry.report { json.raw(Array(report.utf8)) } else { json.null() }
        json.endObject()
        return json.bytes
    }
}
