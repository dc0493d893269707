/// A scan over delimited text files of one table; a morsel is a block of whole records.
///
/// Columns are matched by name; what a file lacks is its constant, or NULL. Every value is read as the table's
/// type of its column, which must hold it: `DelimitedFile.union` makes such a schema, varchar holds all.
package final class DelimitedScan: TableScan {
    private let files: [TextScanFile<DelimitedFile>]
    private let schema: Schema
    private let request: ScanRequest
    private let morsels: TextMorsels
    package let counters = ScanCounters()

    package var morselCount: Int { morsels.list.count }

    package init(files: [TextScanFile<DelimitedFile>], schema: Schema, request: ScanRequest) {
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
        var columns: [DelimitedBatches.Source] = []
        for wanted in request.columns {
            let field = schema.fields[wanted.index]
            if let position = source.file.names.firstIndex(of: field.name) {
                columns.append(.field(position, field))
            } else {
                let value = source.constants[wanted.index] ?? .null
                columns.append(
                    .constant(try Column.from([value], type: field.type, pool: pool)))
            }
        }
        return try DelimitedBatches(
            source.file, piece, columns: columns,
            firstRow: RowID(file: source.fileIndex, row: piece.firstRow), counters: counters,
            pool: pool)
    }
}

/// The batches of one piece of a file.
struct DelimitedBatches: BatchReader {
    enum Source {
        case field(Int, Field)
        case constant(Column)
    }

    private let file: DelimitedFile
    private let piece: TextPiece
    private let columns: [Source]
    private let counters: ScanCounters
    private let pool: BufferPool
    private var reader: BlockReader
    private var splitter: DelimitedSplitter
    private var records: DelimitedRecords?
    private var line: Int
    /// Rows of `records` handed out.
    private var position = 0
    private var nextRow: RowID
    private var rowsLeft: Int

    init(
        _ file: DelimitedFile, _ piece: TextPiece, columns: [Source], firstRow: RowID,
        counters: ScanCounters, pool: BufferPool
    ) throws(ColumnarError) {
        self.file = file
        self.piece = piece
        self.columns = columns
        self.counters = counters
        self.pool = pool
        line = piece.firstLine
        nextRow = firstRow
        rowsLeft = piece.rowCount
        let stream = try file.input.stream(
            from: piece.offset, to: piece.end, counters: counters, pool: pool)
        // A block as large as the piece, and a byte more, is known to be the last.
        let size = piece.end.map { max($0 - piece.offset + 1, 16) } ?? file.blockBytes
        reader = BlockReader(stream, name: file.input.name, blockBytes: size, pool: pool)
        splitter = DelimitedSplitter(
            delimiter: file.delimiter, dialect: file.dialect, name: file.input.name,
            columnCount: file.names.count)
    }

    mutating func next(maxRows: Int) throws(ColumnarError) -> Batch? {
        while records.map({ position == $0.recordCount }) ?? true {
            guard try split() else { return nil }
        }
        guard let records else { return nil }
        let count = min(maxRows, records.recordCount - position)
        var batch: [Column] = []
        for column in columns {
            switch column {
            case .constant(let value): batch.append(.constant(ConstantColumn(value, count: count)))
            case .field(let index, let field):
                let reader = DelimitedColumn(
                    records: records, column: index, name: field.name, file: file.input.name,
                    line: line, pool: pool)
                batch.append(try reader.rows(position, count, as: field.type))
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
        let next = try splitter.split(block, line: line, pool: pool)
        reader.consume(next.consumedBytes)
        records = next
        position = 0
        line = next.nextLine
        rowsLeft -= next.recordCount
        return true
    }
}
