import Columnar

/// The rows of a table in parts that several threads may read: live files, and what a run has staged.
///
/// With staged rows these are the rows as the run will leave them: live rows that it replaces are left out.
struct CheckedRows: Sendable {
    /// A row: the number of its file and its place therein, or its place among staged rows.
    enum Place: Hashable, Comparable, Sendable {
        case live(file: Int, row: Int)
        case staged(batch: Int, row: Int)

        /// 64 bits, for many of them: staged rows are behind all others.
        var bits: UInt64 {
            switch self {
            case .live(let file, let row): UInt64(file) << 40 | UInt64(row)
            case .staged(let batch, let row): 1 << 63 | UInt64(batch) << 32 | UInt64(row)
            }
        }

        init(bits: UInt64) {
            if bits >> 63 == 0 {
                self = .live(file: Int(bits >> 40), row: Int(bits & (1 << 40 - 1)))
            } else {
                self = .staged(
                    batch: Int((bits & ~(1 << 63)) >> 32), row: Int(bits & (1 << 32 - 1)))
            }
        }
    }

    /// What a run puts into a table, and what it takes out.
    struct Pending: Sendable {
        var staged: ResolvedRows
        var replaced: ReplacedRows
        /// Position in the file schema of each column of a staged batch.
        var positions: [Int]
    }

    let schema: Schema
    /// Absolute paths.
    private(set) var files: [String]
    /// Rows of the files, those included that are left out.
    private(set) var liveCount: Int
    let pending: Pending?
    let pool: BufferPool

    /// The rows of a snapshot, nil for none, and of what a run is about to do to it.
    init(
        _ snapshot: TableSnapshot?, schema: Schema, pending: Pending? = nil, pool: BufferPool
    ) throws(LakeError) {
        self.schema = schema
        self.pending = pending
        self.pool = pool
        var files: [String] = []
        var count = 0
        for file in try snapshot?.liveFiles() ?? [] {
            files.append(try snapshot?.path(of: file.file) ?? file.file.path)
            count += Int(file.file.recordCount)
        }
        self.files = files
        liveCount = count
    }

    /// Adds the rows of files that are not in the snapshot.
    mutating func add(_ others: [(path: String, rowCount: Int64)]) {
        files += others.map(\.path)
        liveCount += others.reduce(0) { $0 + Int(clamping: $1.rowCount) }
    }

    var count: Int { liveCount + (pending?.staged.count ?? 0) }
    var partCount: Int { files.count + (pending?.staged.batches.count ?? 0) }

    /// Reads some columns of one part, by their positions in `schema`, batch by batch.
    ///
    /// The columns that the body gets hold all rows of a batch; `rows` are those that count, and
    /// `place` tells where one lies.
    func read(
        part: Int, columns: [Int],
        _ body: (_ columns: [Column], _ rows: [UInt32], _ place: (UInt32) -> Place)
            throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        if part < files.count {
            try readFile(part, columns, body)
        } else if let pending {
            let number = part - files.count
            let (all, numbers) = try staged(pending.staged, batch: number)
            var wanted: [Column] = []
            for column in columns {
                if let position = pending.positions.firstIndex(of: column) {
                    wanted.append(all[position])
                } else {
                    let type = schema.fields[column].type
                    wanted.append(try Column.nulls(type, count: numbers.count, pool: pool))
                }
            }
            try body(wanted, Array(0..<UInt32(numbers.count))) {
                .staged(batch: number, row: numbers[Int($0)])
            }
        }
    }

    private func staged(
        _ rows: ResolvedRows, batch: Int
    ) throws(ColumnarError) -> (columns: [Column], rows: [Int]) {
        do throws(LakeError) {
            return try rows.columns(ofBatch: batch, pool: pool)
        } catch .columnar(let error) {
            throw error
        } catch .io(let operation, let path, let errorNumber) {
            throw .io(operation: operation, path: path, errorNumber: errorNumber)
        } catch {
            throw .corrupt(FileLocation(path: "staged rows"), reason: "\(error)")
        }
    }

    private func readFile(
        _ file: Int, _ columns: [Int],
        _ body: ([Column], [UInt32], (UInt32) -> Place) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        let extra = pending?.replaced.columns ?? []
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: files[file], fileIndex: 0)], schema: schema,
            request: ScanRequest(columns: (columns + extra).map { ScanColumn(index: $0) }),
            pool: pool, options: ParquetReadOptions(verifiesChecksums: true))
        var start = 0
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: Limits.batchRows) {
                var rows = Array(0..<UInt32(batch.count))
                if let replaced = pending?.replaced {
                    rows = try replaced.split(
                        Array(batch.columns[columns.count...]), count: batch.count, pool: pool
                    ).kept
                }
                let first = start
                try body(Array(batch.columns[..<columns.count]), rows) {
                    .live(file: file, row: first + Int($0))
                }
                start += batch.count
            }
        }
    }

    /// The raw paths of rows, in order, each once.
    func paths(of places: some Sequence<Place>) throws(ColumnarError) -> [String] {
        guard let column = schema.index(of: SystemColumn.rawPath.field.name) else { return [] }
        var wanted: [Int: Set<Place>] = [:]
        for place in places {
            switch place {
            case .live(let file, _): wanted[file, default: []].insert(place)
            case .staged(let batch, _): wanted[files.count + batch, default: []].insert(place)
            }
        }
        var paths = Set<String>()
        for (part, places) in wanted {
            try read(part: part, columns: [column]) {
                (columns, rows, place) throws(ColumnarError) in
                for row in rows where places.contains(place(row)) {
                    let value = try columns[0].value(at: Int(row), type: .text)
                    if case .text(let path) = value { paths.insert(path) }
                }
            }
        }
        return paths.sorted()
    }
}
