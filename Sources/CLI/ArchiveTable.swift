import Columnar
import Lake
import Query

/// `"posts$archive"`: what of a table is archived, one row for each file.
struct ArchiveTable: Query.Table {
    let schema = Schema([
        Field(name: "partition", type: .text, doc: "The partition's value; of a pack its month"),
        Field(
            name: "kind", type: .text, isNullable: false,
            doc: "partition: rows; amendment: newer versions of rows; pack: raw files"),
        Field(
            name: "state", type: .text, isNullable: false,
            doc: "archived, restoring, restored, or live: read by queries as it is"),
        Field(name: "storage_class", type: .text, isNullable: false),
        Field(name: "row_count", type: .bigint, doc: "NULL of packs"),
        Field(name: "size", type: .bigint, isNullable: false, doc: "Bytes of the file"),
        Field(name: "archived_at", type: .timestamp(precision: 6), doc: "UTC"),
        Field(
            name: "restored_until", type: .timestamp(precision: 6),
            doc: "When the temporary copy of the partition's rows expires, UTC"),
        Field(name: "path", type: .text, isNullable: false),
    ])
    private let rows: [[Value]]

    var hiddenColumns: Set<Int> { [] }
    var rowCount: Int? { rows.count }

    init(_ entries: [ArchiveEntry]) {
        rows = entries.map { entry in
            [
                entry.partition.map { .text($0) } ?? .null, .text(entry.kind.rawValue),
                .text(entry.state.rawValue), .text(entry.storageClass.rawValue),
                entry.rowCount.map { .int($0) } ?? .null, .int(entry.sizeBytes),
                entry.archivedMicros.map { .int($0) } ?? .null,
                entry.restoredUntilMicros.map { .int($0) } ?? .null, .text(entry.path),
            ]
        }
    }

    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan {
        try storage { () throws(ColumnarError) in
            var columns: [Column] = []
            for wanted in request.columns {
                columns.append(
                    try Column.from(
                        rows.map { $0[wanted.index] }, type: schema.fields[wanted.index].type,
                        pool: pool))
            }
            return ListedRows(columns: columns, count: rows.count)
        }
    }
}

/// A scan of columns that are in memory already: one morsel.
private final class ListedRows: TableScan {
    let columns: [Column]
    let count: Int
    let counters = ScanCounters()

    init(columns: [Column], count: Int) {
        self.columns = columns
        self.count = count
    }

    var morselCount: Int { count > 0 ? 1 : 0 }

    func open(morsel: Int, pool: BufferPool) throws(ColumnarError) -> any BatchReader {
        counters.rowsRead.wrappingAdd(count, ordering: .relaxed)
        let all = Batch(
            columns: columns, count: count, origin: .consecutive(first: RowID(file: 0, row: 0)))
        return Reader(all: all, pool: pool)
    }

    private struct Reader: BatchReader {
        let all: Batch
        let pool: BufferPool
        var position = 0

        mutating func next(maxRows: Int) throws(ColumnarError) -> Batch? {
            guard position < all.count else { return nil }
            let size = min(maxRows, all.count - position)
            defer { position += size }
            return try all.sliced(start: position, count: size, pool: pool)
        }
    }
}
