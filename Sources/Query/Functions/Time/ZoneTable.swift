import Columnar
import Synchronization

/// Zone keys of `ZonedTime`: fixed offsets are computed, named zones are interned per process.
///
/// Keys up to 2,048 are minutes east of UTC plus 1,024; above, named zones in the order of first use. Keys are
/// never written anywhere, so their order does not matter.
package enum ZoneTable {
    private struct Entry {
        let name: String
        let rules: ZoneRules
    }

    private struct State {
        var entries: [Entry] = []
        /// By folder and name.
        var keys: [String: UInt16] = [:]
    }

    private static let state = Mutex(State())
    private static let firstNamedKey = 2049
    /// Named zones that a process may know: tzdata has 600.
    private static let namedZones = 4096

    /// The key of a zone by name (`UTC`, `+02:00`, `Europe/Berlin`).
    ///
    /// `zoneinfoPath` is the folder of TZif files. Throws INVALID_FUNCTION_ARGUMENT for an unknown zone.
    package static func key(
        _ name: String, zoneinfoPath: String
    ) throws(QueryError) -> UInt16 {
        if let key = fixedKey(Array(name.utf8)) { return key }
        let id = zoneinfoPath + "\0" + name
        if let known = state.withLock({ $0.keys[id] }) { return known }
        guard let rules = ZoneRules.named(name, in: zoneinfoPath) else {
            throw .argument("'\(name)' is not a valid time zone")
        }
        let key = state.withLock { (state: inout State) -> UInt16? in
            if let known = state.keys[id] { return known }
            guard state.entries.count < namedZones else { return nil }
            let key = UInt16(firstNamedKey + state.entries.count)
            state.entries.append(Entry(name: name, rules: rules))
            state.keys[id] = key
            return key
        }
        guard let key else { throw .argument("More than \(namedZones) time zones are in use") }
        return key
    }

    /// The zone's name: `UTC`, `+02:00`, `Europe/Berlin`.
    package static func name(_ key: UInt16) -> String {
        if key == ZonedTime.utcKey { return "UTC" }
        if let minutes = fixedMinutes(key) {
            let distance = abs(minutes)
            func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
            return "\(minutes < 0 ? "-" : "+")\(two(distance / 60)):\(two(distance % 60))"
        }
        return entry(key)?.name ?? "UTC"
    }

    /// The rules of a zone.
    static func rules(_ key: UInt16) -> ZoneRules {
        if let minutes = fixedMinutes(key) { return ZoneRules(fixedSeconds: Int64(minutes) * 60) }
        return entry(key)?.rules ?? ZoneRules(fixedSeconds: 0)
    }

    private static func entry(_ key: UInt16) -> Entry? {
        state.withLock {
            let index = Int(key) - firstNamedKey
            return $0.entries.indices.contains(index) ? $0.entries[index] : nil
        }
    }

    /// Minutes east of UTC of a fixed-offset key.
    static func fixedMinutes(_ key: UInt16) -> Int? {
        key < firstNamedKey ? Int(key) - Int(ZonedTime.utcKey) : nil
    }

    /// The key of an offset in minutes; nil past 14 hours, as Trino has it.
    static func key(offsetMinutes: Int) -> UInt16? {
        abs(offsetMinutes) <= 14 * 60 ? UInt16(Int(ZonedTime.utcKey) + offsetMinutes) : nil
    }

    /// Names of UTC and offsets `+hh:mm`, `-hh`, `+hhmm`.
    private static func fixedKey(_ name: [UInt8]) -> UInt16? {
        let upper = String(decoding: name, as: UTF8.self).uppercased()
        if ["UTC", "Z", "GMT", "UT", "ZULU", "ETC/UTC", "GMT0"].contains(upper) {
            return ZonedTime.utcKey
        }
        guard let sign = name.first, sign == 0x2B || sign == 0x2D else { return nil }
        var digits = name.dropFirst()
        if digits.count == 5, digits[digits.startIndex + 2] == UInt8(ascii: ":") {
            digits.remove(at: digits.startIndex + 2)
        }
        guard digits.count == 2 || digits.count == 4,
            digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        let values = digits.map { Int($0 - 0x30) }
        let minutes = values.count == 4 ? values[2] * 10 + values[3] : 0
        guard minutes < 60 else { return nil }
        let total = (values[0] * 10 + values[1]) * 60 + minutes
        return key(offsetMinutes: sign == 0x2D ? -total : total)
    }
}

/// Offsets of one zone with the last answer kept: neighbouring rows mostly share it.
struct ZoneCursor {
    private var key: UInt16?
    private var rules = ZoneRules(fixedSeconds: 0)

    init() {}

    init(_ key: UInt16) { use(key) }

    mutating func use(_ key: UInt16) {
        guard key != self.key else { return }
        self.key = key
        rules = ZoneTable.rules(key)
    }

    /// Local microseconds of an instant.
    mutating func local(_ micros: Int64, zoneKey: UInt16) -> Int64 {
        if zoneKey == ZonedTime.utcKey { return micros }
        use(zoneKey)
        let seconds = micros.floorDivided(by: CivilTime.microsPerSecond)
        return micros &+ rules.offset(atSeconds: seconds) &* CivilTime.microsPerSecond
    }

    /// The instant of a local time.
    mutating func instant(ofLocal micros: Int64, zoneKey: UInt16) -> Int64 {
        if zoneKey == ZonedTime.utcKey { return micros }
        use(zoneKey)
        let seconds = micros.floorDivided(by: CivilTime.microsPerSecond)
        return micros &- rules.offset(ofLocalSeconds: seconds) &* CivilTime.microsPerSecond
    }
}

extension Int64 {
    /// Quotient rounded towards minus infinity; the divisor must be positive.
    @inline(__always)
    func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }

    /// Remainder that is never negative; the divisor must be positive.
    @inline(__always)
    func floorModulo(_ divisor: Int64) -> Int64 {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
