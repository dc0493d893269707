import Columnar

/// A table's retention rules and holds at one moment: what is due for its partitions, and when.
///
/// A partition is as old as the youngest row that it may hold: a rule with N days is due N days after
/// the partition's end, which is a midnight UTC: S3's "rounded up to the next midnight". Holds beat rules.
/// A hold that names this table and a column that it does not have (an account, a single key) cannot tell
/// its rows from others, and so holds them all.
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
        /// Due rules for some of the rows that go further than `common`, the furthest first.
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
        for hold in holds {
            let scope = Self.scope(hold.firstDay, hold.lastDay, days)
            if scope == .none { continue }
            let isForRows = hold.account != nil || hold.key != nil
            if isForRows, !canSingleOut(hold) {
                // One that is for all tables means those that have such a column.
                if hold.source == nil { continue }
                return Verdict(hold: hold)
            }
            if scope == .all, !isForRows { return Verdict(hold: hold) }
            verdict.rowHolds.append(hold)
        }
        let due = rules.filter { rule in
            isFor(rule.filter, days: days, sizeBytes: sizeBytes)
                && dueMicros(rule, partition: partition).map { $0 <= nowMicros } ?? false
        }.sorted { $0.action > $1.action }
        verdict.common = due.first { isForAllRows($0.filter, days: days) }
        verdict.conditional = due.filter { rule in
            !isForAllRows(rule.filter, days: days)
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

    /// Whether a rule may concern rows of these days in a partition of this size.
    func isFor(
        _ filter: RetentionRule.Filter, days: ClosedRange<Int32>, sizeBytes: Int64
    ) -> Bool {
        Self.scope(filter.firstDay, filter.lastDay, days) != .none
            && filter.largerThanBytes.map { sizeBytes > $0 } ?? true
            && filter.smallerThanBytes.map { sizeBytes < $0 } ?? true
    }

    /// Of a partition that a rule concerns: whether it concerns every row.
    private func isForAllRows(
        _ filter: RetentionRule.Filter, days: ClosedRange<Int32>
    ) -> Bool {
        filter.conditions.isEmpty && Self.scope(filter.firstDay, filter.lastDay, days) == .all
    }

    /// Whether the table has the columns by which a hold names rows.
    func canSingleOut(_ hold: Holds.Record) -> Bool {
        (hold.account == nil || definition.settings.accountColumn != nil)
            && (hold.key == nil || definition.keyColumns.count == 1)
    }

    private enum Scope {
        case none, some, all
    }

    /// How many of a partition's days lie between two, which may be open.
    private static func scope(
        _ first: Int32?, _ last: Int32?, _ days: ClosedRange<Int32>
    ) -> Scope {
        let (first, last) = (first ?? .min, last ?? .max)
        if first > days.upperBound || last < days.lowerBound || first > last { return .none }
        return first <= days.lowerBound && last >= days.upperBound ? .all : .some
    }
}

extension RetentionRule.Action {
    /// Whether a row of a storage class has further to go: rules lead downward only.
    ///
    /// - storage: nil is hot.
    package func isBelow(_ storage: StorageClass?) -> Bool {
        storage.map { self > .transition($0) } ?? true
    }
}

extension Int64 {
    /// The quotient, rounded towards the past.
    func quotientTowardsPast(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
