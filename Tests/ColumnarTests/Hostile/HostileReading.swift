import Columnar
import Glibc
import Testing

/// What reading a hostile file came to.
enum HostileOutcome: Equatable {
    /// Rows of all row groups, boxed, a list per column.
    case rows([[Value]])
    case refused(ColumnarError)

    var error: ColumnarError? {
        if case .refused(let error) = self { return error }
        return nil
    }
}

/// Reads files that may be anything, within a budget.
enum HostileReading {
    static let budgetBytes = 256 << 20
    /// Rows that are looked at: a small file may honestly declare billions.
    static let rowLimit = 3_000

    /// Whether the long form of the suites is asked for.
    static let isTorture = getenv("LAKE_TORTURE") != nil

    static func read(
        _ file: HostileFile, in folder: ScratchFolder, batchRows: Int = 1000,
        pool: BufferPool? = nil
    ) throws -> HostileOutcome {
        let path = folder.file("hostile.parquet")
        try ParquetHostileTests.store(file.bytes, at: path)
        return read(path, batchRows: batchRows, pool: pool)
    }

    /// Every column, with a predicate on each that lets everything pass.
    static func read(_ path: String, batchRows: Int = 1000, pool: BufferPool? = nil)
        -> HostileOutcome
    {
        do throws(ColumnarError) {
            let pool = pool ?? BufferPool(budget: MemoryBudget(limitBytes: budgetBytes))
            let file = try ParquetFile.open(path: path)
            let columns = file.schema.fields.indices.map { ScanColumn(index: $0) }
            let scan = try ParquetScan(
                files: [ParquetScanFile(path: path, fileIndex: 0)], schema: file.schema,
                request: ScanRequest(columns: columns), pool: pool,
                options: ParquetReadOptions(verifiesChecksums: true))
            var values: [[Value]] = Array(repeating: [], count: columns.count)
            var rows = 0
            for morsel in 0..<scan.morselCount where rows < rowLimit {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while rows < rowLimit, let batch = try reader.next(maxRows: batchRows) {
                    rows += batch.count
                    for (i, column) in batch.columns.enumerated() {
                        let column = try column.resolved()
                        for row in 0..<min(batch.count, 300) {
                            values[i].append(
                                try column.value(at: row, type: file.schema.fields[i].type))
                        }
                    }
                }
            }
            return .rows(values)
        } catch { return .refused(error) }
    }

    /// Refused, with the reason and the place in words.
    static func expectRefusal(
        _ file: HostileFile, _ fragments: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try read(file, in: ScratchFolder())
        guard let error = outcome.error else {
            Issue.record("it was read: \(outcome)", sourceLocation: sourceLocation)
            return
        }
        for fragment in fragments where !fragment.isEmpty {
            #expect("\(error)".contains(fragment), "\(error)", sourceLocation: sourceLocation)
        }
        // A refusal says where; only the budget's does not know.
        let isPlaced: Bool =
            switch error {
            case .corrupt(let place, _), .unsupported(let place, _):
                place.path.hasSuffix(".parquet")
            case .limit(_, _, _, let place): place?.path.hasSuffix(".parquet") == true
            default: error.isMemoryLimit
            }
        #expect(isPlaced, "\(error)", sourceLocation: sourceLocation)
    }
}
