import Glibc

/// The records of one block, split: `fields[record * columnCount + column]`.
struct DelimitedRecords {
    let buffer: Buffer
    let fields: Buffer
    let recordCount: Int
    let columnCount: Int
    /// Bytes of the block that the records take.
    let consumedBytes: Int
    /// The line behind the last record.
    let nextLine: Int

    @_lifetime(borrow self)
    func fieldSpan() -> Span<FieldSlice> {
        let span = fields.span(of: FieldSlice.self, count: recordCount * columnCount)
        return _overrideLifetime(span, borrowing: self)
    }

    func bytes(_ field: FieldSlice) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: buffer.base + Int(field.start), count: field.length)
    }
}

/// Splits blocks of delimited text into records and fields, and undoes quotes and escapes in place.
///
///     record = field *(delimiter field) (LF / CR LF / CR / end)
///     field  = *TEXT / quote *(any / quote quote) quote
///
/// A quote inside an unquoted field is text. Empty lines are no records, except in a table of one column,
/// where they are a NULL.
struct DelimitedSplitter {
    let delimiter: UInt8
    let dialect: DelimitedDialect
    let name: String
    /// Fields of every record; nil until the first was seen.
    var columnCount: Int?
    /// A backslash stood before something that nobody escapes: the text was not written with escapes.
    private(set) var sawPlainBackslash = false

    private enum Stop { case field, record, cut }

    init(delimiter: UInt8, dialect: DelimitedDialect, name: String, columnCount: Int? = nil) {
        self.delimiter = delimiter
        self.dialect = dialect
        self.name = name
        self.columnCount = columnCount
    }

    /// The whole records of a block that begins at `line`; at most `most` of them.
    ///
    /// Without `undoing`, fields keep doubled quotes and escapes: they show that a field is a text.
    mutating func split(
        _ block: TextBlock, line: Int, most: Int = .max, undoing: Bool = true, pool: BufferPool
    ) throws(ColumnarError) -> DelimitedRecords {
        var walk = try Walk(block, self, line: line, pool: pool)
        var records = 0
        var consumed = 0
        var nextLine = line
        while records < most, walk.position < block.count {
            let firstField = walk.fields.count
            let start = walk.position
            let recordLine = walk.line
            guard try walk.record() else {
                walk.forget(fieldsFrom: firstField)
                break
            }
            let count = walk.fields.count - firstField
            let isBlank = count == 1 && walk.fields.last.length == 0 && !walk.fields.last.isQuoted
            let isWanted = !isBlank || columnCount == 1
            if !isWanted {
                walk.forget(fieldsFrom: firstField)
            } else if count != columnCount ?? count {
                throw ragged(count, line: recordLine, start: start)
            } else {
                columnCount = count
                records += 1
            }
            consumed = walk.position
            nextLine = walk.line
        }
        if undoing { walk.undoEscapes() }
        sawPlainBackslash = sawPlainBackslash || walk.sawPlainBackslash
        return DelimitedRecords(
            buffer: block.buffer, fields: walk.fields.buffer, recordCount: records,
            columnCount: columnCount ?? 0, consumedBytes: consumed, nextLine: nextLine)
    }

    private func ragged(_ count: Int, line: Int, start: Int) -> ColumnarError {
        let wanted = columnCount ?? 0
        let what = count == 1 ? "1 field" : "\(count) fields"
        return .corrupt(
            FileLocation(path: name, line: line),
            reason: "this record has \(what), the first has \(wanted)")
    }
}

