import Columnar

/// One table as its schema file describes it: where raw files lie and what becomes of them.
///
/// Every table ends with three columns of our own (`SystemColumn`): what no column maps, the raw file's
/// path, and when the row was read. Field ids follow pyiceberg: a struct's fields first, then their parts.
package struct TableDefinition: Hashable, Sendable {
    /// Lower-case name, as SQL says it.
    package var name: String
    package var doc: String?
    package var raw: RawLayout
    /// The columns of the schema file, in table order, without the system columns.
    package var columns: [ColumnDefinition]
    package var partition: PartitionRule?
    /// The order of rows within a data file.
    package var sort: [SortRule]
    package var retention: [RetentionRule]
    package var checks: [QualityCheck]
    package var settings: TableSettings
    /// Paths whose values are wanted nowhere, not even in `_extra`.
    package var ignored: [KeyPath] = []

    /// Positions of the key columns in `columns`; at least one.
    package var keyColumns: [Int] {
        columns.indices.filter { columns[$0].valueClass == .key }
    }

    /// The table's schema, system columns included, with Iceberg field ids from 1.
    package var schema: Schema {
        var fields = columns.map(\.field)
        for column in SystemColumn.allCases { fields.append(column.field) }
        var ids = FieldIDs()
        ids.assign(to: &fields)
        return Schema(fields)
    }
}

/// The columns that every table has behind its own.
package enum SystemColumn: Int, CaseIterable, Sendable {
    case extra, rawPath, ingestedAt

    package var field: Field {
        switch self {
        case .extra:
            Field(
                name: "_extra", type: .json,
                doc: "What the raw file holds and no column takes, in the raw file's shape")
        case .rawPath:
            Field(
                name: "_raw_path", type: .text, isNullable: false,
                doc: "The raw file's path below the raw folder")
        case .ingestedAt:
            Field(
                name: "_ingested_at", type: .timestamp(precision: 6), isNullable: false,
                doc: "When this version of the row was read, UTC")
        }
    }
}

/// How rows are divided into partitions: a column and what is taken of it.
package struct PartitionRule: Hashable, Sendable {
    /// Position in `TableDefinition.columns`; a date or timestamp column.
    package var column: Int
    package var transform: PartitionTransform

    package init(column: Int, transform: PartitionTransform) {
        self.column = column
        self.transform = transform
    }
}

/// Iceberg's time transforms; a table with none has no `PartitionRule`.
package enum PartitionTransform: String, CaseIterable, Sendable {
    case month, day, hour

    /// Months, days or hours since 1970-01-01T00:00 UTC, rounding towards the past.
    package func value(micros: Int64) -> Int32 {
        switch self {
        case .day: return Int32(clamping: CivilTime.floorDays(micros: micros))
        case .hour:
            let hour = CivilTime.microsPerDay / 24
            let quotient = micros / hour
            return Int32(clamping: micros % hour < 0 ? quotient - 1 : quotient)
        case .month:
            let date = CivilTime.date(fromDays: CivilTime.floorDays(micros: micros))
            return Int32(clamping: (date.year - 1970) * 12 + Int64(date.month - 1))
        }
    }
}

/// One column of the sort order; NULL sorts last.
package struct SortRule: Hashable, Sendable {
    package var column: Int
    package var isDescending: Bool

    package init(column: Int, isDescending: Bool) {
        self.column = column
        self.isDescending = isDescending
    }
}

/// How a table is written.
package struct TableSettings: Hashable, Sendable {
    package enum Volatile: String, CaseIterable, Sendable {
        /// A change of only volatile columns is no change.
        case ignore
        /// It is.
        case update
    }

    package enum OnDelete: String, CaseIterable, Sendable {
        /// The row of a raw file that is gone stays.
        case keep
        /// It goes too.
        case delete
    }

    /// Which encodings its Parquet files may use.
    package var profile = ParquetProfile.compatible
    /// nil: the profile's, 3 or 9.
    package var zstdLevel: Int?
    package var rowGroupRows = Limits.rowGroupRows
    package var volatile = Volatile.ignore
    /// Whether counters are also appended to a metrics table, each time that one changes.
    package var metrics = true
    package var onDelete = OnDelete.keep
    /// Position in `TableDefinition.columns` of the column that says whose data a row is; nil: none does.
    package var accountColumn: Int?
    /// Days that a raw file must have been left alone before it is packed.
    package var quietDays = 1
    /// What queries do about archived rows, unless they say so themselves.
    package var glacierMode = GlacierMode.restored

    package init() {}
}
