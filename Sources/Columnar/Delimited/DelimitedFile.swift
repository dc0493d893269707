/// One delimited text file after its survey: how it is written, what its columns hold, where its records lie.
package struct DelimitedFile: Sendable {
    package let input: TextInput
    let dialect: DelimitedDialect
    let delimiter: UInt8
    package let hasHeader: Bool
    package let names: [String]
    let evidence: [TextEvidence]
    let pieces: [TextPiece]
    /// What a piece is read in.
    let blockBytes: Int
    package let rowCount: Int

    /// Reads the whole file once: every value has a say in its column's type, so reading cannot fail later.
    ///
    /// Throws `corrupt` with the line for records of unequal length, unclosed quotes and bytes that are no
    /// UTF-8, and `limit` for a record beyond `Limits.recordBytes`.
    package static func survey(
        _ input: TextInput, dialect: DelimitedDialect, pool: BufferPool,
        blockBytes: Int = Limits.textBlockBytes
    ) throws(ColumnarError) -> DelimitedFile {
        var survey = try DelimitedSurvey(input, dialect, blockBytes: blockBytes, pool: pool)
        if let file = try survey.run() { return file }
        // A backslash that escapes nothing: they are all text.
        var plain = dialect
        plain.hasEscapes = false
        var again = try DelimitedSurvey(input, plain, blockBytes: blockBytes, pool: pool)
        guard let file = try again.run() else {
            throw .corrupt(input.location, reason: "the file changed while it was read")
        }
        return file
    }

    /// The columns with the types that hold this file's values.
    package var schema: Schema {
        Schema(
            zip(names, evidence).map { name, evidence in
                Field(name: name, type: dialect.infersTypes ? evidence.type : .text)
            })
    }

    /// The columns of several files by name, in order of appearance, with types that hold the values of all.
    package static func union(_ files: [DelimitedFile]) -> Schema {
        var names: [String] = []
        var joined: [String: TextEvidence] = [:]
        for file in files {
            for (name, evidence) in zip(file.names, file.evidence) {
                if joined[name]?.join(evidence) == nil {
                    joined[name] = evidence
                    names.append(name)
                }
            }
        }
        let infers = files.allSatisfy(\.dialect.infersTypes)
        return Schema(
            names.map { name in
                Field(name: name, type: infers ? joined[name]?.type ?? .text : .text)
            })
    }
}

/// The first pass over a file: its dialect, its header, the evidence of every column, its pieces.
struct DelimitedSurvey {
    private let input: TextInput
    private let dialect: DelimitedDialect
    private let blockBytes: Int
    private let pool: BufferPool
    private var reader: BlockReader
    private var splitter: DelimitedSplitter?
    private var first: FirstRecord?
    private var evidence: [TextEvidence] = []
    private var pieces: [TextPiece] = []
    private var rowCount = 0
    private var offset = 0
    private var line = 1

    init(
        _ input: TextInput, _ dialect: DelimitedDialect, blockBytes: Int, pool: BufferPool
    ) throws(ColumnarError) {
        self.input = input
        self.dialect = dialect
        self.blockBytes = blockBytes
        self.pool = pool
        let stream = try input.stream(counters: nil, pool: pool)
        reader = BlockReader(stream, name: input.name, blockBytes: blockBytes, pool: pool)
    }

    /// nil when backslashes turned out to be text.
    mutating func run() throws(ColumnarError) -> DelimitedFile? {
        while var block = try reader.next(line: line) {
            if splitter == nil {
                let mark = TextBytes.markBytes(UnsafeRawBufferPointer(block.bytes))
                if mark > 0 {
                    consume(mark, line: line)
                    guard let rest = try reader.next(line: line) else { break }
                    block = rest
                }
                splitter = makeSplitter(block)
            }
            guard try take(block) else { return nil }
        }
        return finish()
    }

    private func makeSplitter(_ block: TextBlock) -> DelimitedSplitter {
        let delimiter =
            dialect.delimiter
            ?? DelimitedDialect.delimiter(
                of: UnsafeRawBufferPointer(block.bytes), quote: dialect.quote)
        return DelimitedSplitter(delimiter: delimiter, dialect: dialect, name: input.name)
    }

    /// Takes the records of a block; false when backslashes turned out to be text.
    private mutating func take(_ block: TextBlock) throws(ColumnarError) -> Bool {
        guard var splitter else { return true }
        try TextBytes.check(block, line: line, name: input.name)
        if first == nil {
            // The first record alone: the header must not speak for the types.
            let records = try splitter.split(block, line: line, most: 1, pool: pool)
            if records.recordCount > 0 {
                guard records.columnCount <= Limits.tableColumns else {
                    throw .limit(
                        name: "tableColumns", value: records.columnCount,
                        limit: Limits.tableColumns, location: input.location)
                }
                first = FirstRecord(
                    records, offset: offset, end: offset + records.consumedBytes, line: line,
                    nextLine: records.nextLine)
                evidence = Array(repeating: TextEvidence(), count: records.columnCount)
            }
            consume(records.consumedBytes, line: records.nextLine)
        } else {
            let records = try splitter.split(block, line: line, undoing: false, pool: pool)
            weigh(records)
            if records.recordCount > 0 {
                pieces.append(
                    TextPiece(
                        offset: offset, end: offset + records.consumedBytes, firstRow: rowCount,
                        rowCount: records.recordCount, firstLine: line))
            }
            rowCount += records.recordCount
            consume(records.consumedBytes, line: records.nextLine)
        }
        self.splitter = splitter
        return !splitter.sawPlainBackslash
    }

    private mutating func consume(_ bytes: Int, line: Int) {
        reader.consume(bytes)
        offset += bytes
        self.line = line
    }

    private mutating func weigh(_ records: DelimitedRecords) {
        guard dialect.infersTypes else { return }
        let fields = records.fieldSpan()
        for column in evidence.indices {
            var state = evidence[column]
            var i = column
            while i < fields.count, !state.kinds.isEmpty {
                if !fields[i].isNull { state.add(records.bytes(fields[i])) }
                i += records.columnCount
            }
            evidence[column] = state
        }
    }

    private mutating func finish() -> DelimitedFile? {
        let header = first.map { $0.isHeader(dialect.hasHeader, evidence) } ?? false
        if let first, !header {
            for (column, field) in first.fields.enumerated() {
                guard let field else { continue }
                field.withUnsafeBytes { evidence[column].add($0) }
            }
            rowCount += 1
            for i in pieces.indices { pieces[i].firstRow += 1 }
            let piece = TextPiece(
                offset: first.offset, end: first.end, firstRow: 0, rowCount: 1,
                firstLine: first.line)
            if pieces.isEmpty { pieces = [piece] } else { pieces[0].prepend(piece) }
        }
        return DelimitedFile(
            input: input, dialect: dialect, delimiter: splitter?.delimiter ?? 0x2C,
            hasHeader: header, names: first?.names(isHeader: header) ?? [], evidence: evidence,
            pieces: isSeekable ? pieces : whole(isHeader: header), blockBytes: blockBytes,
            rowCount: rowCount)
    }

    /// Pieces of compressed texts would each decompress all before them.
    private var isSeekable: Bool { input.compression == .none }

    private func whole(isHeader: Bool) -> [TextPiece] {
        guard let first, rowCount > 0 else { return [] }
        return [
            TextPiece(
                offset: isHeader ? first.end : first.offset, end: nil, firstRow: 0,
                rowCount: rowCount, firstLine: isHeader ? first.nextLine : first.line)
        ]
    }
}
