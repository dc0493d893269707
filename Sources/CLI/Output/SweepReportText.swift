import Lake

/// A sweep's report, or its plan, for people.
enum SweepReportText {
    static func text(_ report: SweepReport) -> String {
        var text = ""
        for table in report.tables { text += self.text(table, isPlan: report.isDryRun) }
        let time = Amount.duration(nanos: report.totalNanos)
        guard !report.isDryRun else {
            text += "plan \(report.planID), made in \(time); nothing was changed\n"
            return text + "do exactly this: lake sweep --plan \(report.planID)\n"
        }
        let bytes = report.tables.reduce(0) { $0 + $1.bytesWritten }
        return text + "run \(report.runID): plan \(report.planID), "
            + "\(Amount.bytes(Int(clamping: bytes))) written, in \(time)\n"
    }

    private static func text(_ table: SweepReport.Table, isPlan: Bool) -> String {
        var text = "\(table.name): "
        if table.steps.isEmpty, table.copiesExpired == 0 {
            text += "nothing is due\n"
        } else {
            let left = table.rowsBefore - table.rowsAfter
            text += "\(rows(left)) \(isPlan ? "leave" : "left") the table, "
            text += "\(rows(table.rowsAfter)) \(isPlan ? "stay" : "stayed")\n"
        }
        for step in table.steps { text += "  \(self.step(step))\n" }
        if table.copiesExpired > 0 {
            text += "  \(Amount.count(table.copiesExpired, "restored copy", "restored copies")) "
            text += "\(isPlan ? "expire" : "expired")\n"
        }
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
        if table.rawExpired > 0 {
            let kept = table.rawExpired - table.rawRemoved
            text += "  \(Amount.count(table.rawRemoved, "raw file")) of expired rows removed"
            text += kept > 0 ? ", \(Amount.count(kept)) could not be: the next sweep tries\n" : "\n"
        }
        let damaged = table.damaged.map { "damaged, left as it is: \($0.partition): \($0.reason)" }
        return text + RunReportText.cut(damaged, more: 0, "lake sweep --json")
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
