import Columnar

/// Does what a plan says of one Parquet file: copies it, splits it, or lets it go; publishes nothing.
struct FileArchive: Sendable {
    let lake: String
    let cold: ColdTier
    let table: LakeTable
    let identity: RunIdentity
    let runID: Int64
    let keySeed: UInt64
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// What the run's transaction has to know of one file.
    struct Outcome: Sendable {
        /// Leaves the snapshot.
        var removed: LiveFile?
        /// Join it: the rows that stay, and GLACIER_IR.
        var added: [DataFile] = []
        /// New archived files.
        var filed: [ColdFiles.Record] = []
        /// An archived file that is another one now: its place, path and class.
        var moved: ColdFiles.Record?
        /// An archived file that is no longer one.
        var forgotten: ColdFiles.Record?
        var bytesWritten: Int64 = 0
        /// Why the file stays as it is, though it should not.
        var damage: String?
    }

    /// Carries out the plan for a file; on an error, or a damaged file, nothing of it is left.
    ///
    /// - number: unique in the run's part of this table; names what is written.
    func run(
        _ file: SweepPlan.File, of partition: SweepPlan.Partition, number: Int
    ) throws(LakeError) -> Outcome {
        let written = WrittenFiles()
        do throws(LakeError) {
            guard file.isUniform, let action = file.fates.keys.first else {
                return try split(file, partition, number, written)
            }
            return switch file.origin {
            case .live(let live):
                try move(live, file, to: action, partition, number, written)
            case .cold(let record):
                try move(record, file, to: action, partition, number, written)
            }
        } catch {
            for path in written.paths { try? DurableFile.remove(path) }
            guard let reason = Self.damage(error) else { throw error }
            var outcome = Outcome()
            outcome.damage = reason
            return outcome
        }
    }

    /// What is wrong with a file that cannot be archived; nil for errors that are not the file's.
    private static func damage(_ error: LakeError) -> String? {
        switch error {
        case .corrupt(let location, let reason), .columnar(.corrupt(let location, let reason)):
            "\(location): \(reason)"
        default: nil
        }
    }

    // MARK: Whole files

    private func move(
        _ live: LiveFile, _ file: SweepPlan.File, to action: RetentionRule.Action?,
        _ partition: SweepPlan.Partition, _ number: Int, _ written: WrittenFiles
    ) throws(LakeError) -> Outcome {
        var outcome = Outcome()
        guard case .transition(let storage)? = action else {
            if action == .expire { outcome.removed = live }
            return outcome
        }
        let name = coldName(partition, number)
        var relative = name
        let facts: ColdCopy.Facts
        if file.storageClass == nil {
            written.add(cold.absolute(name))
            facts = try copy(file.path, to: cold.absolute(name), file.sizeBytes)
            outcome.bytesWritten = facts.sizeBytes
        } else {
            // GLACIER_IR lies there already.
            relative = String(file.path.dropFirst(cold.path.count + 1))
            facts = try ColdCopy(isCancelled: isCancelled).facts(of: file.path)
        }
        let target = cold.absolute(relative)
        try expectRows(file.rows, in: target)
        var moved = live.file
        moved.path = table.iceberg.location.stored(absolute: target)
        outcome.removed = live
        if storage == .glacierIR {
            outcome.added = [moved]
        } else {
            outcome.filed = [
                try record(moved, relative, storage, facts, partition, sequence: runID)
            ]
        }
        return outcome
    }

    private func move(
        _ record: ColdFiles.Record, _ file: SweepPlan.File, to action: RetentionRule.Action?,
        _ partition: SweepPlan.Partition, _ number: Int, _ written: WrittenFiles
    ) throws(LakeError) -> Outcome {
        var outcome = Outcome()
        if action == .expire {
            outcome.forgotten = record
            return outcome
        }
        var moved = record
        if case .transition(let storage)? = action { moved.storageClass = storage }
        if record.place == .lake {
            moved.place = .cold
            moved.path = coldName(partition, number)
            let target = cold.absolute(moved.path)
            written.add(target)
            let facts = try copy(file.path, to: target, record.sizeBytes)
            guard facts.sha256 == record.sha256 else {
                throw .corrupt(
                    .init(path: file.path), reason: "it is not the amendment that was written")
            }
            outcome.bytesWritten = facts.sizeBytes
        }
        outcome.moved = moved
        return outcome
    }

    private func copy(
        _ source: String, to target: String, _ sizeBytes: Int64
    ) throws(LakeError) -> ColdCopy.Facts {
        try ColdCopy(isCancelled: isCancelled).copy(source, to: target, sizeBytes: sizeBytes)
    }

