/// A scan over JSON files of records of one table; a morsel is a block of whole records.
///
/// Columns are matched by key; what a file lacks is its constant, or NULL. Types are those of the table, which
/// must hold every value: `RecordFile.union` makes such a schema.
package final class RecordScan: TableScan {
    private let files: [TextScanFile<RecordFile>]
    private let schema: Schema
    private let request: ScanRequest
    private let morsels: TextMorsels
    package let counters = ScanCounters()

    package var morselCount: Int { morsels.list.count }

    package init(files: [TextScanFile<RecordFile>], schema: Schema, request: ScanRequest) {
        self.files = files
        self.schema = schema
        self.request = request
        var morsels = TextMorsels()
        for (index, file) in files.enumerated() { morsels.add(file: index, file.file.pieces) }
        morsels.cut(request)
        self.morsels = morsels
        counters.filesTotal.store(files.count, ordering: .relaxed)
        counters.filesRead.store(Set(morsels.list.map(\.file)).count, ordering: .relaxed)
    }

    package func open(morsel: Int, pool: BufferPool) throws(ColumnarError) -> any BatchReader {
        let (index, piece) = morsels.list[morsel]
        let source = files[index]
        let keys = Set(source.file.shape.keys.names)
        var wanted: [(name: String, type: DataType)] = []
        var columns: [RecordBatches.Source] = []
        for column in request.columns {
            let field = schema.fields[column.index]
            if keys.contains(Array(field.name.utf8)) {
                columns.append(.member(wanted.count))
                wanted.append((field.name, field.type))
            } else {
                let value = source.constants[column.index] ?? .null
                columns.append(
                    .constant(try Column.from([value], type: field.type, pool: pool)))
            }
        }
        return try RecordBatches(
            source.file, piece, columns: columns, wanted: wanted,
            firstRow: RowID(file: source.fileIndex, row: piece.firstRow), counters: counters,
            pool: pool)
    }
}

/// The batches of one piece of a file.
struct RecordBatches: BatchReader {
    enum Source {
        case member(Int)
        case constant(Column)
    }

    private let file: RecordFile
    private let columns: [Source]
    private let counters: ScanCounters
    private let pool: BufferPool
    private let parser: RecordParser
    private var members: RecordMembers
    private var reader: BlockReader
    private var splitter: RecordSplitter
    private var records: RecordSlices?
    /// The line that `records` begin with.
    private var recordsLine: Int
    private var line: Int
    /// Records handed out.
    private var position = 0
    private var nextRow: RowID
    private var rowsLeft: Int

    init(
        _ file: RecordFile, _ piece: TextPiece, columns: [Source],
        wanted: [(name: String, type: DataType)], firstRow: RowID, counters: ScanCounters,
        pool: BufferPool
    ) throws(ColumnarError) {
        self.file = file
        self.columns = columns
        self.counters = counters
        self.pool = pool
        line = piece.firstLine
        recordsLine = line
        nextRow = firstRow
        rowsLeft = piece.rowCount
        parser = try RecordParser(name: file.input.name)
        members = try RecordMembers(keys: file.shape.keys, columns: wanted, pool: pool)
        let stream = try file.input.stream(
            from: piece.offset, to: piece.end, counters: counters, pool: pool)
        // A block as large as the piece, and a byte more, is known to be the last.
        let size = piece.end.map { max($0 - piece.offset + 1, 16) } ?? file.blockBytes
        reader = BlockReader(stream, name: file.input.name, blockBytes: size, pool: pool)
        splitter = RecordSplitter(
            layout: file.layout, name: file.input.name, partFrom: piece.offset)
    }

    mutating func next(maxRows: Int) throws(ColumnarError) -> Batch? {
        while records.map({ position == $0.count }) ?? true {
            guard try split() else { return nil }
        }
        guard let records else { return nil }
        let count = min(maxRows, records.count - position)
        let slices = records.span()
        for i in position..<position + count {
            try members.append(parser.object(slices[i], of: records, line: recordsLine))
        }
        let collected = try members.finish()
        let batch = columns.map { source -> Column in
            switch source {
            case .member(let index): collected[index]
            case .constant(let value): .constant(ConstantColumn(value, count: count))
            }
        }
        defer {
            position += count
            nextRow = RowID(bits: nextRow.bits + UInt64(count))
        }
        counters.rowsRead.wrappingAdd(count, ordering: .relaxed)
        return Batch(columns: batch, count: count, origin: .consecutive(first: nextRow))
    }

    /// Goes to the next block; false behind the last.
    private mutating func split() throws(ColumnarError) -> Bool {
        guard let block = try reader.next(line: line) else {
            guard rowsLeft == 0 else {
                throw .corrupt(
                    file.input.location, reason: "the file changed while it was read")
            }
            return false
        }
        let text = UnsafeRawBufferPointer(block.bytes)
        if records == nil, TextBytes.markBytes(text) > 0 {
            reader.consume(TextBytes.markBytes(text))
            return try split()
        }
        let next = try splitter.split(block, line: line, pool: pool)
        reader.consume(next.consumedBytes)
        recordsLine = line
        line += TextBytes.newlines(
            UnsafeRawBufferPointer(start: block.buffer.base, count: next.consumedBytes))
        records = next
        position = 0
        rowsLeft -= next.count
        return true
    }
}
