/// One JSON file of records after its survey: how records stand, what they hold, where they lie.
package struct RecordFile: Sendable {
    package let input: TextInput
    let layout: RecordLayout
    package let shape: RecordShape
    let pieces: [TextPiece]
    let blockBytes: Int
    package let rowCount: Int

    /// Reads the whole file once: every record has a say in the types, so reading cannot fail later.
    ///
    /// `isLines` says that each line is a record; else the first byte tells an array from values in a row.
    /// Throws `corrupt` with the line for what is not JSON or not an object, and `limit` for a record beyond
    /// `Limits.recordBytes`.
    package static func survey(
        _ input: TextInput, isLines: Bool, pool: BufferPool,
        blockBytes: Int = Limits.textBlockBytes
    ) throws(ColumnarError) -> RecordFile {
        var survey = try RecordSurvey(
            input, isLines: isLines, blockBytes: blockBytes, pool: pool)
        return try survey.run()
    }

    package var schema: Schema { shape.schema }

    /// The columns of several files by name, in order of appearance, with types that hold the values of all.
    package static func union(_ files: [RecordFile]) -> Schema {
        var shape = RecordShape()
        for file in files { shape.join(file.shape) }
        return shape.schema
    }
}

/// The first pass over a file: its layout, the shape of its records, its pieces.
struct RecordSurvey {
    private let input: TextInput
    private let isLines: Bool
    private let blockBytes: Int
    private let pool: BufferPool
    private let parser: RecordParser
    private var reader: BlockReader
    private var splitter: RecordSplitter?
    private var shape = RecordShape()
    private var pieces: [TextPiece] = []
    private var rowCount = 0
    private var offset = 0
    private var line = 1

    init(
        _ input: TextInput, isLines: Bool, blockBytes: Int, pool: BufferPool
    ) throws(ColumnarError) {
        self.input = input
        self.isLines = isLines
        self.blockBytes = blockBytes
        self.pool = pool
        parser = try RecordParser(name: input.name)
        let stream = try input.stream(counters: nil, pool: pool)
        reader = BlockReader(stream, name: input.name, blockBytes: blockBytes, pool: pool)
    }

    mutating func run() throws(ColumnarError) -> RecordFile {
        var isFirst = true
        while let block = try reader.next(line: line) {
            let mark = isFirst ? TextBytes.markBytes(UnsafeRawBufferPointer(block.bytes)) : 0
            isFirst = false
            if mark > 0 {
                consume(mark, of: block)
            } else {
                try take(block)
            }
        }
        return RecordFile(
            input: input, layout: splitter?.layout ?? .values, shape: shape,
            pieces: input.compression == .none ? pieces : whole(), blockBytes: blockBytes,
            rowCount: rowCount)
    }

    private mutating func take(_ block: TextBlock) throws(ColumnarError) {
        guard var splitter = splitter ?? makeSplitter(block) else {
            // Blanks alone: the text begins in the next block.
            consume(block.count, of: block)
            return
        }
        try TextBytes.check(block, line: line, name: input.name)
        let records = try splitter.split(block, line: line, pool: pool)
        self.splitter = splitter
        let slices = records.span()
        for i in slices.indices {
            shape.add(try parser.object(slices[i], of: records, line: line))
            guard shape.members.count <= Limits.tableColumns else {
                throw .limit(
                    name: "tableColumns", value: shape.members.count, limit: Limits.tableColumns,
                    location: input.location)
            }
        }
        if records.count > 0 {
            pieces.append(
                TextPiece(
                    offset: pieces.isEmpty ? 0 : offset, end: offset + records.consumedBytes,
                    firstRow: rowCount, rowCount: records.count,
                    firstLine: pieces.isEmpty ? 1 : line))
        }
        rowCount += records.count
        consume(records.consumedBytes, of: block)
    }

    private func makeSplitter(_ block: TextBlock) -> RecordSplitter? {
        let bytes = UnsafeRawBufferPointer(block.bytes)
        guard let found = RecordSplitter.layout(of: bytes) else { return nil }
        return RecordSplitter(layout: isLines ? .lines : found, name: input.name)
    }

    private mutating func consume(_ count: Int, of block: TextBlock) {
        line += TextBytes.newlines(UnsafeRawBufferPointer(start: block.buffer.base, count: count))
        reader.consume(count)
        offset += count
    }

    /// Pieces of compressed texts would each decompress all before them.
    private func whole() -> [TextPiece] {
        rowCount == 0
            ? []
            : [TextPiece(offset: 0, end: nil, firstRow: 0, rowCount: rowCount, firstLine: 1)]
    }
}
