/// A recursive-descent JSON reader that knows line and column: for config files and for diagnosis.
///
/// Grammar: RFC 8259. Strict: no comments, no trailing commas; UTF-8 must be valid; surrogates must
/// pair; integers must fit Int64 (UInt64 when only validating). Depth is bounded by `maxDepth`.
struct JSONReader {
    private let bytes: UnsafeRawBufferPointer
    private var cursor: Int
    private var line = 1
    private var lineStart: Int
    private let maxDepth: Int
    private let keepsLongIntegers: Bool
    private var depth = 0

    /// `keepsLongIntegers` reads integers beyond 64 bits as strings of their digits.
    init(_ bytes: UnsafeRawBufferPointer, maxDepth: Int, keepsLongIntegers: Bool = false) {
        self.keepsLongIntegers = keepsLongIntegers
        self.bytes = bytes
        self.maxDepth = maxDepth
        cursor = JSONParser.byteOrderMarkCount(bytes)
        lineStart = cursor
    }

    /// The whole text as one value.
    mutating func document() throws(ColumnarError) -> JSONValue {
        skipSpace()
        guard cursor < bytes.count else { throw failure("there is no JSON value") }
        let value = try value()
        skipSpace()
        guard cursor == bytes.count else { throw failure("text after the end of the document") }
        return value
    }

    /// Throws where and why the text is not the JSON that `JSONParser` takes.
    mutating func validate() throws(ColumnarError) {
        _ = try document()
    }

    private var position: JSONPosition {
        JSONPosition(line: line, column: cursor - lineStart + 1)
    }

    private func failure(_ reason: String) -> ColumnarError {
        .json(reason: reason, position: position, path: nil)
    }

    private mutating func skipSpace() {
        while cursor < bytes.count {
            switch bytes[cursor] {
            case 0x20, 0x09, 0x0D: cursor += 1
            case 0x0A:
                cursor += 1
                line += 1
                lineStart = cursor
            default: return
            }
        }
    }

    private var peek: UInt8? { cursor < bytes.count ? bytes[cursor] : nil }

    private mutating func value() throws(ColumnarError) -> JSONValue {
        let start = position
        guard let byte = peek else { throw failure("the text ends where a value should be") }
        let content: JSONValue.Content
        switch byte {
        case UInt8(ascii: "{"): content = .object(try object())
        case UInt8(ascii: "["): content = .array(try array())
        case UInt8(ascii: "\""): content = .string(try string())
        case UInt8(ascii: "-"), 0x30...0x39: content = try number()
        case UInt8(ascii: "t"): content = try literal("true", .boolean(true))
        case UInt8(ascii: "f"): content = try literal("false", .boolean(false))
        case UInt8(ascii: "n"): content = try literal("null", .null)
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            throw failure("a value should be here; is there a comma too many before it?")
        default: throw failure("\(describe(byte)) cannot start a value")
        }
        return JSONValue(content: content, position: start)
    }

