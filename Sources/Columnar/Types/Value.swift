/// One boxed value, for literals, statistics and output only; never one per row in a loop.
///
/// The payload follows `DataType.storage`: `.int` serves every integer-stored type up to 64 bits
/// (dates in days, timestamps in microseconds, short decimals unscaled).
package indirect enum Value: Hashable, Sendable {
    case null
    case boolean(Bool)
    case int(Int64)
    /// Long decimals (unscaled), `ZonedTime` bits, uuids.
    case int128(Int128)
    case float(Float)
    case double(Double)
    /// varchar, char, json.
    case text(String)
    case binary([UInt8])
    case list([Value])
    case row([Value])
    /// Entries in stored order.
    case map([Value], [Value])

    package var isNull: Bool { self == .null }
}