    /// Reads every page of a file: bit rot must not be archived as if it were data.
    private func expectRows(_ rows: Int64, in path: String) throws(LakeError) {
        var found: Int64 = 0
        do throws(ColumnarError) {
            try table.forEachBatch(
                of: path, columns: Array(table.schema.fields.indices), pool: pool, isCancelled
            ) { found += Int64($0.count) }
        } catch {
            throw .columnar(error)
        }
        guard found == rows else {
            throw .corrupt(
                .init(path: path), reason: "it has \(found) rows, the table says \(rows)")
        }
    }

    private func record(
        _ file: DataFile, _ relative: String, _ storage: StorageClass, _ facts: ColdCopy.Facts,
        _ partition: SweepPlan.Partition, sequence: Int64,
        kind: ColdFiles.Kind = .partition
    ) throws(LakeError) -> ColdFiles.Record {
        guard let spec = table.metadata.partitionSpec(id: file.specID) else {
            throw .corrupt(
                .init(path: file.path), reason: "no partition spec \(file.specID)")
        }
        return ColdFiles.Record(
            source: table.source, partition: partition.value, sequence: sequence, kind: kind,
            place: .cold, path: relative, storageClass: storage, rowCount: file.recordCount,
            sizeBytes: facts.sizeBytes, sha256: facts.sha256, specID: file.specID,
            entry: DataFileBytes.encode(file, spec: spec, metadata: table.metadata),
            archivedMicros: identity.startedMicros)
    }

    /// `tables/posts/posted_at_day=2026-01-02/<run>-00007.parquet`, below the cold tier.
    private func coldName(_ partition: SweepPlan.Partition, _ number: Int) -> String {
        "\(ColdTier.tableFolder)/\(table.definition.name)/\(partition.name)/\(fileName(number))"
    }

    private func fileName(_ number: Int) -> String {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        return "\(identity.uuid)-\(padded).parquet"
    }

    // MARK: Parts of files

    private func split(
        _ file: SweepPlan.File, _ partition: SweepPlan.Partition, _ number: Int,
        _ written: WrittenFiles
    ) throws(LakeError) -> Outcome {
        var outcome = Outcome()
        let parts = try parts(of: file, partition, number)
        let split = RowSplit(
            table: table, verdict: file.verdict, storageClass: file.storageClass,
            keySeed: keySeed, pool: pool, isCancelled: isCancelled)
        for part in parts { written.add(part.path) }
        let files = try split.run(file.path, rows: file.fates, into: parts)
        for (part, data) in files {
            var data = data
            data.path = part.stored
            data.partition = table.partition(of: partition.value)
            outcome.bytesWritten += data.fileSizeBytes
            guard let storage = part.storageClass else {
                outcome.added.append(data)
                continue
            }
            let facts = try ColdCopy(isCancelled: isCancelled).facts(of: part.path)
            var sequence = runID
            var kind = ColdFiles.Kind.partition
            if case .cold(let record) = file.origin {
                (sequence, kind) = (record.sequence, record.kind)
            }
            let name = String(part.path.dropFirst(cold.path.count + 1))
            outcome.filed.append(
                try record(data, name, storage, facts, partition, sequence: sequence, kind: kind))
        }
        switch file.origin {
        case .live(let live): outcome.removed = live
        case .cold(let record): outcome.forgotten = record
        }
        return outcome
    }

    /// Where the rows of each fate go; expired ones go nowhere.
    private func parts(
        of file: SweepPlan.File, _ partition: SweepPlan.Partition, _ number: Int
    ) throws(LakeError) -> [RowSplit.Part] {
        var parts: [RowSplit.Part] = []
        let isLive = if case .live = file.origin { true } else { false }
        for (index, action) in RowSplit.fates(file.fates).enumerated() where action != .expire {
            // A file is split into at most five.
            let name = fileName(number * 8 + index)
            var storage: StorageClass?
            if case .transition(let found)? = action { storage = found }
            if action == nil, !isLive { storage = file.storageClass }
            let staysHot = isLive && action == nil && file.storageClass == nil
            let path =
                staysHot
                ? "\(table.iceberg.location.folder)/data/\(partition.name)/\(name)"
                : cold.absolute(coldName(partition, number * 8 + index))
            // What is live stays named by the snapshot, unless its class is skipped by queries.
            let isInSnapshot = isLive && (action == nil || storage == .glacierIR)
            parts.append(
                RowSplit.Part(
                    action: action, path: path,
                    stored: table.iceberg.location.stored(absolute: path),
                    storageClass: isInSnapshot ? nil : storage))
        }
        return parts
    }
}
