import Columnar

/// Which live rows of a table a run takes out.
///
/// Those whose key is staged, and those of files that have another key now or are gone.
struct ReplacedRows: Sendable {
    let staged: ResolvedRows
    /// Raw paths of the latter, hashed as `Touches` does.
    let departed: Set<ContentHash>
    /// Records that their file no longer holds.
    let departedRecords: Set<DepartedRecord>
    /// Positions of the columns that tell, in the file schema: the key columns, then perhaps the raw path.
    let columns: [Int]
    private let keyCount: Int
    private let keySeed: UInt64

    init(
        _ table: LakeTable, staged: ResolvedRows, departed: Set<ContentHash>,
        departedRecords: Set<DepartedRecord>, keySeed: UInt64
    ) {
        self.staged = staged
        self.departed = departed
        self.departedRecords = departedRecords
        let needsPath = !departed.isEmpty || !departedRecords.isEmpty
        self.keySeed = keySeed
        keyCount = table.keyColumns.count
        columns = table.keyColumns + (needsPath ? [table.pathColumn] : [])
    }

    /// Divides a batch, of which `values` are the `columns`, into rows that stay and rows whose key is staged.
    func split(
        _ values: [Column], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> (kept: [UInt32], replaced: [UInt32], keys: [ContentHash]) {
        var keyColumns: [Column] = []
        for column in values[..<keyCount] { keyColumns.append(try column.resolved()) }
        let keys = try RowKeys.hashes(of: keyColumns, count: count, seed: keySeed, pool: pool)
        let paths =
            columns.count == keyCount
            ? nil : try values[keyCount].resolved().flattened(pool: pool)
        var kept: [UInt32] = []
        kept.reserveCapacity(count)
        var replaced: [UInt32] = []
        for row in 0..<count {
            if staged.replaces(keys[row]) {
                replaced.append(UInt32(row))
                continue
            }
            if case .text(let path)? = paths {
                let name = ContentHash(path.bytes(at: row), seed: keySeed)
                if departed.contains(name) { continue }
                let record = DepartedRecord(path: name.low, key: keys[row].low)
                if departedRecords.contains(record) { continue }
            }
            kept.append(UInt32(row))
        }
        return (kept, replaced, keys)
    }
}
