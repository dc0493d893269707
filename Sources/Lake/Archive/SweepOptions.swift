/// What a sweep may do, and how.
package struct SweepOptions: Sendable {
    /// What it has in common with compactions: threads, clock, progress, lock, grace.
    package var run: CompactionOptions
    /// Only plans.
    package var isDryRun = false
    /// Do exactly this plan, or nothing: `SweepPlan.id` as a dry run printed it.
    package var planID: String?
    /// Only this table.
    package var table: String?
    /// At most so many Parquet files; the rest waits.
    package var maxFiles: Int?
    /// At most so many bytes of them.
    package var maxBytes: Int64?
    /// How much of a table's rows may leave it at once without a plan's id.
    package var maxPercent = SweepOptions.standardMaxPercent
    /// Whether to believe a clock that is behind the last run, or far ahead of it.
    package var isForced = false

    package static let standardMaxPercent = 90
    /// Smaller tables may lose everything at once.
    static let freeRows: Int64 = 1_000
    /// Clocks are set right by so much, without anything being wrong.
    static let clockSlackMicros: Int64 = 60 * 1_000_000
    /// Longer than this nobody leaves a lake alone.
    static let clockLeapDays: Int64 = 400

    package init(run: CompactionOptions) {
        self.run = run
    }
}

/// Why a sweep did not begin; nothing was changed.
package enum SweepRefusal: Hashable, Sendable {
    /// The clock is before the last run's, in microseconds.
    case clockBehind(nowMicros: Int64, lastMicros: Int64)
    /// The clock is more than 400 days after the last run.
    case clockLeap(nowMicros: Int64, lastMicros: Int64)
    /// So much of a table would leave at once.
    case tooMuch(table: String, rows: Int64, total: Int64, percent: Int, planID: String)
    /// The text is no plan's id.
    case noPlan(String)
    /// The plan is of a day to come.
    case planOfFuture(String)
    /// The plan of that day is another one now; `what` differs.
    case planDiffers(asked: String, now: String, what: String)
}
