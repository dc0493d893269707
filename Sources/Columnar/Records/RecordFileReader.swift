/// The records of one JSON file, one after another, whatever its size and compression.
///
/// One record is held at a time, and one block of text: for looking through files, not for scanning tables.
package struct RecordFileReader {
    /// How records stand in the file; nil before the first.
    package var layout: RecordLayout? { splitter?.layout }

    private let input: TextInput
    private let pool: BufferPool
    private let parser: RecordParser
    private var reader: BlockReader
    private var splitter: RecordSplitter?
    private var records: RecordSlices?
    private var next = 0
    private var line = 1

    /// Opens a file.
    ///
    /// Throws `io`, or `corrupt` for compressed data that is none.
    package init(_ input: TextInput, pool: BufferPool) throws(ColumnarError) {
        self.input = input
        self.pool = pool
        parser = try RecordParser(name: input.name)
        reader = BlockReader(
            try input.stream(counters: nil, pool: pool), name: input.name,
            blockBytes: Limits.textBlockBytes, pool: pool)
    }

    /// The next record, an object that lives until the call after; nil at the end.
    ///
    /// Throws `corrupt` with the line for what is not JSON or not an object, and `limit`.
    package mutating func record() throws(ColumnarError) -> JSONElement? {
        while true {
            if let records, next < records.count {
                let slice = records.span()[next]
                next += 1
                return try parser.object(slice, of: records, line: line)
            }
            if let records { consume(records.consumedBytes, of: records.buffer) }
            records = nil
            guard let block = try reader.next(line: line) else { return nil }
            try take(block)
        }
    }

    private mutating func take(_ block: TextBlock) throws(ColumnarError) {
        let bytes = UnsafeRawBufferPointer(block.bytes)
        guard var splitter = splitter ?? start(bytes) else {
            return consume(block.count, of: block.buffer)
        }
        try TextBytes.check(block, line: line, name: input.name)
        records = try splitter.split(block, line: line, pool: pool)
        next = 0
        self.splitter = splitter
    }

    /// The splitter of a text that begins with these bytes; nil while they are blanks.
    private func start(_ bytes: UnsafeRawBufferPointer) -> RecordSplitter? {
        let text = UnsafeRawBufferPointer(rebasing: bytes[TextBytes.markBytes(bytes)...])
        return RecordSplitter.layout(of: text).map {
            RecordSplitter(layout: $0, name: input.name)
        }
    }

    private mutating func consume(_ count: Int, of buffer: Buffer) {
        line += TextBytes.newlines(UnsafeRawBufferPointer(start: buffer.base, count: count))
        reader.consume(count)
    }
}
