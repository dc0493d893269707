import Columnar

/// Reads a SQL type: `bigint`, `varchar(20)`, `timestamp(6)`, `array(row(id varchar, n bigint))`.
///
/// Source: Trino 401 `language/types`. A bare `row` is a row without fields: the schema file lists them
/// beside it. Types that no JSON value becomes (char, varbinary, intervals, …) are refused.
struct TypeParser {
    /// Why a text is not a type.
    struct Invalid: Error, Hashable {
        let reason: String
    }

    static let scalarNames = [
        "boolean", "integer", "bigint", "real", "double", "varchar", "json", "date", "timestamp",
        "array", "row",
    ]

    private let text: [UInt8]
    private var cursor = 0
    private var depth = 0

    static func parse(_ text: String) throws(Invalid) -> DataType {
        var parser = TypeParser(text: Array(text.utf8))
        let type = try parser.type()
        parser.skipSpace()
        guard parser.cursor == parser.text.count else {
            throw Invalid(reason: "has text behind the type")
        }
        return type
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    private mutating func type() throws(Invalid) -> DataType {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.nestingDepth else { throw Invalid(reason: "is nested too deep") }
        let name = word()
        switch name {
        case "boolean": return .boolean
        case "integer", "int": return .integer
        case "bigint": return .bigint
        case "real": return .real
        case "double": return .double
        case "json": return .json
        case "date": return .date
        case "varchar":
            guard let length = try numbers(atMost: 1).first else { return .text }
            guard length >= 1 else { throw Invalid(reason: "has a varchar shorter than 1") }
            return .varchar(length: length)
        case "timestamp":
            let precision = try numbers(atMost: 1).first ?? 6
            guard precision == 6 else {
                throw Invalid(reason: "has timestamp(\(precision)); tables hold timestamp(6)")
            }
            return .timestamp(precision: 6)
        case "array":
            try expect("(")
            let element = try type()
            try expect(")")
            return .array(element)
        case "row": return .row(try fields())
        default:
            let hint = NearestName.of(name, in: Self.scalarNames).map { "; did you mean \($0)?" }
            throw Invalid(reason: "has no type named '\(name)'\(hint ?? "")")
        }
    }

    private mutating func fields() throws(Invalid) -> [RowField] {
        guard take("(") else { return [] }
        var fields: [RowField] = []
        repeat {
            let name = word()
            guard Identifier.isValid(name) else {
                throw Invalid(reason: "has a row field '\(name)'; write row(name type, …)")
            }
            fields.append(RowField(name: name, type: try type()))
        } while take(",")
        try expect(")")
        return fields
    }

    private mutating func numbers(atMost count: Int) throws(Invalid) -> [Int] {
        guard take("(") else { return [] }
        var numbers: [Int] = []
        repeat {
            guard let number = Int(word()) else { throw Invalid(reason: "needs a number in ()") }
            numbers.append(number)
        } while take(",")
        try expect(")")
        guard numbers.count <= count else { throw Invalid(reason: "has too many numbers in ()") }
        return numbers
    }

    private mutating func skipSpace() {
        while cursor < text.count, text[cursor] == 0x20 { cursor += 1 }
    }

    /// A run of letters, digits and underscores, lower-cased.
    private mutating func word() -> String {
        skipSpace()
        var word: [UInt8] = []
        while cursor < text.count {
            let byte = text[cursor]
            switch byte {
            case 0x41...0x5A: word.append(byte + 0x20)
            case 0x61...0x7A, 0x30...0x39, 0x5F: word.append(byte)
            default: return String(decoding: word, as: UTF8.self)
            }
            cursor += 1
        }
        return String(decoding: word, as: UTF8.self)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard cursor < text.count, text[cursor] == UInt8(ascii: character) else { return false }
        cursor += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Invalid) {
        guard take(character) else { throw Invalid(reason: "lacks a '\(character)'") }
    }
}
