import Columnar

/// One row under a table's rules and holds, for explanations; sweeps weigh rows by `RowVerdicts`.
extension Lifecycle {
    /// The holds on a row; `values` stand in the order of the definition's columns.
    func holds(of values: [Value]) -> [Holds.Record] {
        let day = day(of: values)
        return holds.filter { hold in
            if !canSingleOut(hold) { return hold.source != nil }
            if hold.firstDay != nil || hold.lastDay != nil {
                guard let day, hold.firstDay.map({ Int64($0) <= day }) ?? true,
                    hold.lastDay.map({ Int64($0) >= day }) ?? true
                else { return false }
            }
            let account = definition.settings.accountColumn
            return holds(hold.account, account, values)
                && holds(hold.key, definition.keyColumns.first, values)
        }
    }

    private func holds(_ text: String?, _ column: Int?, _ values: [Value]) -> Bool {
        guard let text else { return true }
        guard let column else { return false }
        return ColumnLiteral.value(ofText: text, definition.columns[column].type)
            == values[column]
    }

    /// The rules for a row, with the midnight from which each acts on it.
    ///
    /// - sizeBytes: of its partition.
    func dueRules(
        of values: [Value], partition: Int32?, sizeBytes: Int64
    ) -> [RecordPlaces.Step] {
        guard let partition, let days = days(of: partition) else { return [] }
        let day = day(of: values)
        return rules.compactMap { rule in
            guard isFor(rule.filter, days: days, sizeBytes: sizeBytes) else { return nil }
            let fulfils = rule.filter.conditions.allSatisfy { condition in
                condition.values.contains(values[condition.column])
            }
            let isInside =
                day.map { day in
                    rule.filter.firstDay.map { Int64($0) <= day } ?? true
                        && rule.filter.lastDay.map { Int64($0) >= day } ?? true
                } ?? (rule.filter.firstDay == nil && rule.filter.lastDay == nil)
            guard fulfils, isInside else { return nil }
            return dueMicros(rule, partition: partition).map { due in
                RecordPlaces.Step(rule: rule, dueMicros: due)
            }
        }
    }

    /// What rules are going to do, the next one first, each further than the one before.
    ///
    /// - storageClass: where the row is now; nil is hot.
    func steps(
        _ due: [RecordPlaces.Step], from storageClass: StorageClass?
    ) -> [RecordPlaces.Step] {
        // Of those that are due the furthest counts; then one after the other.
        let inOrder = due.sorted { a, b in
            let (first, second) = (max(a.dueMicros, nowMicros), max(b.dueMicros, nowMicros))
            return first == second ? a.rule.action > b.rule.action : first < second
        }
        var reached: RetentionRule.Action? = storageClass.map { .transition($0) }
        return inOrder.filter { step in
            guard reached.map({ step.rule.action > $0 }) ?? true else { return false }
            reached = step.rule.action
            return true
        }
    }

    /// The day of a row, since 1970.
    private func day(of values: [Value]) -> Int64? {
        guard let column = definition.partition?.column, case .int(let number) = values[column]
        else { return nil }
        if case .date = definition.columns[column].type { return number }
        return CivilTime.floorDays(micros: number)
    }
}
