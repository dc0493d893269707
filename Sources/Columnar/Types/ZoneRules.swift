import Glibc

/// The rules of one time zone: when which offset holds.
///
/// Source: RFC 8536 (TZif), versions 2 and up; only the 64-bit block is used, and the footer's POSIX rule
/// for instants after the last transition.
package struct ZoneRules: Sendable {
    /// Seconds since 1970 UTC, rising.
    let transitions: [Int64]
    /// Seconds east of UTC from each transition on.
    let offsets: [Int64]
    /// Seconds east of UTC before the first transition.
    let firstOffset: Int64
    let footer: PosixZone?

    /// A zone that never changes.
    package init(fixedSeconds: Int64) {
        transitions = []
        offsets = []
        firstOffset = fixedSeconds
        footer = nil
    }

    /// Parses a TZif file; nil when it is none.
    ///
    ///     "TZif" ver(1) reserved(15) isutcnt isstdcnt leapcnt timecnt typecnt charcnt (6 × UInt32)
    ///     v1 block (32-bit), then the same header again and the v2 block (64-bit), then "\n" footer "\n"
    init?(_ bytes: [UInt8]) {
        guard let first = Header(bytes, at: 0), first.version >= UInt8(ascii: "2"),
            let second = Header(bytes, at: 44 + first.blockBytes(timeBytes: 4))
        else { return nil }
        let start = second.start + 44
        let blockEnd = start + second.blockBytes(timeBytes: 8)
        guard blockEnd <= bytes.count, second.typeCount > 0 else { return nil }
        let typeStart = start + second.timeCount * 9
        var typeOffsets: [Int64] = []
        for i in 0..<second.typeCount {
            let raw = Self.integer(bytes, at: typeStart + i * 6, count: 4)
            typeOffsets.append(Int64(Int32(truncatingIfNeeded: raw)))
        }
        var times: [Int64] = []
        var values: [Int64] = []
        for i in 0..<second.timeCount {
            let type = Int(bytes[start + second.timeCount * 8 + i])
            guard type < typeOffsets.count else { return nil }
            times.append(Self.integer(bytes, at: start + i * 8, count: 8))
            values.append(typeOffsets[type])
        }
        guard zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        transitions = times
        offsets = values
        firstOffset = typeOffsets[0]
        let tail = bytes[min(blockEnd + 1, bytes.count)...].prefix { $0 != UInt8(ascii: "\n") }
        footer = PosixZone(Array(tail))
    }

    private struct Header {
        let start: Int
        let version: UInt8
        let utcCount, standardCount, leapCount, timeCount, typeCount, charCount: Int

        init?(_ bytes: [UInt8], at start: Int) {
            guard start + 44 <= bytes.count, bytes[start..<start + 4].elementsEqual("TZif".utf8)
            else { return nil }
            self.start = start
            version = bytes[start + 4]
            func count(_ index: Int) -> Int {
                Int(ZoneRules.integer(bytes, at: start + 20 + index * 4, count: 4))
            }
            (utcCount, standardCount, leapCount) = (count(0), count(1), count(2))
            (timeCount, typeCount, charCount) = (count(3), count(4), count(5))
            guard max(utcCount, standardCount, leapCount, timeCount, typeCount, charCount) < 65_536
            else { return nil }
        }

        func blockBytes(timeBytes: Int) -> Int {
            timeCount * (timeBytes + 1) + typeCount * 6 + charCount + leapCount * (timeBytes + 4)
                + standardCount + utcCount
        }
    }

    private static func integer(_ bytes: [UInt8], at start: Int, count: Int) -> Int64 {
        var value: UInt64 = 0
        for i in start..<start + count { value = value << 8 | UInt64(bytes[i]) }
        return Int64(bitPattern: value)
    }

    /// Seconds east of UTC at an instant.
    package func offset(atSeconds seconds: Int64) -> Int64 {
        guard let last = transitions.last, let first = transitions.first else {
            return footer?.offset(atSeconds: seconds) ?? firstOffset
        }
        if seconds < first { return firstOffset }
        if seconds >= last {
            return footer?.offset(atSeconds: seconds) ?? offsets[offsets.count - 1]
        }
        var low = 0
        var high = transitions.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle } else { high = middle }
        }
        return offsets[low]
    }

    /// Seconds east of UTC for a local time, as Java chooses: in an overlap the earlier offset, in a gap
    /// the offset before it (so that the time moves forward by the gap).
    package func offset(ofLocalSeconds local: Int64) -> Int64 {
        let before = offset(atSeconds: local &- 86_400)
        if offset(atSeconds: local &- before) == before { return before }
        let after = offset(atSeconds: local &+ 86_400)
        return offset(atSeconds: local &- after) == after ? after : before
    }

    /// Where Linux keeps its zones.
    package static let systemFolder = "/usr/share/zoneinfo"

    /// The rules of a zone by its name in tzdata (`Asia/Singapore`); nil when the folder has no such zone.
    package static func named(_ name: String, in folder: String) -> ZoneRules? {
        isSafe(name) ? load(path: folder + "/" + name) : nil
    }

    /// A zone name may not climb out of its folder.
    private static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count < 64 && !name.hasPrefix("/") && !name.hasPrefix(".")
            && !name.contains("..")
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                    || [0x2F, 0x5F, 0x2B, 0x2D, 0x2E].contains(byte)
            }
    }

    /// Reads and parses a file; nil when it is not there or no TZif.
    private static func load(path: String) -> ZoneRules? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                read(file, $0.baseAddress.unsafelyUnwrapped + filled, $0.count - filled)
            }
            guard got > 0 else { break }
            filled += got
        }
        return ZoneRules(Array(bytes[0..<filled]))
    }
}
