/// How a delimited text is written: what ends a field, what quotes it, what stands for NULL.
///
/// Source: RFC 4180. Beyond it: any one-byte delimiter, lines that end in CR alone, backslash escapes as
/// PostgreSQL's and ClickHouse's TSV have them.
package struct DelimitedDialect: Hashable, Sendable {
    /// nil is to be found out: a comma, else the most frequent of `;`, tab and `|` in the first line.
    package var delimiter: UInt8?
    package var quote = UInt8(ascii: "\"")
    /// Unquoted fields escape with a backslash (`\t \n \r \\`), and `\N` is NULL.
    package var hasEscapes: Bool
    /// Whether the first line names the columns; nil is to be found out.
    package var hasHeader: Bool?
    /// Unquoted text that means NULL besides the empty field.
    package var nullText: [UInt8] = []
    /// Whether types are looked for; else every column is varchar.
    package var infersTypes = true

    package static let csv = DelimitedDialect(delimiter: nil, hasEscapes: false)
    package static let tsv = DelimitedDialect(delimiter: 0x09, hasEscapes: true)

    package init(delimiter: UInt8?, hasEscapes: Bool) {
        self.delimiter = delimiter
        self.hasEscapes = hasEscapes
    }

    /// The delimiter that a text's first record is split by.
    static func delimiter(of firstLine: UnsafeRawBufferPointer, quote: UInt8) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in firstLine {
            if byte == quote { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == 0x0A || byte == 0x0D { break }
            counts[byte, default: 0] += 1
        }
        let comma = UInt8(ascii: ",")
        guard counts[comma] == nil else { return comma }
        let others = [UInt8(ascii: ";"), 0x09, UInt8(ascii: "|")]
        return others.max { counts[$0, default: 0] < counts[$1, default: 0] }
            .flatMap { counts[$0] == nil ? nil : $0 } ?? comma
    }
}

/// Where one field lies in its block, without its quotes: 8 bytes.
struct FieldSlice: BitwiseCopyable {
    var start: UInt32
    /// Length in the low 28 bits, marks above them.
    private var bits: UInt32

    static let quoted: UInt32 = 1 << 31
    /// Doubled quotes or backslashes are still to be undone.
    static let escaped: UInt32 = 1 << 30
    static let null: UInt32 = 1 << 29
    private static let lengthMask: UInt32 = 1 << 28 - 1

    init(start: Int, length: Int, marks: UInt32) {
        self.start = UInt32(truncatingIfNeeded: start)
        bits = UInt32(truncatingIfNeeded: length) & Self.lengthMask | marks
    }

    var length: Int { Int(bits & Self.lengthMask) }
    var isQuoted: Bool { bits & Self.quoted != 0 }
    var isEscaped: Bool { bits & Self.escaped != 0 }
    var isNull: Bool { bits & Self.null != 0 }
}
