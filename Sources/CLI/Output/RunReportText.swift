import Lake

/// A compaction's report for people.
enum RunReportText {
    static func text(_ report: RunReport) -> String {
        var text = ""
        for table in report.tables {
            let files = table.files
            text += "\(table.name): \(Amount.count(files.seen, "raw file"))"
            let parts = [
                (files.new, "new"), (files.changed, "changed"),
                (files.unchangedByRow, "rewritten with the same row"),
                (files.unchangedByHash, "touched with the same bytes"),
                (files.unchangedByStat, "untouched"), (files.quarantined, "quarantined"),
                (files.inFlight, "still being written"), (files.unreadable, "unreadable"),
            ].filter { $0.0 > 0 }.map { "\(Amount.count($0.0)) \($0.1)" }
            text += parts.isEmpty ? "\n" : ": \(parts.joined(separator: ", "))\n"
            text += "  \(Amount.count(table.rowsWritten, "row")) written into "
            text += "\(Amount.count(table.partitionsRewritten, "partition")) "
            text += "(\(Amount.bytes(table.bytesWritten))); "
            text += "the table has \(Amount.count(Int(table.rowsTotal), "row"))\n"
            for drift in table.drift {
                text += "  \(Amount.count(drift.count, "value")) did not fit column "
                text += "\(drift.column) and went to _extra\n"
            }
            for file in table.quarantined {
                text += "  quarantined \(file.path): \(file.reason)\n"
            }
            for place in table.unreadable {
                text += "  unreadable \(place.path): errno \(place.errorNumber)\n"
            }
        }
        let files = report.files
        text += "run \(report.runID): \(Amount.count(files.seen, "file")) in "
        text += "\(Amount.duration(nanos: report.totalNanos)), "
        text += "\(Amount.count(files.read)) read\n"
        return text
    }
}
