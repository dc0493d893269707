import Columnar
import Synchronization

/// One worker's way from raw bytes to staged rows: flatten, compare row hashes, stage what differs.
struct RowIntake: RawFileSink {
    private let flattener: Flattener
    private let keySeed: UInt64
    private let ingestedAtMicros: Int64
    private let target: StagingArea
    private let pool: BufferPool
    private let volatileMatters: Bool
    /// Asked for each file: true ends the run with `ColumnarError.cancelled`.
    private let isCancelled: @Sendable () -> Bool
    private var rows: [StagedRow] = []
    private var rawBytes = 0
    private var touches = Touches()

    /// Rows of a sealed batch: wide enough for cheap gathers.
    private static let batchRows = 16_384
    /// Raw bytes of a sealed batch, whatever its rows.
    private static let batchBytes = 32 << 20

    init(
        definition: TableDefinition, keySeed: UInt64, ingestedAtMicros: Int64,
        target: StagingArea, pool: BufferPool, isCancelled: @escaping @Sendable () -> Bool
    ) throws(LakeError) {
        flattener = try Flattener(definition: definition, pool: pool)
        volatileMatters = definition.settings.volatile == .update
        self.keySeed = keySeed
        self.ingestedAtMicros = ingestedAtMicros
        self.target = target
        self.pool = pool
        self.isCancelled = isCancelled
    }

    mutating func take(
        bytes: UnsafeRawBufferPointer, path: String, stat: FileStat, state: RawFileState?
    ) throws(LakeError) -> RawFileVerdict {
        if isCancelled() { throw .columnar(.cancelled) }
        let outcome = try flattener.stage(
            bytes: bytes, path: path, ingestedAtMicros: ingestedAtMicros)
        guard case .row(let row) = outcome else {
            guard case .rejected(let reason) = outcome else { return .same }
            return .rejected(reason: "\(reason)")
        }
        let key = RowKeys.hash(of: row.key, seed: keySeed)
        let partition = row.partitionValue
        if let state, state.flags.contains(.hasRow) {
            let isSameKey = state.keyHash == key.low
            if isSameKey, state.rowHash == row.rowHash, state.partition == partition,
                !volatileMatters
            {
                return .same
            }
            touches.old.insert(state.partition)
            if !isSameKey { touches.rekeyed.insert(path) }
        }
        try flattener.commit()
        rows.append(
            StagedRow(key: key, modifiedNanos: stat.modifiedNanos, partition: partition))
        rawBytes += bytes.count
        let rowHash = row.rowHash
        if rows.count >= Self.batchRows || rawBytes >= Self.batchBytes { try seal() }
        return .staged(rowHash: rowHash, keyHash: key.low, partition: partition)
    }

    /// Hands over what is left; after the worker's last file.
    mutating func finish() throws(LakeError) {
        try seal()
        target.add(touches, drift: flattener.driftCounts)
    }

    private mutating func seal() throws(LakeError) {
        guard !rows.isEmpty else { return }
        let batch = try flattener.finishBatch()
        do throws(ColumnarError) {
            let sealed = try StagedBatch(
                sealing: batch, rows: rows, rawBytes: rawBytes, pool: pool)
            try target.rows.add(sealed, pool: pool)
        } catch {
            throw .columnar(error)
        }
        rows.removeAll(keepingCapacity: true)
        rawBytes = 0
    }
}

/// Where rows may have to go from, besides the partitions that get new ones.
struct Touches: Sendable {
    /// Partitions that hold, or held, the old rows of changed files.
    var old: Set<Int32?> = []
    /// Raw paths whose file has another key than before: their old row goes by its path.
    var rekeyed: Set<String> = []
}

/// What all workers of one table's scan leave behind.
final class StagingArea: Sendable {
    let rows: StagedRows
    private let rest = Mutex((touches: Touches(), drift: [Int]()))

    init(rows: StagedRows) {
        self.rows = rows
    }

    func add(_ touches: Touches, drift: [Int]) {
        rest.withLock { rest in
            rest.touches.old.formUnion(touches.old)
            rest.touches.rekeyed.formUnion(touches.rekeyed)
            if rest.drift.isEmpty { rest.drift = Array(repeating: 0, count: drift.count) }
            for i in drift.indices { rest.drift[i] += drift[i] }
        }
    }

    var touches: Touches { rest.withLock { $0.touches } }
    /// Values that did not fit their column, by column.
    var drift: [Int] { rest.withLock { $0.drift } }
}
