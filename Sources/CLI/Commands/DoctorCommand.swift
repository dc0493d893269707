import Columnar
import Lake

/// `lake doctor`: examines a lake.
enum DoctorCommand: Command {
    static let syntax = CommandSyntax(
        name: "doctor",
        summary: "Examine the lake: database, tables, files, state; changes nothing",
        operands: "", maximumOperands: 0,
        options: [
            Option("full", "Also read every data file and hold the state against the rows"),
            .json,
            .threads,
            .memory,
        ],
        discussion: """
            Looks at lake.db (SQLite's own check, settings, remembered raw files), the raw folder's
            marker, schema files, killed runs, every table's metadata, manifests and files with their
            sizes, files that nothing names, and the disk. With --full every page of every file is
            verified, each key must be in its table once, and each row must be remembered with its raw
            file. Exit code 0: sound; 1: something is damaged; 3: only warnings.
            """,
        examples: ["lake doctor --lake posts-lake", "lake doctor --full --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let path = try LakeLocation.requireFolder(arguments, surroundings)
        var options = Doctor.Options(nowMicros: surroundings.nowMicros())
        options.isFull = arguments.has("full")
        options.workers = threads ?? Machine.cores()
        options.errorText = { LakeErrorText.text(of: $0).message }
        options.isCancelled = { Interruption.isRequested }
        Interruption.install()
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        let diagnosis = try lakeCall { () throws(LakeError) in
            try Doctor.examine(path, options: options, pool: pool)
        }
        let output = StandardOutput()
        output.write(arguments.has("json") ? json(diagnosis) : Array(text(diagnosis).utf8))
        output.flush()
        if diagnosis.isDamaged { return ExitCode.userError }
        return diagnosis.isClean ? ExitCode.done : ExitCode.partial
    }

    private static func text(_ diagnosis: Doctor.Diagnosis) -> String {
        var text = ""
        for finding in diagnosis.findings {
            text += "\(finding.severity.rawValue): \(finding.place): \(finding.what)\n"
            text += "  \(finding.advice)\n"
        }
        if diagnosis.omittedFindings > 0 {
            text += "and \(Amount.count(diagnosis.omittedFindings)) more findings\n"
        }
        let facts = diagnosis.facts
        text += "\(Amount.count(facts.tables, "table")), "
        text += "\(Amount.count(facts.snapshots, "snapshot")), "
        text += "\(Amount.count(facts.dataFiles, "data file")), "
        text += "\(Amount.count(Int(facts.rows), "row")), \(Amount.bytes(Int(facts.dataBytes)))\n"
        text += "\(Amount.count(facts.remembered, "raw file")) remembered: "
        text += "\(Amount.count(facts.withRow)) with a row, "
        text += "\(Amount.count(facts.quarantined)) quarantined, "
        text += "\(Amount.count(facts.vanished)) gone from the raw folder"
        text += facts.packed > 0 ? ", \(Amount.count(facts.packed)) packed\n" : "\n"
        if facts.coldFiles + facts.packs > 0 {
            text += "archived: \(Amount.count(Int(facts.coldRows), "row")) in "
            text += "\(Amount.count(facts.coldFiles, "file")), "
            text += "\(Amount.count(facts.packs, "pack")) of raw files, "
            text += "\(Amount.bytes(Int(facts.coldBytes)))\n"
        }
        if let writer = facts.writer { text += "at work: \(writer)\n" }
        return text + verdict(diagnosis) + "\n"
    }

    private static func verdict(_ diagnosis: Doctor.Diagnosis) -> String {
        let damages = diagnosis.findings.count { $0.severity == .damage }
        let warnings = diagnosis.findings.count - damages
        if damages > 0 {
            return
                "damaged: \(Amount.count(damages, "damage")), \(Amount.count(warnings, "warning"))"
        }
        return warnings > 0 ? "sound, but for \(Amount.count(warnings, "warning"))" : "sound"
    }

    private static func json(_ diagnosis: Doctor.Diagnosis) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("verdict")
        json.string(diagnosis.isDamaged ? "damaged" : diagnosis.isClean ? "sound" : "warnings")
        json.objects("findings", diagnosis.findings) { json, finding in
            for (key, text) in [
                ("severity", finding.severity.rawValue), ("place", finding.place),
                ("what", finding.what), ("advice", finding.advice),
            ] {
                json.key(key)
                json.string(text)
            }
        }
        let facts = diagnosis.facts
        for (key, number) in [
            ("omitted_findings", Int64(diagnosis.omittedFindings)), ("tables", Int64(facts.tables)),
            ("snapshots", Int64(facts.snapshots)), ("data_files", Int64(facts.dataFiles)),
            ("rows", facts.rows), ("data_bytes", facts.dataBytes),
            ("raw_remembered", Int64(facts.remembered)), ("raw_with_row", Int64(facts.withRow)),
            ("raw_quarantined", Int64(facts.quarantined)),
            ("raw_vanished", Int64(facts.vanished)), ("raw_packed", Int64(facts.packed)),
            ("cold_files", Int64(facts.coldFiles)), ("cold_rows", facts.coldRows),
            ("packs", Int64(facts.packs)), ("cold_bytes", facts.coldBytes),
            ("free_bytes", facts.freeBytes),
        ] {
            json.key(key)
            json.integer(number)
        }
        json.key("writer")
        if let writer = facts.writer { json.string(writer) } else { json.null() }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}
