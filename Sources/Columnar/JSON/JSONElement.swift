/// What a JSON value is; the raw value is the tape's type byte.
package enum JSONKind: UInt8, Sendable {
    case object = 0x7B
    case array = 0x5B
    case string = 0x22
    /// An integer that fits Int64.
    case int64 = 0x6C
    /// An integer of 2^63 and more.
    case uint64 = 0x75
    /// A number with a fraction or an exponent.
    case double = 0x64
    case `true` = 0x74
    case `false` = 0x66
    case null = 0x6E

    /// The kind of a type byte; the tape holds no others, and what is no kind reads as null.
    @inlinable @inline(__always)
    init(typeByte: UInt8) {
        switch typeByte {
        case 0x7B: self = .object
        case 0x5B: self = .array
        case 0x22: self = .string
        case 0x6C: self = .int64
        case 0x75: self = .uint64
        case 0x64: self = .double
        case 0x74: self = .true
        case 0x66: self = .false
        default: self = .null
        }
    }
}

/// One value on a parsed document's tape: three words, no allocation, valid until the parser's next parse.
///
/// Format: <https://github.com/simdjson/simdjson/blob/master/doc/tape.md>. The type byte is the top byte
/// of a word, the payload its low 56 bits:
///
///     word   0        1                     2        3     4 5        6 7      8        9
///          ┌────────┬─────────────────────┬────────┬─────┬──────────┬────────┬────────┬────────┐
///          │ r  end │ {  count  after end │ "  off │ t   │ l  value │ d  value│ }  beg │ r   0  │
///          └────────┴─────────────────────┴────────┴─────┴──────────┴────────┴────────┴────────┘
///
///     { [   bits 55...32 children (saturating), bits 31...0 the index behind the closing word
///     "     offset into the string buffer: UInt32 length (little endian), UTF-8 bytes, NUL
///     l u d the next word is the Int64, UInt64 or Double
///     t f n no payload
///
/// An object alternates `"` keys and values up to `}`. Keys may repeat: RFC 8259 leaves the meaning open,
/// and here, as in nearly every reader, the last one wins.
package struct JSONElement {
    @usableFromInline let tape: UnsafePointer<UInt64>
    @usableFromInline let strings: UnsafePointer<UInt8>
    @usableFromInline let index: Int

    @inlinable @inline(__always)
    init(tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, index: Int) {
        self.tape = tape
        self.strings = strings
        self.index = index
    }

    @inlinable @inline(__always) package var kind: JSONKind {
        JSONKind(typeByte: UInt8(truncatingIfNeeded: tape[index] >> 56))
    }

    @inlinable @inline(__always) package var isNull: Bool { tape[index] >> 56 == 0x6E }

    /// The exact integer of an `int64`; of other kinds, nothing useful.
    @inlinable @inline(__always) package var int64Bits: Int64 { Int64(bitPattern: tape[index + 1]) }
    /// The exact integer of a `uint64`.
    @inlinable @inline(__always) package var uint64Bits: UInt64 { tape[index + 1] }
    /// The value of a `double`.
    @inlinable @inline(__always) package var doubleBits: Double {
        Double(bitPattern: tape[index + 1])
    }

    /// The unescaped UTF-8 bytes of a `string`; must not be called on another kind.
    @inlinable @inline(__always) package var stringBytes: UnsafeRawBufferPointer {
        Self.text(strings, word: tape[index])
    }

    /// Where this value stands on the tape, never 0; `element(atTapeIndex:)` finds it again.
    @inlinable @inline(__always) package var tapeIndex: Int { index }

    /// A value of the same document by its `tapeIndex`.
    @inlinable @inline(__always) package func element(atTapeIndex index: Int) -> JSONElement {
        JSONElement(tape: tape, strings: strings, index: index)
    }

    /// The integer, if this is one that fits.
    package var int64: Int64? { kind == .int64 ? int64Bits : nil }
    /// The integer, if this is one that is not negative.
    package var uint64: UInt64? {
        switch kind {
        case .int64: UInt64(exactly: int64Bits)
        case .uint64: uint64Bits
        default: nil
        }
    }
    /// The nearest double of any number.
    package var double: Double? {
        switch kind {
        case .int64: Double(int64Bits)
        case .uint64: Double(uint64Bits)
        case .double: doubleBits
        default: nil
        }
    }
    package var boolean: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }
    package var string: String? {
        kind == .string ? String(decoding: stringBytes, as: UTF8.self) : nil
    }

    /// The members of an object in document order, repeated keys included; empty for other kinds.
    @inlinable @inline(__always) package var members: JSONMembers {
        let first = index + 1
        let isObject = kind == .object
        return JSONMembers(
            tape: tape, strings: strings, next: first, end: isObject ? after - 1 : first)
    }

    /// The elements of an array; empty for other kinds.
    @inlinable @inline(__always) package var elements: JSONElements {
        let first = index + 1
        let isArray = kind == .array
        return JSONElements(
            tape: tape, strings: strings, next: first, end: isArray ? after - 1 : first)
    }

    /// The value under a key, the last one if the key repeats.
    package subscript(key: String) -> JSONElement? {
        var found: JSONElement?
        let wanted = Array(key.utf8)
        var members = members
        while let member = members.next() {
            if member.key.elementsEqual(wanted) { found = member.value }
        }
        return found
    }

    /// The element at a position of an array.
    package subscript(position: Int) -> JSONElement? {
        var elements = elements
        var left = position
        while let element = elements.next() {
            if left == 0 { return element }
            left -= 1
        }
        return nil
    }

    /// The tape index behind this value.
    @inlinable @inline(__always) var after: Int { Self.after(tape, index) }

    @inlinable @inline(__always) static func after(_ tape: UnsafePointer<UInt64>, _ index: Int)
        -> Int
    {
        let word = tape[index]
        switch UInt8(truncatingIfNeeded: word >> 56) {
        case 0x7B, 0x5B: return Int(UInt32(truncatingIfNeeded: word))
        case 0x6C, 0x75, 0x64: return index + 2
        default: return index + 1
        }
    }

    @inlinable @inline(__always) static func text(
        _ strings: UnsafePointer<UInt8>, word: UInt64
    ) -> UnsafeRawBufferPointer {
        let start = UnsafeRawPointer(strings) + Int(word & 0x00FF_FFFF_FFFF_FFFF)
        let count = start.loadUnaligned(as: UInt32.self)
        return UnsafeRawBufferPointer(start: start + 4, count: Int(count))
    }
}

