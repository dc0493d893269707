import Columnar
import Synchronization

/// One worker's way from raw bytes to staged rows: flatten, compare row hashes, stage what differs.
struct RowIntake: RawFileSink {
    let flattener: Flattener
    let definition: TableDefinition
    let keySeed: UInt64
    let ingestedAtMicros: Int64
    let target: StagingArea
    let pool: BufferPool
    let volatileMatters: Bool
    /// Where the records of files of many come from.
    let sources: RecordSources
    /// Asked for each file: true ends the run with `ColumnarError.cancelled`.
    let isCancelled: @Sendable () -> Bool
    var touches = Touches()
    /// Turns away what is of suppressed accounts; nil: nobody is.
    var gate: SuppressionGate?
    private var buffer: StagingBuffer
    private var decoder: RawFileDecoder?
    var checks: RowChecks

    init(
        definition: TableDefinition, keySeed: UInt64, ingestedAtMicros: Int64,
        target: StagingArea, sources: RecordSources, suppressions: Suppressions, pool: BufferPool,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(LakeError) {
        flattener = try Flattener(definition: definition, pool: pool)
        do throws(ColumnarError) {
            buffer = try StagingBuffer(pool: pool)
        } catch {
            throw .columnar(error)
        }
        self.definition = definition
        self.sources = sources
        if definition.raw.compression != .none {
            decoder = RawFileDecoder(definition.raw.compression, pool: pool)
        }
        checks = try RowChecks(definition)
        gate = SuppressionGate(definition, suppressions)
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
        if gate?.refuses(path: path) == true { return try suppress(path, state) }
        let outcome = try flatten(bytes, path)
        guard case .row(let row) = outcome else {
            guard case .rejected(let reason) = outcome else { return .same }
            return .rejected(reason: "\(reason)")
        }
        if gate?.refusesRow(of: flattener) == true { return try suppress(path, state) }
        let key = RowKeys.hash(of: row.key, seed: keySeed)
        let partition = row.partitionValue
        if let state, state.flags.contains(.hasRow) {
            let isSameKey = state.keyHash == key.low
            if isSameKey, state.rowHash == row.rowHash, state.partition == partition,
                !volatileMatters
            {
                return .same
            }
        }
        if let reason = checks.judge(flattener, path: path) {
            return .rejected(reason: "\(reason)")
        }
        if let state, state.flags.contains(.hasRow) {
            let isSameKey = state.keyHash == key.low
            touches.old.insert(state.partition)
            let name = Touches.hash(ofPath: path, seed: keySeed)
            touches.settled.insert(name.low)
            if !isSameKey {
                touches.departed.insert(name)
                touches.leftKeys.insert(state.keyHash)
            }
        }
        let rowHash = row.rowHash
        try put(
            StagedRow(key: key, modifiedNanos: stat.modifiedNanos, partition: partition),
            path: path)
        return .staged(rowHash: rowHash, keyHash: key.low, partition: partition)
    }

    /// Leaves a file of a suppressed account alone; a row that it had goes.
    private mutating func suppress(
        _ path: String, _ state: RawFileState?
    ) throws(LakeError) -> RawFileVerdict {
        if let state, state.flags.contains(.hasRow) { _ = try leave(path: path, state: state) }
        return .suppressed
    }

    mutating func leave(path: String, state: RawFileState) throws(LakeError) -> Int {
        if definition.raw.format.holdsMany { return try leave(records: path) }
        let name = Touches.hash(ofPath: path, seed: keySeed)
        touches.old.insert(state.partition)
        touches.settled.insert(name.low)
        touches.departed.insert(name)
        touches.leftKeys.insert(state.keyHash)
        return 1
    }

    /// Stages the row of an unchanged file again, for a contest about its key.
    ///
    /// Returns the row's hash; nil if the file no longer holds a row with the remembered key and place.
    mutating func restage(
        bytes: UnsafeRawBufferPointer, path: String, stat: FileStat, state: RawFileState
    ) throws(LakeError) -> UInt64? {
        if gate?.refuses(path: path) == true { return nil }
        guard case .row(let row) = try flatten(bytes, path) else { return nil }
        if gate?.refusesRow(of: flattener) == true { return nil }
        let key = RowKeys.hash(of: row.key, seed: keySeed)
        guard key.low == state.keyHash, row.partitionValue == state.partition,
            !checks.turnsDown(flattener)
        else { return nil }
        let rowHash = row.rowHash
        let staged = StagedRow(
            key: key, modifiedNanos: stat.modifiedNanos, partition: row.partitionValue)
        try put(staged, path: path)
        return rowHash
    }

    /// Hands over what is left; after the worker's last file.
    mutating func finish() throws(LakeError) {
        try seal()
        target.add(touches, drift: flattener.driftCounts, tally: checks.tally)
    }

    /// Stages the row that a file of one record holds.
    private mutating func flatten(
        _ bytes: UnsafeRawBufferPointer, _ path: String
    ) throws(LakeError) -> FlattenOutcome {
        var text = bytes
        if decoder != nil {
            do throws(ColumnarError) {
                text = try decoder?.decode(bytes) ?? bytes
            } catch .corrupt(_, let reason) {
                return .rejected(.json(reason: reason, position: nil))
            } catch .limit(_, _, let limit, _) {
                let reason = "it decodes to more than \(limit) bytes"
                return .rejected(.json(reason: reason, position: nil))
            } catch {
                throw .columnar(error)
            }
        }
        return try flattener.stage(bytes: text, path: path, ingestedAtMicros: ingestedAtMicros)
    }

    /// Keeps the flattener's row.
    mutating func put(_ row: StagedRow, path: String) throws(LakeError) {
        let bytes = flattener.stagedBytes
        var path = path
        while true {
            let taken: Result<Bool, ColumnarError> = path.withUTF8 { path in
                do throws(ColumnarError) {
                    return .success(
                        try buffer.append(
                            row, stable: bytes.stable, volatile: bytes.volatile,
                            path: UnsafeRawBufferPointer(path)))
                } catch {
                    return .failure(error)
                }
            }
            switch taken {
            case .success(true): return flattener.release()
            case .success(false): try seal()
            case .failure(let error): throw .columnar(error)
            }
        }
    }

    private mutating func seal() throws(LakeError) {
        guard !buffer.isEmpty else { return }
        let batch: StagedBatch
        do throws(ColumnarError) {
            batch = try buffer.seal()
        } catch {
            throw .columnar(error)
        }
        try target.rows.add(batch, pool: pool)
    }
}

/// Where rows may have to go from, besides the partitions that get new ones.
struct Touches: Sendable {
    /// Partitions that hold, or held, the old rows of changed files.
    var old: Set<Int32?> = []
    /// Raw paths, hashed, whose file has another key than before or is gone: their old row goes by its path.
    var departed: Set<ContentHash> = []
    /// Records that their file no longer holds.
    var departedRecords: Set<DepartedRecord> = []
    /// Short hashes of the keys that those files had.
    var leftKeys: Set<UInt64> = []
    /// Short hashes of the paths that are remembered and whose say in this run is known.
    var settled: Set<UInt64> = []
    /// Records of files of many that were turned away.
    var suppressedRecords = 0

