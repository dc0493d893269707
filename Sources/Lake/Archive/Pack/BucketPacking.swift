import Columnar

/// Writes one pack of a plan at a time, from any thread.
struct BucketPacking: Sendable {
    /// The table's name.
    let table: String
    let source: Int64
    /// Its raw files hold many records, of whose partitions a pack says nothing.
    let holdsMany: Bool
    let spool: RawSpool
    let root: RawRootHandle
    let tier: ColdTier
    let identity: RunIdentity
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// Writes one pack; nil if none of its files is what it was any more.
    ///
    /// - number: of the task in the run, for the pack's name.
    func write(
        _ task: RawSpool.Task, _ number: Int, into written: WrittenFiles
    ) throws(LakeError) -> (Packs.Record?, changed: Int) {
        let relative =
            "\(RawPacking.folder(table: table, month: task.month))/"
            + "\(task.bucket)-\(identity.uuid)-\(number)\(PackFormat.nameEnd)"
        let path = tier.absolute(relative)
        let writer = try PackWriter(
            path: path,
            header: PackHeader(
                table: table, month: task.month, bucket: Int(task.bucket),
                buckets: Int(task.buckets), packedMicros: identity.startedMicros,
                run: identity.uuid),
            level: tier.settings.packLevel, pool: pool)
        var record = Packs.Record(
            source: source, month: task.month, bucket: task.bucket, buckets: task.buckets,
            path: relative, storageClass: task.storageClass, state: .deleting, fileCount: 0,
            rawBytes: 0, sizeBytes: 0, sha256: [], packedMicros: identity.startedMicros)
        let folders = RawFolders(root: root)
        var changed = 0
        var row = task.rows.lowerBound
        while row <= task.rows.upperBound {
            if isCancelled() { throw .columnar(.cancelled) }
            let files = try spool.files(of: task, from: row, limit: Self.batchFiles)
            guard !files.isEmpty else { break }
            row += Int64(files.count)
            for file in files {
                guard try add(file, to: writer, folders) else {
                    try spool.change(file, to: .changed)
                    changed += 1
                    continue
                }
                guard !holdsMany, let partition = file.partition else { continue }
                record.firstPartition = min(record.firstPartition ?? .max, partition)
                record.lastPartition = max(record.lastPartition ?? .min, partition)
            }
        }
        guard writer.fileCount > 0 else { return (nil, changed) }
        written.add(path)
        try RawPacking.finish(writer, &record, pool: pool, isCancelled: isCancelled)
        return (record, changed)
    }

    private static let batchFiles = 1_024

    private func add(
        _ file: SpooledFile, to writer: PackWriter, _ folders: RawFolders
    ) throws(LakeError) -> Bool {
        guard let opened = try folders.open(file.name, in: file.folder).file,
            opened.stat == file.stat
        else { return false }
        return try writer.add(
            path: file.path, stat: file.stat, content: file.content, from: opened,
            isUnchanged: { opened.isUnchanged }) == .packed
    }
}

extension RawPacking {
    /// Ends a pack, reads it back from the disk, and completes its record.
    static func finish(
        _ writer: PackWriter, _ record: inout Packs.Record, pool: BufferPool,
        isCancelled: () -> Bool
    ) throws(LakeError) {
        let written = try writer.finish()
        let reader = try PackReader(path: writer.path, isFresh: true)
        guard reader.footer.indexDigest == written.indexDigest,
            reader.sizeBytes == written.sizeBytes
        else {
            throw .corrupt(
                FileLocation(path: writer.path), reason: "it does not read as it was written")
        }
        record.sha256 = try reader.verify(pool: pool, isCancelled: isCancelled)
        record.fileCount = Int64(written.fileCount)
        record.rawBytes = written.rawBytes
        record.sizeBytes = Int64(written.sizeBytes)
    }
}
