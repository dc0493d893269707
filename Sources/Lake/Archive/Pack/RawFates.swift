import Columnar

/// What retention has in store for raw files: for the rows that they gave, partition by partition.
///
/// A partition whose rows share one fate is answered by its number alone. Of another one the rows are read
/// once, in the snapshot and in the cold tier, and only those are remembered that fare otherwise than most.
final class RawFates {
    /// What is due for the files of one partition.
    struct Partition: Sendable {
        /// For each file that is no exception; nil: it stays.
        var common: RetentionRule.Action?
        /// A hold on all rows keeps what would be due.
        var isHeld = false
        /// By hash of the raw path: the least that is due for a row of the file.
        var exceptions: [ContentHash: RetentionRule.Action?] = [:]

        func action(_ path: ContentHash) -> RetentionRule.Action? { exceptions[path] ?? common }
    }

    private let table: LakeTable
    private let lifecycle: Lifecycle
    private let unheld: Lifecycle
    private let firstWaiting: Int32?
    private let keySeed: UInt64
    private let pool: BufferPool
    private let isCancelled: @Sendable () -> Bool
    /// Absolute paths of each partition's files.
    private var files: [Int32?: [String]] = [:]
    /// Bytes of each partition's hot Parquet; of the cold one's where nothing is hot.
    private var sizes: [Int32?: Int64] = [:]
    private var known: [Int32?: Partition] = [:]

    /// - lifecycle: of this table, holds included.
    /// - firstWaiting: of this partition and those behind it nothing goes now.
    init(
        table: LakeTable, lifecycle: Lifecycle, lake: String, tier: ColdTier,
        database: Database, firstWaiting: Int32? = nil, keySeed: UInt64, pool: BufferPool,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(LakeError) {
        self.firstWaiting = firstWaiting
        self.table = table
        self.lifecycle = lifecycle
        self.keySeed = keySeed
        self.pool = pool
        self.isCancelled = isCancelled
        unheld = Lifecycle(
            table.definition, source: table.source, holds: [], nowMicros: lifecycle.nowMicros)
        let copies = Set(try RestoredFiles.list(database, source: table.source).map(\.path))
        for (partition, file) in try table.liveFiles() where !copies.contains(file.file.path) {
            files[partition, default: []].append(
                try table.iceberg.location.resolve(file.file.path))
            sizes[partition, default: 0] += file.file.fileSizeBytes
        }
        var coldSizes: [Int32?: Int64] = [:]
        for file in try ColdFiles.list(database, source: table.source, hasEntries: false) {
            let path = file.place == .cold ? tier.absolute(file.path) : "\(lake)/\(file.path)"
            files[file.partition, default: []].append(path)
            coldSizes[file.partition, default: 0] += file.sizeBytes
        }
        sizes.merge(coldSizes) { hot, _ in hot }
    }

    func partition(_ partition: Int32?) throws(LakeError) -> Partition {
        if let fate = known[partition] { return fate }
        if let partition, let firstWaiting, firstWaiting <= partition { return Partition() }
        let size = sizes[partition] ?? 0
        let verdict = lifecycle.verdict(partition: partition, sizeBytes: size)
        var fate = Partition(common: verdict.common?.action)
        if verdict.hold != nil {
            fate.common = nil
            fate.isHeld = !unheld.verdict(partition: partition, sizeBytes: size).isEmpty
        } else if !verdict.isUniform {
            do throws(LakeError) {
                fate.exceptions = try exceptions(verdict, files[partition] ?? [])
            } catch .columnar(.corrupt) {
                // Whose rows cannot be read stays; the plan of its rows tells of the damage.
                fate = Partition()
            }
        }
        known[partition] = fate
        return fate
    }

    private func exceptions(
        _ verdict: Lifecycle.Verdict, _ paths: [String]
    ) throws(LakeError) -> [ContentHash: RetentionRule.Action?] {
        let asked = RowVerdicts(verdict, table.definition, schema: table.schema).columns
        let wanted = Set(asked + [table.pathColumn]).sorted()
        let schema = Schema(wanted.map { table.schema.fields[$0] })
        let verdicts = RowVerdicts(verdict, table.definition, schema: schema)
        let scan: ParquetScan
        do throws(ColumnarError) {
            scan = try ParquetScan(
                files: paths.enumerated().map { ParquetScanFile(path: $1, fileIndex: $0) },
                schema: table.schema,
                request: ScanRequest(columns: wanted.map { ScanColumn(index: $0) }), pool: pool,
                options: ParquetReadOptions(verifiesChecksums: true))
        } catch {
            throw .columnar(error)
        }
        var least: [ContentHash: RetentionRule.Action?] = [:]
        let common = verdict.common?.action
        // A file of one row is no exception if its row is none; one of many may hold both.
        let holdsMany = table.definition.raw.format.holdsMany
        do throws(ColumnarError) {
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: Limits.batchRows) {
                    if isCancelled() { throw .cancelled }
                    let columns = try batch.columns.map { (c) throws(ColumnarError) in
                        try c.resolved()
                    }
                    let actions = try verdicts.actions(of: columns, count: batch.count, pool: pool)
                    guard let place = wanted.firstIndex(of: table.pathColumn),
                        case .text(let texts) = try columns[place].flattened(pool: pool)
                    else { continue }
                    for row in 0..<batch.count where holdsMany || actions[row] != common {
                        let path = ContentHash(texts.bytes(at: row), seed: keySeed)
                        least[path] = Self.least(least[path], actions[row])
                    }
                }
            }
        } catch {
            throw .columnar(error)
        }
        return holdsMany ? least.filter { $0.value != common } : least
    }

    /// Of what is due for two rows of a file the one that goes less far; nothing known yet bounds nothing.
    static func least(
        _ known: RetentionRule.Action??, _ action: RetentionRule.Action?
    ) -> RetentionRule.Action? {
        guard let known else { return action }
        guard let known, let action else { return nil }
        return min(known, action)
    }
}