    /// How a raw path is named in these sets.
    static func hash(ofPath path: String, seed: UInt64) -> ContentHash {
        var path = path
        return path.withUTF8 { ContentHash(UnsafeRawBufferPointer($0), seed: seed) }
    }

    static func += (a: inout Touches, b: Touches) {
        a.old.formUnion(b.old)
        a.departed.formUnion(b.departed)
        a.departedRecords.formUnion(b.departedRecords)
        a.leftKeys.formUnion(b.leftKeys)
        a.settled.formUnion(b.settled)
        a.suppressedRecords += b.suppressedRecords
    }
}

/// One record of a file of many, by short hashes of the file's path and of its key.
struct DepartedRecord: Hashable, Sendable, BitwiseCopyable {
    var path: UInt64
    var key: UInt64
}

/// What all workers of one table's scan leave behind.
final class StagingArea: Sendable {
    let rows: StagedRows
    private let rest = Mutex((touches: Touches(), drift: [Int](), tally: CheckTally?.none))

    init(rows: StagedRows) {
        self.rows = rows
    }

    func add(_ touches: Touches, drift: [Int], tally: CheckTally) {
        rest.withLock { rest in
            rest.tally =
                rest.tally.map { sum in
                    var sum = sum
                    sum += tally
                    return sum
                } ?? tally
            rest.touches += touches
            if rest.drift.isEmpty { rest.drift = Array(repeating: 0, count: drift.count) }
            for i in drift.indices { rest.drift[i] += drift[i] }
        }
    }

    var touches: Touches { rest.withLock { $0.touches } }
    /// Rows that break checks; nil before any worker ended.
    var tally: CheckTally? { rest.withLock { $0.tally } }
    /// Values that did not fit their column, by column.
    var drift: [Int] { rest.withLock { $0.drift } }
}
