import Columnar
import Glibc

/// Rows of one partition on their way into it, in a Parquet file of our own; removed with its owner.
final class StagingFile: Sendable {
    private let path: String
    private let schema: Schema

    init(path: String, schema: Schema) {
        self.path = path
        self.schema = schema
    }

    deinit {
        unlink(path)
    }

    /// All rows of the file.
    func read(pool: BufferPool) throws(ColumnarError) -> [Column] {
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: schema,
            request: ScanRequest(columns: schema.fields.indices.map { ScanColumn(index: $0) }),
            pool: pool)
        var parts: [[Column]] = []
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: Limits.batchRows) {
                var columns: [Column] = []
                for column in batch.columns { columns.append(try column.resolved()) }
                parts.append(columns)
            }
        }
        var whole: [Column] = []
        for index in schema.fields.indices {
            whole.append(try Column.concatenated(parts.map { $0[index] }, pool: pool))
        }
        return whole
    }
}

/// Writes staged batches to files, one a partition, so that each is read only when its turn comes.
struct StagingSpill: Sendable {
    /// The schema of flattened batches.
    let schema: Schema
    /// Path and beginning of the files' names, with the run's name in it.
    let prefix: String

    /// Writes the rows of all batches; gives one batch a partition, rising by value.
    func write(
        _ batches: [StagedBatch], number: Int, pool: BufferPool
    ) throws(ColumnarError) -> [StagedBatch] {
        var values = Set<Int32?>()
        for batch in batches { for part in batch.partitions { values.insert(part.value) } }
        var spilled: [StagedBatch] = []
        let rising = values.sorted {
            ($0.map { Int64($0) } ?? .min) < ($1.map { Int64($0) } ?? .min)
        }
        if let slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/")) {
            let folder = String(prefix[..<slash])
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
                throw .io(operation: "mkdir", path: folder, errorNumber: errno)
            }
        }
        for (index, value) in rising.enumerated() {
            spilled.append(
                try write(value, of: batches, name: "\(prefix)-\(number)-\(index).parquet", pool))
        }
        return spilled
    }

    private func write(
        _ value: Int32?, of batches: [StagedBatch], name: String, _ pool: BufferPool
    ) throws(ColumnarError) -> StagedBatch {
        var options = ParquetWriterOptions()
        options.level = 1
        let writer = try ParquetWriter(path: name, schema: schema, options: options, pool: pool)
        var keys: [ContentHash] = []
        var times: [Int64] = []
        for batch in batches {
            guard let part = batch.partitions.first(where: { $0.value == value }) else { continue }
            let columns = try batch.columns(pool: pool)
            keys += batch.keys[part.rows]
            times += batch.modifiedNanos[part.rows]
            var start = part.rows.lowerBound
            while start < part.rows.upperBound {
                let count = min(Limits.batchRows, part.rows.upperBound - start)
                var slices: [Column] = []
                for column in columns {
                    slices.append(try column.sliced(start: start, count: count, pool: pool))
                }
                try writer.write(Batch(columns: slices, count: count))
                start += count
            }
        }
        let file = StagingFile(path: name, schema: schema)
        _ = try writer.finish()
        return StagedBatch(
            storage: .file(file), count: keys.count, rawBytes: 0, keys: keys,
            modifiedNanos: times, partitions: [(value, 0..<keys.count)])
    }
}