/// Walks an object's members in document order.
package struct JSONMembers {
    @usableFromInline let tape: UnsafePointer<UInt64>
    @usableFromInline let strings: UnsafePointer<UInt8>
    @usableFromInline var cursor: Int
    @usableFromInline let end: Int

    @inlinable @inline(__always) init(
        tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, next: Int, end: Int
    ) {
        self.tape = tape
        self.strings = strings
        cursor = next
        self.end = end
    }

    /// The next key, unescaped, and its value; nil at the end.
    @inlinable @inline(__always) package mutating func next() -> (
        key: UnsafeRawBufferPointer, value: JSONElement
    )? {
        guard cursor < end else { return nil }
        let key = JSONElement.text(strings, word: tape[cursor])
        let value = JSONElement(tape: tape, strings: strings, index: cursor + 1)
        cursor = JSONElement.after(tape, cursor + 1)
        return (key, value)
    }
}

/// Walks an array's elements.
package struct JSONElements {
    @usableFromInline let tape: UnsafePointer<UInt64>
    @usableFromInline let strings: UnsafePointer<UInt8>
    @usableFromInline var cursor: Int
    @usableFromInline let end: Int

    @inlinable @inline(__always) init(
        tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, next: Int, end: Int
    ) {
        self.tape = tape
        self.strings = strings
        cursor = next
        self.end = end
    }

    @inlinable @inline(__always) package mutating func next() -> JSONElement? {
        guard cursor < end else { return nil }
        let element = JSONElement(tape: tape, strings: strings, index: cursor)
        cursor = JSONElement.after(tape, cursor)
        return element
    }
}
