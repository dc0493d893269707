import Columnar

/// A table's retention rules and holds at one moment: what is due for its partitions, and when.
///
/// A partition is as old as the youngest row that it may hold: a rule with N days is due N days after
/// the partition's end, which is a midnight UTC: S3's "rounded up to the next midnight". Holds beat rules.
struct Lifecycle: Sendable {
    let definition: TableDefinition
    /// Enabled ones.
    let rules: [RetentionRule]
    /// Active ones that may concern this table.
    let holds: [Holds.Record]
    let nowMicros: Int64

    /// - holds: of all tables; `source` is this one's number.
    init(
        _ definition: TableDefinition, source: Int64?, holds: [Holds.Record], nowMicros: Int64
    ) {
        self.definition = definition
        rules = definition.retention.filter(\.isEnabled)
        self.holds = holds.filter {
            $0.isActive(atMicros: nowMicros) && ($0.source == nil || $0.source == source)
        }
        self.nowMicros = nowMicros
    }

    /// What is due for a partition.
    struct Verdict: Hashable, Sendable {
        /// The rule for every row that no other one singles out; nil: they stay.
        var common: RetentionRule?
        /// Due rules with conditions that go further than `common`, the furthest first.
        var conditional: [RetentionRule] = []
        /// Holds on some of the rows.
        var rowHolds: [Holds.Record] = []
        /// A hold on all of them: nothing is due.
        var hold: Holds.Record?

        /// All rows share one fate.
        var isUniform: Bool { conditional.isEmpty && (rowHolds.isEmpty || common == nil) }
        /// Nothing is due for any row.
        var isEmpty: Bool { common == nil && conditional.isEmpty }
    }

    /// What is due now for a partition of `sizeBytes` bytes of Parquet; NULL's partition stays for ever.
    func verdict(partition: Int32?, sizeBytes: Int64) -> Verdict {
        var verdict = Verdict()
        guard let partition, let days = days(of: partition) else { return verdict }
        for hold in holds where Self.overlaps(hold, days) {
            if hold.account == nil, hold.key == nil {
                return Verdict(hold: hold)
            }
            verdict.rowHolds.append(hold)
        }
        let due = rules.filter { rule in
            isFor(rule.filter, days: days, sizeBytes: sizeBytes)
                && dueMicros(rule, partition: partition).map { $0 <= nowMicros } ?? false
        }.sorted { $0.action > $1.action }
        verdict.common = due.first { $0.filter.conditions.isEmpty }
        verdict.conditional = due.filter { rule in
            !rule.filter.conditions.isEmpty
                && verdict.common.map { rule.action > $0.action } ?? true
        }
        return verdict
    }

    /// The midnight UTC from which a rule acts on a partition; nil if that is beyond all time.
    func dueMicros(_ rule: RetentionRule, partition: Int32) -> Int64? {
        guard let days = days(of: partition) else { return nil }
        switch rule.due {
        case .onDay(let day): return Int64(day) * CivilTime.microsPerDay
        case .afterDays(let after):
            let (end, overflow) = (Int64(days.upperBound) + 1).addingReportingOverflow(
                Int64(after))
            guard !overflow else { return nil }
            let (micros, isBeyond) = end.multipliedReportingOverflow(by: CivilTime.microsPerDay)
            return isBeyond ? nil : micros
        }
    }

    /// The days, since 1970, that a partition's rows may have.
    func days(of partition: Int32) -> ClosedRange<Int32>? {
        switch definition.partition?.transform {
        case nil: return nil
        case .day: return partition...partition
        case .hour:
            let day = Int32(clamping: Int64(partition).quotientTowardsPast(24))
            return day...day
        case .month:
            let month = Int64(partition)
            let year = month.quotientTowardsPast(12)
            let number = Int(month - year * 12) + 1
            let first = CivilTime.days(year: 1970 + year, month: number, day: 1)
            let last = first + Int64(CivilTime.daysInMonth(year: 1970 + year, month: number)) - 1
            return Int32(clamping: first)...Int32(clamping: last)
        }
    }

    private func isFor(
        _ filter: RetentionRule.Filter, days: ClosedRange<Int32>, sizeBytes: Int64
    ) -> Bool {
        filter.firstDay.map { $0 <= days.lowerBound } ?? true
            && filter.lastDay.map { $0 >= days.upperBound } ?? true
            && filter.largerThanBytes.map { sizeBytes > $0 } ?? true
            && filter.smallerThanBytes.map { sizeBytes < $0 } ?? true
    }

    private static func overlaps(_ hold: Holds.Record, _ days: ClosedRange<Int32>) -> Bool {
        hold.firstDay.map { $0 <= days.upperBound } ?? true
            && hold.lastDay.map { $0 >= days.lowerBound } ?? true
    }
}

extension Int64 {
    /// The quotient, rounded towards the past.
    func quotientTowardsPast(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
