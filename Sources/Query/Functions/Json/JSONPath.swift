import Columnar

/// A compiled JSON path of the subset that Trino's json_extract takes: `$.a[0]["b"]`.
struct JSONPath: Sendable {
    enum Step: Sendable {
        case key([UInt8])
        case index(Int)
    }

    let steps: [Step]

    /// Throws INVALID_FUNCTION_ARGUMENT for what is no such path.
    init(_ text: Bytes) throws(QueryError) {
        var steps: [Step] = []
        var at = 1
        guard text.first == UInt8(ascii: "$") else { throw Self.invalid(text) }
        while at < text.count {
            if text[at] == UInt8(ascii: ".") {
                let start = at + 1
                at = start
                while at < text.count, Self.isNameByte(text[at]) { at += 1 }
                guard at > start else { throw Self.invalid(text) }
                steps.append(.key(Array(text.part(start..<at))))
            } else if text[at] == UInt8(ascii: "[") {
                steps.append(try Self.subscripted(text, &at))
            } else {
                throw Self.invalid(text)
            }
        }
        self.steps = steps
    }

    private static func invalid(_ text: Bytes) -> QueryError {
        .argument("Invalid JSON path: '\(text.message)'")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        case UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "$"), UInt8(ascii: "-"),
            UInt8(ascii: "/"), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    /// `["key"]`, `[3]` or `[key]`.
    private static func subscripted(
        _ text: Bytes, _ at: inout Int
    ) throws(QueryError) -> Step {
        at += 1
        var key: [UInt8] = []
        if at < text.count, text[at] == UInt8(ascii: "\"") {
            at += 1
            while at < text.count, text[at] != UInt8(ascii: "\"") {
                if text[at] == UInt8(ascii: "\\") { at += 1 }
                guard at < text.count else { throw invalid(text) }
                key.append(text[at])
                at += 1
            }
            at += 1
            guard at < text.count, text[at] == UInt8(ascii: "]") else { throw invalid(text) }
            at += 1
            return .key(key)
        }
        while at < text.count, text[at] != UInt8(ascii: "]") {
            guard isNameByte(text[at]) else { throw invalid(text) }
            key.append(text[at])
            at += 1
        }
        guard at < text.count, !key.isEmpty else { throw invalid(text) }
        at += 1
        let index = key.withUnsafeBytes { NumberParse.integer($0) }
        guard let index, index >= 0, index < Int64(Int32.max) else { return .key(key) }
        return .index(Int(index))
    }
}

/// Finds the value of a path in JSON text without building anything; nil where there is none.
///
/// The text is only read as far as the value, as Trino's streaming extractor does; what lies behind it is
/// not looked at. Brackets and quotes must balance, nesting is bounded by `Limits.jsonDepth`.
struct JSONPathScanner {
    private let text: Bytes
    private var at = 0

    init(_ text: Bytes) { self.text = text }

    /// The bytes of the value at the path.
    mutating func find(_ path: JSONPath) -> Range<Int>? {
        skipSpaces()
        for step in path.steps {
            guard at < text.count else { return nil }
            switch (step, text[at]) {
            case (.key(let key), UInt8(ascii: "{")): guard enterMember(key) else { return nil }
            case (.index(let index), UInt8(ascii: "[")):
                guard enterElement(index) else { return nil }
            case (.index(let index), UInt8(ascii: "{")):
                guard enterMember(Array("\(index)".utf8)) else { return nil }
            default: return nil
            }
        }
        let start = at
        guard skipValue() else { return nil }
        return start..<at
    }

    private mutating func skipSpaces() {
        while at < text.count, text[at] == 0x20 || (text[at] >= 0x09 && text[at] <= 0x0D) {
            at += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpaces()
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func enterMember(_ key: [UInt8]) -> Bool {
        at += 1
        if take(UInt8(ascii: "}")) { return false }
        while true {
            skipSpaces()
            guard let name = skipString(), take(UInt8(ascii: ":")) else { return false }
            skipSpaces()
            if JSONText.equals(text.part(name), key) { return at < text.count }
            guard skipValue() else { return false }
            guard take(UInt8(ascii: ",")) else { return false }
        }
    }

    private mutating func enterElement(_ index: Int) -> Bool {
        at += 1
        skipSpaces()
        if at < text.count, text[at] == UInt8(ascii: "]") { return false }
        for _ in 0..<index {
            guard skipValue(), take(UInt8(ascii: ",")) else { return false }
        }
        skipSpaces()
        return at < text.count
    }

    /// The bytes between the quotes.
    private mutating func skipString() -> Range<Int>? {
        guard at < text.count, text[at] == UInt8(ascii: "\"") else { return nil }
        at += 1
        let start = at
        while at < text.count {
            if text[at] == UInt8(ascii: "\"") {
                at += 1
                return start..<at - 1
            }
            at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// Moves behind a value; false when it does not end.
    private mutating func skipValue() -> Bool {
        skipSpaces()
        var depth = 0
        repeat {
            guard at < text.count else { return false }
            switch text[at] {
            case UInt8(ascii: "\""): guard skipString() != nil else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= Limits.jsonDepth else { return false }
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return false }
                depth -= 1
                at += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x09...0x0D, 0x20:
                guard depth > 0 else { return false }
                at += 1
            default: skipBare()
            }
        } while depth > 0
        return true
    }

    /// A number or a word.
    private mutating func skipBare() {
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "}"), UInt8(ascii: "]"),
                UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), 0x09...0x0D, 0x20:
                return
            default: at += 1
            }
        }
    }
}

/// Escaped JSON strings.
enum JSONText {
    /// Whether the raw bytes between quotes mean this text.
    static func equals(_ raw: Bytes, _ text: [UInt8]) -> Bool {
        if raw.elementsEqual(text) { return true }
        guard raw.contains(UInt8(ascii: "\\")) else { return false }
        return unescaped(raw).map { $0 == text } ?? false
    }

    /// The text that raw bytes between quotes mean; nil for a bad escape.
    static func unescaped(_ raw: Bytes) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(raw.count)
        var at = 0
        while at < raw.count {
            guard raw[at] == UInt8(ascii: "\\") else {
                out.append(raw[at])
                at += 1
                continue
            }
            guard at + 1 < raw.count else { return nil }
            at += 2
            switch raw[at - 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(raw[at - 1])
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(raw, &at) else { return nil }
                out.append(contentsOf: String(Character(scalar)).utf8)
            default: return nil
            }
        }
        return out
    }

    /// The code point of `uXXXX`, or of a pair of surrogates; a lone one becomes U+FFFD.
    private static func scalar(_ raw: Bytes, _ at: inout Int) -> Unicode.Scalar? {
        guard let first = unit(raw, at) else { return nil }
        at += 4
        if (0xD800..<0xDC00).contains(first), at + 6 <= raw.count, raw[at] == UInt8(ascii: "\\"),
            raw[at + 1] == UInt8(ascii: "u"), let second = unit(raw, at + 2),
            (0xDC00..<0xE000).contains(second)
        {
            at += 6
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }

    private static func unit(_ raw: Bytes, _ at: Int) -> UInt32? {
        guard at + 4 <= raw.count else { return nil }
        var value: UInt32 = 0
        for i in at..<at + 4 {
            guard let digit = TextCast.hexValue(raw[i]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
