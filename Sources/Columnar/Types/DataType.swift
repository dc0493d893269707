/// A SQL type, as Trino names it; the closed set that columns, files and expressions share.
///
/// Source: Trino 401 `language/types`. The in-memory form of each is `storage`.
package indirect enum DataType: Hashable, Sendable {
    /// The type of a bare `NULL`: coerces to everything.
    case unknown
    case boolean
    case tinyint, smallint, integer, bigint
    case real, double
    /// Precision 1...38, scale 0...precision.
    case decimal(precision: Int, scale: Int)
    /// `length == nil` is unbounded; lengths count code points.
    case varchar(length: Int?)
    case char(length: Int)
    case varbinary
    case json
    case uuid
    case date
    /// Fraction digits 0...6.
    case time(precision: Int)
    /// Fraction digits 0...6; no zone.
    case timestamp(precision: Int)
    /// Fraction digits 0...6; an instant with a zone for display.
    case timestampTZ(precision: Int)
    case intervalDayToSecond
    case intervalYearToMonth
    case array(DataType)
    case map(key: DataType, value: DataType)
    case row([RowField])
    /// A lambda's type; exists only as the type of a lambda argument, never of a column.
    case function(arguments: [DataType], result: DataType)

    /// Unbounded text, the type of most columns.
    package static let text = DataType.varchar(length: nil)
}

/// One field of a ROW type; the name is absent for anonymous rows.
package struct RowField: Hashable, Sendable {
    package let name: String?
    package let type: DataType

    package init(name: String?, type: DataType) {
        self.name = name
        self.type = type
    }
}

/// How the values of a type lie in memory.
package enum Storage: Sendable, Hashable {
    /// One bit a row (`BitColumn`): boolean.
    case bit
    /// `FlatColumn` of Int32: tinyint, smallint, integer, date (days since 1970-01-01), year-month intervals (months).
    case int32
    /// `FlatColumn` of Int64: bigint, decimal(p ≤ 18) unscaled, time and timestamp in microseconds (UTC-naive
    /// since 1970), day-second intervals in milliseconds.
    case int64
    /// `FlatColumn` of Int128: decimal(p > 18) unscaled; timestampTZ as `micros << 16 | zone key` (`ZonedTime`);
    /// uuid as its 128 bits, big-endian order, sign bit flipped so that signed order is byte order.
    case int128
    /// `FlatColumn` of Float.
    case float32
    /// `FlatColumn` of Double.
    case float64
    /// `TextColumn` of bytes: varchar, char, json (UTF-8), varbinary.
    case text
    /// `ListColumn`: arrays; a map is a list of row(key, value).
    case list
    /// `RowColumn`.
    case row
}

extension DataType {
    /// The in-memory form of this type's values.
    package var storage: Storage {
        switch self {
        case .unknown, .boolean: .bit
        case .tinyint, .smallint, .integer, .date, .intervalYearToMonth: .int32
        case .bigint, .time, .timestamp, .intervalDayToSecond: .int64
        case .decimal(let precision, _): precision <= 18 ? .int64 : .int128
        case .timestampTZ, .uuid: .int128
        case .real: .float32
        case .double: .float64
        case .varchar, .char, .varbinary, .json: .text
        case .array, .map: .list
        case .row: .row
        case .function: .bit
        }
    }

    /// The types of a nested type's children: the element, or row(key, value), or the fields.
    package var children: [DataType] {
        switch self {
        case .array(let element): [element]
        case .map(let key, let value):
            [.row([RowField(name: "key", type: key), RowField(name: "value", type: value)])]
        case .row(let fields): fields.map(\.type)
        default: []
        }
    }

    package var isInteger: Bool {
        switch self {
        case .tinyint, .smallint, .integer, .bigint: true
        default: false
        }
    }

    package var isNumeric: Bool {
        switch self {
        case .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal: true
        default: false
        }
    }

    package var isText: Bool {
        switch self {
        case .varchar, .char: true
        default: false
        }
    }

    package var isNested: Bool {
        switch self {
        case .array, .map, .row: true
        default: false
        }
    }
}

extension DataType: CustomStringConvertible {
    /// The SQL name, in Trino's spelling: `varchar(5)`, `array(row(id bigint))`.
    package var description: String {
        switch self {
        case .unknown: "unknown"
        case .boolean: "boolean"
        case .tinyint: "tinyint"
        case .smallint: "smallint"
        case .integer: "integer"
        case .bigint: "bigint"
        case .real: "real"
        case .double: "double"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .varchar(nil): "varchar"
        case .varchar(let length?): "varchar(\(length))"
        case .char(let length): "char(\(length))"
        case .varbinary: "varbinary"
        case .json: "json"
        case .uuid: "uuid"
        case .date: "date"
        case .time(let precision): "time(\(precision))"
        case .timestamp(let precision): "timestamp(\(precision))"
        case .timestampTZ(let precision): "timestamp(\(precision)) with time zone"
        case .intervalDayToSecond: "interval day to second"
        case .intervalYearToMonth: "interval year to month"
        case .array(let element): "array(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .row(let fields):
            "row("
                + fields.map { field in
                    field.name.map { "\($0) \(field.type)" } ?? "\(field.type)"
                }.joined(separator: ", ") + ")"
        case .function(let arguments, let result):
            "function("
                + (arguments + [result]).map { "\($0)" }.joined(separator: ",") + ")"
        }
    }
}
