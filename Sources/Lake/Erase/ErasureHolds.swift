import Columnar

/// Which legal holds forbid an erasure: those on the account, on a row of it, or on days that it has rows of.
///
/// Nobody knows the rows of raw files that no run has read, so any hold on their table forbids it too.
struct ErasureHolds {
    let account: String
    let keySeed: UInt64
    let nowMicros: Int64

    /// The active holds that concern an account's rows, in order of number.
    ///
    /// - unread: the tables with raw files of the account that no run has read; nil for one that has no number yet.
    func inTheWay(
        _ holds: [Holds.Record], of tables: [ErasureSurvey.Table], unread: Set<Int64?>
    ) -> [Holds.Record] {
        holds.filter { hold in
            guard hold.isActive(atMicros: nowMicros),
                hold.account == nil || hold.account == account
            else { return false }
            if hold.account == account, hold.key == nil, hold.firstDay == nil, hold.lastDay == nil {
                return true
            }
            if hold.source == nil ? !unread.isEmpty : unread.contains(hold.source) { return true }
            return tables.contains { concerns(hold, $0) }
        }
    }

    private func concerns(_ hold: Holds.Record, _ table: ErasureSurvey.Table) -> Bool {
        guard !table.isMetrics, table.isTouched,
            hold.source == nil || hold.source == table.source
        else { return false }
        if let key = hold.key {
            guard let hash = table.keyHash(ofText: key, seed: keySeed), table.keys.contains(hash)
            else { return false }
        }
        guard hold.firstDay != nil || hold.lastDay != nil else { return true }
        let lifecycle = Lifecycle(
            table.definition, source: table.source, holds: [], nowMicros: nowMicros)
        return table.files.contains { file in
            guard let days = file.partition.flatMap({ lifecycle.days(of: $0) }) else {
                return false
            }
            return hold.firstDay.map { $0 <= days.upperBound } ?? true
                && hold.lastDay.map { $0 >= days.lowerBound } ?? true
        }
    }
}

extension ErasureSurvey.Table {
    /// The hash of the row whose only key column reads like a text; nil where no row's can.
    func keyHash(ofText text: String, seed: UInt64) -> ContentHash? {
        guard keyColumns.count == 1,
            let encoded = AccountRows.encoded(text, as: schema.fields[keyColumns[0]].type)
        else { return nil }
        return encoded.bytes.withUnsafeBytes { RowKeys.hash(of: $0, seed: seed) }
    }
}
