import Lake

/// A compaction's report for people: some lines a table, long lists cut.
enum RunReportText {
    /// Files that are named of each kind; the rest is counted.
    private static let namedFiles = 10

    static func text(_ report: RunReport) -> String {
        if report.isDryRun { return dryRun(report) }
        var text = ""
        for table in report.tables { text += self.text(table) }
        let ignored = report.ignoredPaths
        if ignored.count > 0 {
            text += "\(Amount.count(ignored.count, "listed path")) "
            text += "\(ignored.count == 1 ? "is no raw file" : "are no raw files") of any table\n"
            text += ignored.examples.map { "  ignored \($0)\n" }.joined()
        }
        let files = report.files
        text += "run \(report.runID): \(Amount.count(files.seen, "file")), "
        text += "\(Amount.count(files.read)) read, in \(Amount.duration(nanos: report.totalNanos)) "
        let stages = [
            ("scan", report.timings.scanNanos), ("plan", report.timings.planNanos),
            ("rewrite", report.timings.rewriteNanos), ("prepare", report.timings.prepareNanos),
            ("commit", report.commitNanos),
        ].map { "\($0.0) \(Amount.duration(nanos: $0.1))" }
        return text + "(\(stages.joined(separator: ", ")))\n"
    }

    /// What a run would do.
    private static func dryRun(_ report: RunReport) -> String {
        var text = ""
        for table in report.tables {
            text += files(table.name, table.files)
            text += "  \(Amount.count(table.rowsWritten, "row")) to write into "
            text += "\(Amount.count(table.partitionsRewritten, "partition"))"
            text += table.planned.isEmpty ? "\n" : ":\n"
            let lines = table.planned.map { partition in
                if partition.isArchived {
                    return "  \(partition.name) is archived: "
                        + "\(Amount.count(partition.rowsStaged)) to keep as an amendment"
                }
                return "  \(partition.name.isEmpty ? "the whole table" : partition.name): "
                    + "\(Amount.count(partition.rowsStaged)) to write, has "
                    + "\(Amount.count(partition.rows, "row")) in "
                    + "\(Amount.count(partition.files, "file")) (\(Amount.bytes(partition.bytes)))"
            }
            text += cut(lines, more: 0, "lake compact --dry-run --json")
            text += findings(table)
        }
        let files = report.files
        text += "dry run, nothing was changed: \(Amount.count(files.seen, "file")), "
        text += "\(Amount.count(files.read)) read, in "
        return text + "\(Amount.duration(nanos: report.totalNanos))\n"
    }

    /// `posts: 12 raw files: 2 new, 10 untouched`.
    static func files(_ name: String, _ files: FileCounts) -> String {
        let parts = [
            (files.new, "new"), (files.changed, "changed"),
            (files.unchangedByRow, "rewritten with the same row"),
            (files.unchangedByHash, "touched with the same bytes"),
            (files.unchangedByStat, "untouched"), (files.quarantined, "quarantined"),
            (files.inFlight, "still being written"), (files.unreadable, "unreadable"),
            (files.suppressed, "of erased accounts"),
        ].filter { $0.0 > 0 }.map { "\(Amount.count($0.0)) \($0.1)" }
        let counts = parts.isEmpty ? "" : ": \(parts.joined(separator: ", "))"
        return "\(name): \(Amount.count(files.seen, "raw file"))\(counts)\n"
    }

    private static func text(_ table: RunReport.Table) -> String {
        var text = files(table.name, table.files)
        text += "  \(Amount.count(table.rowsWritten, "row")) written into "
        text += "\(Amount.count(table.partitionsRewritten, "partition")) "
        text += "(\(Amount.bytes(table.bytesWritten))); "
        text += "the table has \(Amount.count(Int(table.rowsTotal), "row"))\n"
        if !table.newColumns.isEmpty {
            text += "  new in the table: \(table.newColumns.joined(separator: ", ")); "
            text += "rows from before have their values in _extra, if any: lake compact --fill\n"
        }
        if table.rowsFilled > 0 {
            text += "  \(Amount.count(table.rowsFilled, "row")) filled from _extra\n"
        }
        if table.rowsAmended > 0 {
            text += "  \(Amount.count(table.rowsAmended, "row")) of archived partitions kept as "
            text += "amendments: lake restore \(table.name) shows them\n"
        }
        if table.rowsObserved > 0 {
            text += "  \(Amount.count(table.rowsObserved, "row")) of counters appended to "
            text += "\(TableDefinition.metricsName(of: table.name))\n"
        }
        if table.recordsSuppressed > 0 {
            text +=
                "  \(Amount.count(table.recordsSuppressed, "record")) of erased accounts left out\n"
        }
        let files = table.files
        if files.vanished > 0 {
            text += "  \(Amount.count(files.vanished, "raw file")) gone since the last run; "
            text +=
                files.deleted > 0
                ? "\(Amount.count(files.deleted, "row")) left the table\n"
                : "the rows stay\n"
        }
        if files.auditChanged > 0 {
            text += "  the audit read \(Amount.count(files.audited, "untouched file")): "
            text += "\(Amount.count(files.auditChanged)) had changed all the same\n"
        }
        return text + findings(table)
    }

    /// What did not fit, and what was left out.
    private static func findings(_ table: RunReport.Table) -> String {
        var text = ""
        for check in table.checks where check.status == .violated || check.status == .impossible {
            text += "  check \(check.name), \(check.onFailure): \(CheckText.finding(check))\n"
        }
        for drift in table.drift {
            text += "  \(Amount.count(drift.count, "value")) did not fit column "
            text += "\(drift.column) and went to _extra\n"
        }
        text += cut(
            table.quarantined.map { "quarantined \(PrintedName.of($0.path)): \($0.reason)" },
            more: table.omittedQuarantined, "lake quarantine list")
        text += cut(
            table.unreadable.map {
                "unreadable \(PrintedName.of($0.path)): \(SystemError.text($0.errorNumber))"
            }, more: table.omittedUnreadable, nil)
        return text
    }

    /// The first lines, the number of the others, and the command that shows them.
    static func cut(_ lines: [String], more: Int, _ command: String?) -> String {
        var text = lines.prefix(namedFiles).map { "  \($0)\n" }.joined()
        let rest = lines.count + more - min(lines.count, namedFiles)
        if rest > 0 {
            text += "  and \(Amount.count(rest)) more"
            text += (command.map { ", all in: \($0)" } ?? "") + "\n"
        }
        return text
    }
}
