/// Appends JSON text: compact, RFC 8259, the same bytes for the same calls.
///
/// Commas are put where they belong; nesting is the caller's duty. Strings escape `"`, `\` and the
/// controls below U+0020 (the short form where there is one) and nothing else. Doubles print with the
/// fewest digits that read back to the same bits; what JSON cannot say (NaN, infinities) prints as null.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    /// The text so far.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    /// A member's key; its value follows.
    package mutating func key(_ key: String) {
        var key = key
        key.withUTF8 { self.key(UnsafeRawBufferPointer($0)) }
    }

    package mutating func key(_ key: UnsafeRawBufferPointer) {
        string(key)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A member whose value is an array with one object for each item; `members` writes what is in it.
    package mutating func objects<Items: Sequence>(
        _ key: String, _ items: Items,
        _ members: (_ json: inout JSONWriter, _ item: Items.Element) -> Void
    ) {
        self.key(key)
        beginArray()
        for item in items {
            beginObject()
            members(&self, item)
            endObject()
        }
        endArray()
    }

    package mutating func null() { token("null") }
    package mutating func boolean(_ value: Bool) { token(value ? "true" : "false") }

    package mutating func integer(_ value: Int64) {
        separate()
        if value < 0 { bytes.append(0x2D) }
        digits(value.magnitude)
    }

    package mutating func integer(_ value: Int) { integer(Int64(value)) }

    package mutating func unsigned(_ value: UInt64) {
        separate()
        digits(value)
    }

    package mutating func double(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        var text = value.description
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string(UnsafeRawBufferPointer($0)) }
    }

    /// Quotes and escapes UTF-8 bytes.
    package mutating func string(_ text: UnsafeRawBufferPointer) {
        separate()
        bytes.append(0x22)
        var clean = 0
        for i in text.indices {
            let byte = text[i]
            guard byte < 0x20 || byte == 0x22 || byte == 0x5C else { continue }
            bytes.append(contentsOf: text[clean..<i])
            escape(byte)
            clean = i + 1
        }
        bytes.append(contentsOf: text[clean...])
        bytes.append(0x22)
    }

    /// JSON text that is already written, as one value.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// A parsed value, compact; canonical text sorts keys by bytes and keeps the last of equal ones.
    ///
    /// The value nests no deeper than its parser allowed, so the recursion is bounded.
    package mutating func element(_ element: JSONElement, canonical: Bool = false) {
        switch element.kind {
        case .null: null()
        case .true: boolean(true)
        case .false: boolean(false)
        case .int64: integer(element.int64Bits)
        case .uint64: unsigned(element.uint64Bits)
        case .double: double(element.doubleBits)
        case .string: string(element.stringBytes)
        case .array:
            beginArray()
            var elements = element.elements
            while let next = elements.next() { self.element(next, canonical: canonical) }
            endArray()
        case .object:
            beginObject()
            if canonical {
                for member in element.canonicalMembers() {
                    key(member.key)
                    self.element(member.value, canonical: true)
                }
            } else {
                var members = element.members
                while let member = members.next() {
                    key(member.key)
                    self.element(member.value)
                }
            }
            endObject()
        }
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func token(_ text: StaticString) {
        separate()
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func digits(_ value: UInt64) {
        var buffer = InlineDigits()
        let start = buffer.write(value)
        buffer.withBytes(from: start) { bytes.append(contentsOf: $0) }
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: [UInt8(ascii: "u"), 0x30, 0x30, 0x30 + (byte >> 4)])
            let low = byte & 15
            bytes.append(low < 10 ? 0x30 + low : UInt8(ascii: "a") + low - 10)
        }
    }
}

extension JSONElement {
    /// An object's members sorted by key bytes; of equal keys only the last.
    package func canonicalMembers() -> [(key: UnsafeRawBufferPointer, value: JSONElement)] {
        var list: [(key: UnsafeRawBufferPointer, value: JSONElement)] = []
        var members = members
        while let member = members.next() { list.append(member) }
        list.sort { a, b in
            if a.key.elementsEqual(b.key) { return a.value.index < b.value.index }
            return a.key.lexicographicallyPrecedes(b.key)
        }
        var kept = 0
        for i in list.indices {
            if i + 1 < list.count, list[i].key.elementsEqual(list[i + 1].key) { continue }
            list[kept] = list[i]
            kept += 1
        }
        list.removeSubrange(kept...)
        return list
    }

    /// This value as compact JSON text, keys as they come or canonical.
    package func jsonText(canonical: Bool = false) -> [UInt8] {
        var writer = JSONWriter()
        writer.element(self, canonical: canonical)
        return writer.bytes
    }
}
