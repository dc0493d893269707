import Glibc

/// Code points in UTF-8 bytes; lenient: every byte that continues nothing starts a code point.
///
/// Text from files may hold broken UTF-8, and no function may trap on it: counting looks at lead
/// bytes only, decoding gives U+FFFD for what is broken.
extension UnsafeRawBufferPointer {
    /// Code points, as Trino's `length` counts them.
    var codePointCount: Int {
        var total = 0
        for byte in self where byte & 0xC0 != 0x80 { total &+= 1 }
        return total
    }

    var isASCII: Bool {
        var seen: UInt8 = 0
        for byte in self { seen |= byte }
        return seen < 0x80
    }

    /// The offset just past the code point that starts at `offset`.
    @inline(__always)
    func nextCodePoint(after offset: Int) -> Int {
        var next = offset + 1
        while next < count, self[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }

    /// The offset of the code point that ends just before `offset`.
    @inline(__always)
    func previousCodePoint(before offset: Int) -> Int {
        var previous = offset - 1
        while previous > 0, self[previous] & 0xC0 == 0x80 { previous -= 1 }
        return previous
    }

    /// The offset after `number` more code points from `offset`; nil when there are fewer.
    func offset(skipping number: Int, from offset: Int = 0) -> Int? {
        var at = offset
        var left = number
        while left > 0 {
            guard at < count else { return nil }
            at = nextCodePoint(after: at)
            left -= 1
        }
        return at
    }

    /// The code point at an offset; U+FFFD where the bytes are no UTF-8.
    func codePoint(at offset: Int) -> UInt32 {
        let lead = UInt32(self[offset])
        if lead < 0x80 { return lead }
        let end = nextCodePoint(after: offset)
        let expected = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard lead >= 0xC2, lead < 0xF5, end - offset == expected else { return 0xFFFD }
        var value = lead & (0x7F >> UInt32(expected))
        for i in offset + 1..<end { value = value << 6 | UInt32(self[i] & 0x3F) }
        let least: UInt32 = expected == 4 ? 0x10000 : expected == 3 ? 0x800 : 0x80
        return value >= least && Unicode.Scalar(value) != nil ? value : 0xFFFD
    }

    /// All code points.
    var codePoints: [UInt32] {
        var result: [UInt32] = []
        var at = 0
        while at < count {
            result.append(codePoint(at: at))
            at = nextCodePoint(after: at)
        }
        return result
    }

    /// The first offset, not before `start`, where `needle` begins.
    func firstIndex(of needle: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
        if needle.isEmpty { return start <= count ? start : nil }
        guard let base = baseAddress, let other = needle.baseAddress, count - start >= needle.count
        else { return nil }
        let last = count - needle.count
        var at = start
        while at <= last {
            guard let hit = memchr(base + at, Int32(needle[0]), last - at + 1) else { return nil }
            at = UnsafeRawPointer(hit) - base
            if memcmp(hit, other, needle.count) == 0 { return at }
            at += 1
        }
        return nil
    }

    /// The last offset at which `needle` begins and ends not after `end`.
    func lastIndex(of needle: UnsafeRawBufferPointer, before end: Int) -> Int? {
        var at = end - needle.count
        while at >= 0 {
            if matches(needle, at: at) { return at }
            at -= 1
        }
        return nil
    }

    func matches(_ needle: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard offset >= 0, offset + needle.count <= count else { return false }
        for i in 0..<needle.count where self[offset + i] != needle[i] { return false }
        return true
    }

    /// The part of a range.
    @inline(__always)
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// The text, for error messages.
    var message: String { String(decoding: self, as: UTF8.self) }

    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount
            && matches(
                UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount),
                at: 0)
    }
}