extension DelimitedSplitter {
    /// The state of one pass over one block.
    fileprivate struct Walk {
        var fields: GrowingBuffer<FieldSlice>
        var position = 0
        var line: Int
        var sawPlainBackslash = false
        private var hasEscaped = false
        private let bytes: UnsafeMutablePointer<UInt8>
        private let count: Int
        private let isLast: Bool
        private let delimiter: UInt8
        private let quote: UInt8
        private let escape: UInt8?
        private let nullText: [UInt8]
        private let name: String

        init(
            _ block: TextBlock, _ splitter: DelimitedSplitter, line: Int, pool: BufferPool
        ) throws(ColumnarError) {
            fields = try GrowingBuffer(pool: pool, capacity: max(64, min(block.count / 8, 1 << 16)))
            self.line = line
            bytes = block.buffer.base.assumingMemoryBound(to: UInt8.self)
            count = block.count
            isLast = block.isLast
            delimiter = splitter.delimiter
            quote = splitter.dialect.quote
            escape = splitter.dialect.hasEscapes ? UInt8(ascii: "\\") : nil
            nullText = splitter.dialect.nullText
            name = splitter.name
        }

        /// Takes one record; false when the block ends before the record does.
        mutating func record() throws(ColumnarError) -> Bool {
            let start = position
            let firstLine = line
            var taken = 0
            while true {
                let isQuoted = position < count && bytes[position] == quote
                let isWhole = isQuoted ? try quoted(firstLine) : try plain()
                guard isWhole, let stop = try stop(afterQuote: isQuoted) else {
                    position = start
                    line = firstLine
                    return false
                }
                if stop == .record { return true }
                taken += 1
                guard taken < Limits.recordFields else {
                    throw .limit(
                        name: "recordFields", value: taken, limit: Limits.recordFields,
                        location: FileLocation(path: name, line: firstLine))
                }
            }
        }

        mutating func forget(fieldsFrom first: Int) {
            fields.truncate(to: first)
        }

        /// An unquoted field up to its end; false when the block ends first.
        private mutating func plain() throws(ColumnarError) -> Bool {
            let start = position
            var marks: UInt32 = 0
            while position < count {
                let byte = bytes[position]
                if byte == delimiter || byte == 0x0A || byte == 0x0D { break }
                if byte == escape {
                    guard position + 1 < count else {
                        if !isLast { return false }
                        sawPlainBackslash = true
                        position += 1
                        break
                    }
                    let next = bytes[position + 1]
                    if next == 0x0A { line += 1 }
                    if Escapes.undone(next) == nil, next != UInt8(ascii: "N") {
                        sawPlainBackslash = true
                    }
                    marks = FieldSlice.escaped
                    position += 1
                }
                position += 1
            }
            if position == count, !isLast { return false }
            let length = position - start
            if length == 0 || isNull(start, length) { marks = FieldSlice.null }
            if marks & FieldSlice.escaped != 0 { hasEscaped = true }
            try fields.append(FieldSlice(start: start, length: length, marks: marks))
            return true
        }

        private func isNull(_ start: Int, _ length: Int) -> Bool {
            if escape != nil, length == 2, bytes[start] == UInt8(ascii: "\\"),
                bytes[start + 1] == UInt8(ascii: "N")
            {
                return true
            }
            guard length == nullText.count, length > 0 else { return false }
            for i in 0..<length where bytes[start + i] != nullText[i] { return false }
            return true
        }

        /// A quoted field with both its quotes; false when the block ends first.
        private mutating func quoted(_ firstLine: Int) throws(ColumnarError) -> Bool {
            let openingLine = line
            position += 1
            let start = position
            var marks = FieldSlice.quoted
            while position < count {
                let byte = bytes[position]
                if byte == 0x0A { line += 1 }
                if byte == quote {
                    guard position + 1 < count || isLast else { return false }
                    guard position + 1 < count, bytes[position + 1] == quote else { break }
                    marks |= FieldSlice.escaped
                    hasEscaped = true
                    position += 1
                }
                position += 1
            }
            guard position < count else {
                guard isLast else { return false }
                throw .corrupt(
                    FileLocation(path: name, line: openingLine),
                    reason: "the quote that opens here is never closed")
            }
            try fields.append(FieldSlice(start: start, length: position - start, marks: marks))
            position += 1
            return true
        }

        /// Steps over what ends a field; nil when the block ends before that is known.
        private mutating func stop(afterQuote: Bool) throws(ColumnarError) -> Stop? {
            guard position < count else { return isLast ? .record : nil }
            let byte = bytes[position]
            if byte == delimiter {
                position += 1
                // The field behind a delimiter may be in the next block.
                return position < count || isLast ? .field : nil
            }
            if byte == 0x0D {
                guard position + 1 < count || isLast else { return nil }
                if position + 1 < count, bytes[position + 1] == 0x0A { position += 1 }
            } else if byte != 0x0A {
                throw .corrupt(
                    FileLocation(path: name, line: line),
                    reason: "text follows the closing quote of field "
                        + "\"\(excerpt(fields.last))\"; a quote inside must be doubled")
            }
            position += 1
            line += 1
            return .record
        }

        private func excerpt(_ field: FieldSlice) -> String {
            let bytes = UnsafeBufferPointer(
                start: bytes + Int(field.start), count: min(field.length, 40))
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Rewrites the fields that hold doubled quotes or escapes; they only get shorter.
        mutating func undoEscapes() {
            guard hasEscaped else { return }
            var span = fields.buffer.mutableSpan(of: FieldSlice.self, count: fields.count)
            for i in span.indices where span[i].isEscaped {
                let field = span[i]
                let room = UnsafeMutableBufferPointer(
                    start: bytes + Int(field.start), count: field.length)
                let length =
                    field.isQuoted ? Escapes.undoDoubled(quote, room) : Escapes.undo(room)
                span[i] = FieldSlice(
                    start: Int(field.start), length: length,
                    marks: field.isQuoted ? FieldSlice.quoted : 0)
            }
        }
    }
}

/// Doubled quotes and backslash escapes, undone in place.
enum Escapes {
    /// The byte that a letter behind a backslash stands for; nil: nobody escapes so.
    static func undone(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "0"): 0x00
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), 0x09, 0x0A: letter
        default: nil
        }
    }

    /// Returns the length that is left.
    static func undoDoubled(_ quote: UInt8, _ text: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let base = text.baseAddress else { return 0 }
        var target = 0
        var source = 0
        while source < text.count {
            let rest = text.count - source
            let found = memchr(base + source, Int32(quote), rest)
            let kept = found.map { UnsafeMutableRawPointer(base + source).distance(to: $0) + 1 }
            memmove(base + target, base + source, kept ?? rest)
            target += kept ?? rest
            source += kept.map { $0 + 1 } ?? rest
        }
        return target
    }

    /// A backslash before what nobody escapes stays.
    static func undo(_ text: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var target = 0
        var source = 0
        while source < text.count {
            var byte = text[source]
            if byte == UInt8(ascii: "\\"), source + 1 < text.count,
                let undone = undone(text[source + 1])
            {
                byte = undone
                source += 1
            }
            text[target] = byte
            target += 1
            source += 1
        }
        return target
    }
}
