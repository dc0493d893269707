import Columnar
import Synchronization

/// Writes a run's observations as one file, piece by piece in the order of partitions, whoever brings them.
///
/// A piece that comes early is held; a worker that would make the held ones too many waits for its
/// turn. So the file is the same for any number of workers, and memory is bounded. Once a day has more than
/// `filesADay` files, the next one takes their rows over, in the order in which they were appended.
final class MetricsAppender: @unchecked Sendable {
    /// What the run adds to the table.
    struct Appended: Sendable {
        var added: DataFile
        var removed: [LiveFile]
        /// Rows of this run.
        var rows: Int
    }

    private struct Held {
        var pieces: [Int: [Batch]] = [:]
        var rows = 0
        var next = 0
        var isWriting = false
    }

    let table: MetricsTable
    /// Absolute path of the file, once there is one.
    let path: String
    private let name: String
    private let day: Int32
    private let pool: BufferPool
    private let held = Mutex(Held())
    private let turn = Turn()
    // Only who set `isWriting`, or the one thread after all workers, touches these.
    private var writer: ParquetWriter?
    private var folded: [LiveFile] = []
    private var rows = 0

    /// Files of one day before they become one.
    static let filesADay = 8
    /// Rows held for their turn: 200 bytes each at most, mostly.
    private static let heldRows = 131_072

    init(table: MetricsTable, identity: RunIdentity, pool: BufferPool) {
        self.table = table
        self.pool = pool
        day = PartitionTransform.day.value(micros: identity.startedMicros)
        let folder = table.metadata.partitionSpec.folderName(
            of: [.int(Int64(day))], in: table.schema)
        name = "data/\(folder)/\(identity.uuid)-00000.parquet"
        path = "\(table.iceberg.location.folder)/\(name)"
    }

    /// Brings the piece of partition `index`; every index below the last must come, if empty.
    func append(_ batches: [Batch], at index: Int) throws(LakeError) {
        let rows = batches.reduce(0) { $0 + $1.count }
        let isFull = held.withLock { rows > 0 && $0.rows > Self.heldRows && $0.next != index }
        if isFull { turn.wait(for: index) }
        held.withLock { held in
            held.pieces[index] = batches
            held.rows += rows
        }
        while let piece = next() {
            for batch in piece { try write(batch) }
            let turn = held.withLock { held in
                held.rows -= piece.reduce(0) { $0 + $1.count }
                held.next += 1
                held.isWriting = false
                return held.next
            }
            self.turn.advance(to: turn)
        }
    }

    /// The piece whose turn it is; nil if it has not come, or somebody else writes.
    private func next() -> [Batch]? {
        held.withLock { held in
            guard !held.isWriting, let piece = held.pieces.removeValue(forKey: held.next) else {
                return nil
            }
            held.isWriting = true
            return piece
        }
    }

    /// Ends the file; nil if there was nothing to append.
    func finish() throws(LakeError) -> Appended? {
        guard let writer else { return nil }
        let summary: ParquetFileSummary
        do throws(ColumnarError) {
            summary = try writer.finish()
        } catch {
            throw .columnar(error)
        }
        let file = DataFile(
            summary, path: table.iceberg.location.stored(name),
            specID: table.metadata.defaultSpecID, partition: [.int(Int64(day))],
            sortOrderID: table.metadata.defaultSortOrderID)
        return Appended(added: file, removed: folded, rows: rows)
    }

    /// Lets everybody go who waits: the run has failed.
    func abandon() {
        turn.open()
    }

    private func write(_ batch: Batch) throws(LakeError) {
        if writer == nil { writer = try begin() }
        do throws(ColumnarError) {
            try writer?.write(batch)
        } catch {
            throw .columnar(error)
        }
        rows += batch.count
    }

    /// Opens the file and takes over the day's small ones, if they are many.
    private func begin() throws(LakeError) -> ParquetWriter {
        if let folder = DurableFile.parent(of: path) { try DurableFile.makeFolder(folder) }
        var options = ParquetWriterOptions(table.definition.settings)
        options.bloomColumns = table.definition.keyColumns.map {
            table.definition.columns[$0].name
        }
        let today = try filesOfToday()
        if today.count >= Self.filesADay { folded = today }
        do throws(ColumnarError) {
            let opened = try ParquetWriter(
                path: path, schema: table.schema, options: options, pool: pool)
            for file in folded { try copy(file, into: opened) }
            return opened
        } catch {
            throw .columnar(error)
        }
    }

    private func filesOfToday() throws(LakeError) -> [LiveFile] {
        guard let snapshot = table.iceberg.currentSnapshot,
            let column = snapshot.schema.index(of: TableDefinition.observedAt.name)
        else { return [] }
        let start = Int64(day) * CivilTime.microsPerDay
        let today = try snapshot.liveFiles(matching: [
            .compare(ScanColumnPath(index: column), .greaterOrEqual, .int(start)),
            .compare(
                ScanColumnPath(index: column), .less, .int(start + CivilTime.microsPerDay)),
        ]).filter {
            $0.file.specID == table.metadata.defaultSpecID
                && $0.file.partition == [.int(Int64(day))]
        }
        return today.sorted {
            ($0.entry.sequenceNumber ?? 0, $0.file.path) < (
                $1.entry.sequenceNumber ?? 0, $1.file.path
            )
        }
    }

    private func copy(_ file: LiveFile, into writer: ParquetWriter) throws(ColumnarError) {
        let path: String
        do throws(LakeError) {
            path = try table.iceberg.location.resolve(file.file.path)
        } catch {
            throw .corrupt(FileLocation(path: file.file.path), reason: "no path of a file system")
        }
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: table.schema,
            request: ScanRequest(
                columns: table.schema.fields.indices.map { ScanColumn(index: $0) }), pool: pool,
            options: ParquetReadOptions(verifiesChecksums: true))
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: Limits.batchRows) {
                var whole = batch
                for index in batch.columns.indices {
                    whole.columns[index] = try batch.columns[index].resolved()
                }
                try writer.write(whole)
            }
        }
    }
}
