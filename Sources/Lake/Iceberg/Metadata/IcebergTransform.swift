import Columnar

/// How a partition value comes from a column's value, as data.
///
/// Source: iceberg.apache.org/spec, "Partition Transforms". The ones that a schema file may ask for are
/// `PartitionTransform`; these are all that a table may have. Results round towards the past.
package enum IcebergTransform: Hashable, Sendable {
    case identity
    case year, month, day, hour
    case bucket(count: Int)
    case truncate(width: Int)
    /// Always NULL: a partition field that was dropped.
    case void
    /// A transform of a later version: its values are carried and never interpreted.
    case unknown(String)

    /// The transform that a schema file asks for.
    package init(_ transform: PartitionTransform) {
        switch transform {
        case .month: self = .month
        case .day: self = .day
        case .hour: self = .hour
        }
    }

    package init(_ name: String) {
        switch name {
        case "identity": self = .identity
        case "year": self = .year
        case "month": self = .month
        case "day": self = .day
        case "hour": self = .hour
        case "void": self = .void
        default:
            if let count = Self.argument(of: name, "bucket") {
                self = .bucket(count: count)
            } else if let width = Self.argument(of: name, "truncate") {
                self = .truncate(width: width)
            } else {
                self = .unknown(name)
            }
        }
    }

    /// The name in metadata: `day`, `bucket[16]`.
    package var name: String {
        switch self {
        case .identity: "identity"
        case .year: "year"
        case .month: "month"
        case .day: "day"
        case .hour: "hour"
        case .bucket(let count): "bucket[\(count)]"
        case .truncate(let width): "truncate[\(width)]"
        case .void: "void"
        case .unknown(let name): name
        }
    }

    /// The type of the partition values of a source type.
    package func resultType(of source: DataType) -> DataType {
        switch self {
        case .identity, .truncate, .void, .unknown: source
        case .day: .date
        case .year, .month, .hour, .bucket: .integer
        }
    }

    /// The partition value of a column value; nil when this transform cannot be computed here.
    ///
    /// Dates are days, timestamps microseconds; both may be negative. The result of `year`, `month` and
    /// `hour` counts from 1970.
    package func apply(_ value: Value, of source: DataType) -> Value? {
        switch self {
        case .identity: return value
        case .void: return .null
        case .bucket, .truncate, .unknown: return nil
        case .year, .month, .day, .hour: break
        }
        if value.isNull { return .null }
        let micros: Int64
        switch (source, value) {
        case (.date, .int(let days)):
            guard self != .hour else { return nil }
            return .int(fromDays(days))
        case (.timestamp, .int(let value)): micros = value
        case (.timestampTZ, .int128(let bits)): micros = ZonedTime(bits: bits).micros
        default: return nil
        }
        if self == .hour {
            let hour = 3_600 * CivilTime.microsPerSecond
            return .int(micros / hour - (micros % hour < 0 ? 1 : 0))
        }
        return .int(fromDays(CivilTime.floorDays(micros: micros)))
    }

    private func fromDays(_ days: Int64) -> Int64 {
        // Iceberg's dates are 32-bit; beyond them only the order matters, and that is kept.
        let days = min(max(days, Int64(Int32.min)), Int64(Int32.max))
        switch self {
        case .year: return CivilTime.date(fromDays: days).year - 1970
        case .month:
            let date = CivilTime.date(fromDays: days)
            return (date.year - 1970) * 12 + Int64(date.month) - 1
        default: return days
        }
    }

    /// True if a greater value never has a smaller partition value.
    var isMonotone: Bool {
        switch self {
        case .identity, .year, .month, .day, .hour: true
        default: false
        }
    }

    private static func argument(of name: String, _ transform: String) -> Int? {
        guard name.hasPrefix(transform + "["), name.hasSuffix("]") else { return nil }
        return Int(name.dropFirst(transform.count + 1).dropLast())
    }
}
