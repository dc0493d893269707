import Columnar

/// A counter of a table: a scalar column of class counter, at the top or within rows, not within arrays.
package struct CounterColumn: Hashable, Sendable {
    /// The names of all levels joined by `_`: `owner_followers_count`.
    package var name: String
    /// The names of column and fields that lead to it.
    package var path: [String]
    package var type: DataType
    package var doc: String?
}

extension TableDefinition {
    /// The name of the table of counters beside this one.
    package var metricsName: String { Self.metricsName(of: name) }

    package static func metricsName(of table: String) -> String { "\(table)_metrics" }

    /// When a run saw the counters; beside the keys and counters, the one column of the table of counters.
    package static let observedAt = Field(
        name: "observed_at", type: .timestamp(precision: 6), isNullable: false,
        doc: "When the run began that saw these figures, UTC; its day is the partition")

    /// The table's counters in column order.
    package var counters: [CounterColumn] { Self.counters(of: columns, path: []) }

    static func counters(of columns: [ColumnDefinition], path: [String]) -> [CounterColumn] {
        var found: [CounterColumn] = []
        for column in columns {
            let names = path + [column.name]
            if case .row = column.type {
                found += counters(of: column.fields, path: names)
            } else if column.valueClass == .counter, !column.type.isNested {
                found.append(
                    CounterColumn(
                        name: names.joined(separator: "_"), path: names, type: column.type,
                        doc: column.doc))
            }
        }
        return found
    }
}