    private mutating func object() throws(ColumnarError) -> [JSONMember] {
        try enter()
        var members: [JSONMember] = []
        skipSpace()
        if peek == UInt8(ascii: "}") { return leave(members) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else {
                throw failure(
                    peek == UInt8(ascii: "}")
                        ? "a comma too many before }" : "a key in double quotes should be here")
            }
            let keyPosition = position
            let key = try string()
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw failure("a colon should be here") }
            cursor += 1
            skipSpace()
            let value = try value()
            members.append(JSONMember(key: key, keyPosition: keyPosition, value: value))
            skipSpace()
            if peek == UInt8(ascii: "}") { return leave(members) }
            guard peek == UInt8(ascii: ",") else { throw failure("a comma or } should be here") }
            cursor += 1
        }
    }

    private mutating func array() throws(ColumnarError) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        skipSpace()
        if peek == UInt8(ascii: "]") { return leave(elements) }
        while true {
            skipSpace()
            guard peek != UInt8(ascii: "]") else { throw failure("a comma too many before ]") }
            elements.append(try value())
            skipSpace()
            if peek == UInt8(ascii: "]") { return leave(elements) }
            guard peek == UInt8(ascii: ",") else { throw failure("a comma or ] should be here") }
            cursor += 1
        }
    }

    private mutating func enter() throws(ColumnarError) {
        depth += 1
        guard depth <= maxDepth else { throw failure("nested deeper than \(maxDepth) levels") }
        cursor += 1
    }

    private mutating func leave<T>(_ result: T) -> T {
        depth -= 1
        cursor += 1
        return result
    }

    private mutating func literal(
        _ text: StaticString, _ content: JSONValue.Content
    ) throws(ColumnarError) -> JSONValue.Content {
        let count = text.utf8CodeUnitCount
        for i in 0..<count {
            guard cursor + i < bytes.count, bytes[cursor + i] == text.utf8Start[i] else {
                throw failure("an unknown word; true, false and null are the only ones")
            }
        }
        cursor += count
        return content
    }

    private mutating func number() throws(ColumnarError) -> JSONValue.Content {
        let start = cursor
        if peek == UInt8(ascii: "-") { cursor += 1 }
        let leading = peek
        guard digitRun() > 0 else { throw failure("a digit should be here") }
        let isLong = cursor - start > 1 + (bytes[start] == UInt8(ascii: "-") ? 1 : 0)
        if leading == 0x30, isLong { throw failure("a number cannot start with 0") }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            cursor += 1
            guard digitRun() > 0 else { throw failure("a digit should follow the point") }
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            isInteger = false
            cursor += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { cursor += 1 }
            guard digitRun() > 0 else { throw failure("a digit should follow the exponent") }
        }
        let text = String(decoding: bytes[start..<cursor], as: UTF8.self)
        if isInteger {
            if let integer = Int64(text) { return .integer(integer) }
            guard UInt64(text) != nil else {
                if keepsLongIntegers { return .string(text) }
                throw failure("the integer \(text.prefix(40)) does not fit in 64 bits")
            }
        }
        guard let double = Double(text), double.isFinite else {
            throw failure("the number \(text.prefix(40)) does not fit a double")
        }
        return .double(double)
    }

    private mutating func digitRun() -> Int {
        let start = cursor
        while let byte = peek, byte >= 0x30, byte <= 0x39 { cursor += 1 }
        return cursor - start
    }

    private mutating func string() throws(ColumnarError) -> String {
        cursor += 1
        var text: [UInt8] = []
        while true {
            let start = cursor
            while let byte = peek, byte >= 0x20, byte != 0x22, byte != 0x5C { cursor += 1 }
            text.append(contentsOf: bytes[start..<cursor])
            guard let byte = peek else { throw failure("the text ends inside a string") }
            if byte == 0x22 { break }
            guard byte == 0x5C else {
                throw failure("\(describe(byte)) inside a string must be escaped")
            }
            cursor += 1
            try escape(into: &text)
        }
        cursor += 1
        guard let string = String(validating: text, as: UTF8.self) else {
            throw failure("the string before this is not valid UTF-8")
        }
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(ColumnarError) {
        guard let byte = peek else { throw failure("the text ends inside a string") }
        cursor += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            text.append(contentsOf: String(Character(try escapedScalar())).utf8)
        default:
            cursor -= 1
            throw failure("\(describe(byte)) after a backslash means nothing")
        }
    }

    private mutating func escapedScalar() throws(ColumnarError) -> Unicode.Scalar {
        let first = try hexUnit()
        var code = first
        if first >= 0xD800, first < 0xDC00, peek == 0x5C, cursor + 1 < bytes.count,
            bytes[cursor + 1] == UInt8(ascii: "u")
        {
            cursor += 2
            let second = try hexUnit()
            if second >= 0xDC00, second < 0xE000 {
                code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
            }
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw failure("half of a surrogate pair before this stands alone")
        }
        return scalar
    }

    private mutating func hexUnit() throws(ColumnarError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits should follow \\u")
            }
            unit = unit << 4 | UInt32(digit)
            cursor += 1
        }
        return unit
    }

    private func describe(_ byte: UInt8) -> String {
        if byte > 0x20, byte < 0x7F { return "'\(Character(Unicode.Scalar(byte)))'" }
        let hex = String(byte, radix: 16, uppercase: true)
        return "byte 0x\(hex.count == 1 ? "0" : "")\(hex)"
    }
}
