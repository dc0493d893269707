/// `timestamp with time zone` in 128 bits: `microseconds since 1970 UTC << 16 | zone key`.
///
///     127              16 15        0
///     ┌──────────────────┬──────────┐
///     │ instant (signed) │ zone key │   order and equality look at the instant only
///     └──────────────────┴──────────┘
///
/// Zone keys below 2,048 + 1 are fixed offsets in minutes (`key - 1024`...); see `ZoneTable` in Query
/// for named zones. Key 1024 is UTC.
package struct ZonedTime: Hashable, Sendable {
    package let bits: Int128

    /// The key of UTC: offset zero among the fixed offsets.
    package static let utcKey: UInt16 = 1024

    package init(bits: Int128) {
        self.bits = bits
    }

    package init(micros: Int64, zoneKey: UInt16 = ZonedTime.utcKey) {
        bits = Int128(micros) << 16 | Int128(zoneKey)
    }

    package var micros: Int64 { Int64(truncatingIfNeeded: bits >> 16) }
    package var zoneKey: UInt16 { UInt16(truncatingIfNeeded: bits) }
}
