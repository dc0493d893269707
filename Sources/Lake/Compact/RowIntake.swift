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
            let name = Touches.hash(ofPath: path, seed: keySeed)
            touches.settled.insert(name.low)
            if !isSameKey {
                touches.departed.insert(name)
                touches.leftKeys.insert(state.keyHash)
            }
        }
        let rowHash = row.rowHash
        try stage(key, partition, stat, bytes: bytes.count)
        return .staged(rowHash: rowHash, keyHash: key.low, partition: partition)
    }

    mutating func leave(path: String, state: RawFileState) throws(LakeError) {
        let name = Touches.hash(ofPath: path, seed: keySeed)
        touches.old.insert(state.partition)
        touches.settled.insert(name.low)
        touches.departed.insert(name)
        touches.leftKeys.insert(state.keyHash)
    }

    /// Stages the row of an unchanged file again, for a contest about its key.
    ///
    /// Returns the row's hash; nil if the file no longer holds a row with the remembered key and place.
    mutating func restage(
        bytes: UnsafeRawBufferPointer, path: String, stat: FileStat, state: RawFileState
    ) throws(LakeError) -> UInt64? {
        let outcome = try flattener.stage(
            bytes: bytes, path: path, ingestedAtMicros: ingestedAtMicros)
        guard case .row(let row) = outcome else { return nil }
        let key = RowKeys.hash(of: row.key, seed: keySeed)
        guard key.low == state.keyHash, row.partitionValue == state.partition else { return nil }
        let rowHash = row.rowHash
        try stage(key, row.partitionValue, stat, bytes: bytes.count)
        return rowHash
    }

    private mutating func stage(
        _ key: ContentHash, _ partition: Int32?, _ stat: FileStat, bytes: Int
    ) throws(LakeError) {
        try flattener.commit()
        rows.append(
            StagedRow(key: key, modifiedNanos: stat.modifiedNanos, partition: partition))
        rawBytes += bytes
        if rows.count >= Self.batchRows || rawBytes >= Self.batchBytes { try seal() }
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
    /// Raw paths, hashed, whose file has another key than before or is gone: their old row goes by its path.
    var departed: Set<ContentHash> = []
    /// Short hashes of the keys that those files had.
    var leftKeys: Set<UInt64> = []
    /// Short hashes of the paths that are remembered and whose say in this run is known.
    var settled: Set<UInt64> = []

    /// How a raw path is named in these sets.
    static func hash(ofPath path: String, seed: UInt64) -> ContentHash {
        var path = path
        return path.withUTF8 { ContentHash(UnsafeRawBufferPointer($0), seed: seed) }
    }

    static func += (a: inout Touches, b: Touches) {
        a.old.formUnion(b.old)
        a.departed.formUnion(b.departed)
        a.leftKeys.formUnion(b.leftKeys)
        a.settled.formUnion(b.settled)
    }
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
            rest.touches += touches
            if rest.drift.isEmpty { rest.drift = Array(repeating: 0, count: drift.count) }
            for i in drift.indices { rest.drift[i] += drift[i] }
        }
    }

    var touches: Touches { rest.withLock { $0.touches } }
    /// Values that did not fit their column, by column.
    var drift: [Int] { rest.withLock { $0.drift } }
}
