import Columnar
import Dispatch
import Glibc

/// `lake-bench decode FILE THREADS`: decodes each column of a Parquet file whole, and all of them.
///
/// One line of JSON a column, for a script that lets other programs do the same in the same run. "coded"
/// is what the engine gets (dictionary columns stay codes), "flat" has every value in its place.
enum DecodeBench {
    static func run(path: String, threads: Int) {
        do {
            let file = try ParquetFile.open(path: path)
            for index in file.schema.fields.indices {
                try report(file, columns: [index], name: file.schema.fields[index].name, threads)
            }
            try report(file, columns: Array(file.schema.fields.indices), name: "*", threads)
        } catch {
            Report.stop("\(error)")
        }
    }

    private static func report(
        _ file: ParquetFile, columns: [Int], name: String, _ threads: Int
    ) throws {
        var figures: [String] = []
        for isFlat in [false, true] {
            var best = (wall: Double.infinity, core: Double.infinity)
            for _ in 0..<3 {
                let start = (Stopwatch.seconds(), Stopwatch.coreSeconds())
                let rows = try decode(file, columns: columns, isFlat: isFlat, threads: threads)
                guard rows == file.rowCount else { Report.stop("\(rows) of \(file.rowCount) rows") }
                best.wall = min(best.wall, Stopwatch.seconds() - start.0)
                best.core = min(best.core, Stopwatch.coreSeconds() - start.1)
            }
            let kind = isFlat ? "flat" : "coded"
            figures.append("\"\(kind)_wall\": \(best.wall), \"\(kind)_core\": \(best.core)")
        }
        print("{\"column\": \"\(name)\", \(figures.joined(separator: ", "))}")
        fflush(nil)
    }

    private static func decode(
        _ file: ParquetFile, columns: [Int], isFlat: Bool, threads: Int
    ) throws -> Int {
        let pool = BufferPool()
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: file.path, fileIndex: 0)], schema: file.schema,
            request: ScanRequest(columns: columns.map { ScanColumn(index: $0) }), pool: pool)
        let queue = MorselQueue(count: scan.morselCount)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while let morsel = queue.next() {
                queue.add(rows: rows(scan, morsel, isFlat: isFlat, pool: pool))
            }
        }
        return queue.rows
    }

    private static func rows(
        _ scan: ParquetScan, _ morsel: Int, isFlat: Bool, pool: BufferPool
    ) -> Int {
        do {
            var rows = 0
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: Limits.batchRows) {
                for column in batch.columns {
                    guard case .lazy(let lazy) = column else { continue }
                    let decoded = try lazy.resolve(.all)
                    if isFlat { _ = try decoded.flattened(.all, pool: pool) }
                }
                rows += batch.count
            }
            return rows
        } catch {
            Report.stop("\(error)")
        }
    }
}

/// Hands out morsels and sums rows over threads.
private final class MorselQueue: @unchecked Sendable {
    private let count: Int
    private let lock = DispatchSemaphore(value: 1)
    // Both are touched under the lock only.
    private var position = 0
    private(set) var rows = 0

    init(count: Int) {
        self.count = count
    }

    func next() -> Int? {
        lock.wait()
        defer { lock.signal() }
        guard position < count else { return nil }
        position += 1
        return position - 1
    }

    func add(rows more: Int) {
        lock.wait()
        defer { lock.signal() }
        rows += more
    }
}
