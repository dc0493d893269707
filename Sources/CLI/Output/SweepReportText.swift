import Lake

/// A sweep's report, or its plan, for people.
enum SweepReportText {
    /// - lakeOption: `--lake` as it was given, for the command that does a plan.
    static func text(_ report: SweepReport, lakeOption: String? = nil) -> String {
        var text = ""
        for table in report.tables { text += self.text(table, isPlan: report.isDryRun) }
        let time = Amount.duration(nanos: report.totalNanos)
        guard !report.isDryRun else {
            text += "plan \(report.planID), made in \(time); nothing was changed\n"
            let lake = lakeOption.map { " --lake " + PrintedName.word($0) } ?? ""
            return text + "do exactly this: lake sweep --plan \(report.planID)\(lake)\n"
        }
        let bytes = report.tables.reduce(0) { $0 + $1.bytesWritten }
        let sources = report.packedSources
        if sources.removed > 0 {
            text += "\(Amount.count(sources.removed, "packed file")) "
            text += "(\(Amount.bytes(Int(clamping: sources.removedBytes)))) left the raw folder\n"
        }
        if sources.kept > 0 {
            text += "\(Amount.count(sources.kept, "packed file")) changed meanwhile and stayed: "
            text += "lake compact takes them\n"
        }
        if sources.refused > 0 {
            text += "\(Amount.count(sources.refused, "packed file")) could not be removed from the "
            text += "raw folder: is it writable?\n"
        }
        if let unfinished = report.unfinished {
            text += "not everything could be removed: \(unfinished); the next sweep goes on\n"
        }
        return text + "run \(report.runID): plan \(report.planID), "
            + "\(Amount.bytes(Int(clamping: bytes))) written, in \(time)\n"
    }

    private static func text(_ table: SweepReport.Table, isPlan: Bool) -> String {
        var text = "\(table.name): "
        if table.steps.isEmpty, table.raw == SweepReport.Raw() {
            text += "nothing is due\n"
        } else {
            let left = table.rowsBefore - table.rowsAfter
            text += "\(rows(left)) \(isPlan ? "leave" : "left") the table, "
            text += "\(rows(table.rowsAfter)) \(isPlan ? "stay" : "stayed")\n"
        }
        for step in table.steps { text += "  \(self.step(step))\n" }
        for held in table.held {
            text += "  held by hold \(held.hold) (\(held.reason)): "
            text += "\(Amount.count(held.partitions, "partition")), \(rows(held.rows))\n"
        }
        if table.waiting.partitions > 0 {
            text += "  \(amount(table.waiting)) wait for another sweep: the caps are reached\n"
        }
        if table.undatedRows > 0 {
            text += "  \(rows(table.undatedRows)) have no time, so no rule moves them\n"
        }
        if let other = table.sharesRawWith {
            text += "  raw files stay where they are: the table \(other) may read them too\n"
        }
        text += raw(table.raw, isPlan: isPlan)
        let damaged = table.damaged.map { "damaged, left as it is: \($0.partition): \($0.reason)" }
        return text + RunReportText.cut(damaged, more: 0, "lake sweep --json")
    }

    private static func raw(_ raw: SweepReport.Raw, isPlan: Bool) -> String {
        var text = ""
        if raw.packed > 0 {
            text += "  raw: \(Amount.count(raw.packed, "file")) "
            text += "(\(Amount.bytes(Int(clamping: raw.packedBytes)))) into "
            text += isPlan ? "packs\n" : "\(Amount.count(raw.packs, "pack"))\n"
        }
        let lines = [
            (raw.packsMoved, "pack", "to another class"),
            (raw.returned, "file", "back with the bytes that a pack has: removed again"),
            (raw.waiting, "file", "written to lately: left for now"),
            (raw.held, "file", "held"),
            (raw.changed, "file", "changed since the last run: left to the next lake compact"),
            (raw.removed, "file", "of expired rows removed"),
            (raw.dropped, "file", "of expired rows taken out of packs"),
        ]
        for (count, noun, what) in lines where count > 0 {
            text += "  raw: \(Amount.count(count, noun)) \(what)\n"
        }
        return text
    }

    /// `GLACIER by rule-1: 2 partitions, 2 files, 40 rows (12 KB), 2026-01-01 to 2026-01-02`.
    private static func step(_ step: SweepReport.Step) -> String {
        let what: String
        switch step.action {
        case "EXPIRE": what = "expire for good by \(step.rule)"
        case "CARRY": what = "late changes to the cold tier"
        default: what = "to \(step.action) by \(step.rule)"
        }
        let range = step.first == step.last ? step.first : "\(step.first) to \(step.last)"
        return "\(what): \(amount(step.amount)), \(range)"
    }

    private static func amount(_ amount: SweepReport.Amount) -> String {
        "\(Amount.count(amount.partitions, "partition")), \(Amount.count(amount.files, "file")), "
            + "\(rows(amount.rows)) (\(Amount.bytes(Int(clamping: amount.bytes))))"
    }

    private static func rows(_ count: Int64) -> String {
        Amount.count(Int(clamping: count), "row")
    }
}
