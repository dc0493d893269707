import Columnar
import Glibc

/// `lake-write-bench FILE OUT PROFILE TIMES [CODEC [LEVEL]]`: writes a Parquet file's rows again, from memory.
///
/// The rows are read before the clock starts, and are plain columns, without dictionaries. Prints the best
/// processor time in seconds and the size in bytes; `Tests/interop/bench_write.py` sets both beside pyarrow's.
@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5, let profile = ParquetProfile(rawValue: arguments[3]),
            let times = Int(arguments[4])
        else { return stop("usage: FILE OUT compatible|compact TIMES [CODEC [LEVEL]]") }
        var options = ParquetWriterOptions()
        options.profile = profile
        if arguments.count > 5 {
            guard let codec = Codec.allCases.first(where: { $0.name == arguments[5] }) else {
                return stop("no codec \(arguments[5])")
            }
            options.codec = codec
        }
        if arguments.count > 6 { options.level = Int(arguments[6]) }
        do throws(ColumnarError) {
            try run(arguments[1], arguments[2], options, times)
        } catch {
            stop("\(error)")
        }
    }

    private static func run(
        _ source: String, _ target: String, _ options: ParquetWriterOptions, _ times: Int
    ) throws(ColumnarError) {
        let pool = BufferPool()
        let schema = try ParquetFile.open(path: source).schema
        let batches = try read(source, schema, pool)
        var best = Double.infinity
        var sizeBytes = 0
        for _ in 0..<max(times, 1) {
            let start = processorSeconds()
            let writer = try ParquetWriter(
                path: target, schema: schema, options: options, pool: pool)
            for batch in batches { try writer.write(batch) }
            sizeBytes = try writer.finish().sizeBytes
            best = min(best, processorSeconds() - start)
        }
        print("\(best) \(sizeBytes)")
    }

    private static func read(
        _ path: String, _ schema: Schema, _ pool: BufferPool
    ) throws(ColumnarError) -> [Batch] {
        let columns = schema.fields.indices.map { ScanColumn(index: $0) }
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: schema,
            request: ScanRequest(columns: columns), pool: pool)
        var batches: [Batch] = []
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: Limits.batchRows) {
                var plain: [Column] = []
                for column in batch.columns {
                    plain.append(try column.flattened(pool: pool))
                }
                batches.append(Batch(columns: plain, count: batch.count))
            }
        }
        return batches
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func stop(_ message: String) {
        var text = "lake-write-bench: \(message)\n"
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(1)
    }
}
