import Columnar
import Glibc
import Testing

/// Files that once broke the reader, found by the fuzzers: each is an answer or a typed error now.
@Suite struct ParquetFoundTests {
    static let folder: String =
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
        + "/Fuzz/found"

    static func files() -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".parquet") { names.append(name) }
        }
        return names.sorted()
    }

    @Test(arguments: files())
    func isAnsweredOrRefused(name: String) {
        let path = Self.folder + "/" + name
        do throws(ColumnarError) {
            let file = try ParquetFile.open(path: path)
            for size in [8192, 13] { try Self.read(file, batchRows: size) }
        } catch {
            #expect("\(error)".contains(path) || error.isMemoryLimit, "\(error)")
        }
    }

    /// Reads the first rows of every column.
    static func read(_ file: ParquetFile, batchRows: Int) throws(ColumnarError) {
        let pool = BufferPool(budget: MemoryBudget(limitBytes: 64 << 20))
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: file.path, fileIndex: 0)], schema: file.schema,
            request: ScanRequest(
                columns: file.schema.fields.indices.map { ScanColumn(index: $0) },
                predicates: file.schema.fields.indices.map { .isNotNull(ScanColumnPath(index: $0)) }
            ), pool: pool)
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            var batches = 0
            while batches < 20, let batch = try reader.next(maxRows: batchRows) {
                batches += 1
                for (column, field) in zip(batch.columns, file.schema.fields) {
                    for row in 0..<min(batch.count, 20) {
                        _ = try column.value(at: row, type: field.type)
                    }
                }
            }
        }
    }
}

extension ColumnarError {
    var isMemoryLimit: Bool {
        if case .memoryLimit = self { return true }
        return false
    }
}
