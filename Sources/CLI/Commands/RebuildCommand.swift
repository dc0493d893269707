import Columnar
import Lake

/// `lake rebuild`: a new lake.db from the tables and their rows.
enum RebuildCommand: Command {
    static let syntax = CommandSyntax(
        name: "rebuild", summary: "Make lake.db anew from the tables, when it is lost or damaged",
        operands: "", maximumOperands: 0,
        options: [
            Option("raw", value: "PATH", "The raw folder (default: what the old lake.db says)"),
            Option("force", "Also if lake.db is sound: adopt and remember everything anew"),
            Option(
                "wait", value: "SECONDS", isValueOptional: true,
                "Wait for a run to end, at most so long (default: for ever)"),
            .threads,
            .memory,
        ],
        discussion: """
            The old lake.db is set aside, never deleted. Each table below DIR/tables is adopted from its newest
            metadata whose files are all there; a sweep that was killed does not count. What must be known of
            each raw file (its row, its partition) is taken from the rows, so the next lake compact reads every
            raw file once, finds the rows that it knows, and writes nothing but what changed meanwhile. Lost are
            the history of runs and the list of the quarantine, which the next run makes anew. A table that
            cannot be adopted stays as it is on disk, and the next run makes it anew from the raw files. What is
            archived is known from DIR/catalog, or the cold tier's, which must be mounted. Lost is also which
            archived rows were replaced by a row that has expired since, or followed a deleted raw file: lake restore
            brings those back too. Exit code 3: something was not adopted.
            """,
        examples: [
            "lake rebuild --lake posts-lake", "lake rebuild --lake posts-lake --raw /data/raw",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let wait = try arguments.integer("wait", minimum: 0, command: syntax.name)
        let path = try LakeLocation.requireFolder(arguments, surroundings)
        let now = surroundings.nowMicros()
        var options = LakeRebuild.Options(seed: Clock.randomSeed(), nowMicros: now)
        options.rawPath = arguments.value("raw").map { LakeLocation.absolute($0, surroundings) }
        options.isForced = arguments.has("force")
        options.workers = threads ?? Machine.cores()
        options.lock.note = "lake rebuild, since \(Instant.text(micros: now))"
        options.lock.waitMilliseconds =
            arguments.has("wait") ? nil : (wait ?? 0).multipliedReportingOverflow(by: 1_000).0
        options.lock.isCancelled = { Interruption.isRequested }
        options.errorText = { LakeErrorText.text(of: $0).message }
        options.isCancelled = { Interruption.isRequested }
        Interruption.install()
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        let report: RebuildReport
        do throws(LakeError) {
            report = try LakeRebuild.run(lake: path, options: options, pool: pool)
        } catch {
            let text = LakeErrorText.text(of: error)
            var hint = text.hint
            if case .invalidLocation(let place, _) = error {
                hint =
                    place == path
                    ? "name the raw folder: --raw PATH"
                    : place.hasSuffix("lake.db")
                        ? "lake rebuild --force does it all the same" : hint
            }
            throw .user(text.message, hint: hint)
        }
        let output = StandardOutput()
        output.write(text(report, path))
        output.flush()
        let isWhole =
            report.skipped.isEmpty && report.archive?.missing.isEmpty != false
            && report.archive?.folder == nil
            && report.tables.allSatisfy { $0.erasedRows == 0 }
        return isWhole ? ExitCode.done : ExitCode.partial
    }

    private static func text(_ report: RebuildReport, _ path: String) -> String {
        var text = ""
        for table in report.tables {
            text += "\(table.name): adopted, \(Amount.count(table.rows, "row")) in "
            text += "\(Amount.count(table.files, "file"))"
            if let rawFiles = table.rawFiles {
                text += ", \(Amount.count(rawFiles, "raw file")) remembered"
            }
            text += "\n"
            if table.erasedRows > 0 {
                let rows = Amount.count(table.erasedRows, "row")
                text += "\(table.name): \(rows) of erased accounts came back: erase them again\n"
            }
        }
        if let archive = report.archive {
            if archive.files + archive.packs > 0 || archive.folder == nil {
                text += "archive: adopted, \(Amount.count(Int(archive.rows), "row")) in "
                text += "\(Amount.count(archive.files, "file")), "
                text += "\(Amount.count(archive.packs, "pack"))\n"
            }
            if let folder = archive.folder {
                text += "archive: not adopted: \(folder) holds "
                text += "\(Amount.count(archive.unnamed, "file")) that no catalog names\n"
            }
            for path in archive.missing {
                text += "archive: not adopted: \(path) is missing or cut\n"
            }
        }
        for table in report.skipped {
            text += "\(table.name): not adopted: \(table.reason)\n"
        }
        if report.retired > 0 {
            text +=
                "\(Amount.count(report.retired, "file")) of older states will be removed in a day\n"
        }
        text += "made \(path)/lake.db"
        text += (report.setAside.map { "; the old one is \($0)" } ?? "") + "\n"
        return report.rawRoot == nil
            ? text : text + "next: lake compact --lake \(PrintedName.word(path))\n"
    }
}
