import Columnar
import Glibc
import Testing

/// Damaged files give typed errors or some rows: never a trap, never unbounded memory.
@Suite struct ParquetHostileTests {
    static func bytes(of path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: ftell(file))
        rewind(file)
        #expect(fread(&bytes, 1, bytes.count, file) == bytes.count)
        return bytes
    }

    static func store(_ bytes: [UInt8], at path: String) throws {
        let file = try #require(fopen(path, "w"))
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        fclose(file)
    }

    /// A small file of every form: codes, plain pages, nesting, several pages and row groups.
    static func goodFile(_ folder: ScratchFolder) throws -> (bytes: [UInt8], schema: Schema) {
        let scalars = ParquetRoundTripTests.rows(count: 40, isNullable: true)
        let nested = ParquetNestedTests.rows(count: 40)
        let rows = ParquetRows(
            schema: Schema(scalars.schema.fields + nested.schema.fields),
            columns: scalars.columns + nested.columns)
        var options = ParquetWriterOptions()
        options.rowGroupRows = 30
        options.pageRows = 16
        options.textPageBytes = 0
        options.bloomColumns = ["c4"]
        try rows.write(to: folder.file("good.parquet"), options: options)
        return (try bytes(of: folder.file("good.parquet")), rows.schema)
    }

    /// Reads everything that can be read; returns whether that was the whole file.
    static func read(_ path: String, schema: Schema) -> Bool {
        do throws(ColumnarError) {
            let pool = BufferPool(budget: MemoryBudget(limitBytes: 256 << 20))
            let predicate = ScanPredicate.compare(
                ScanColumnPath(index: 4), .equal, .int(0x1234_5678_9ABC_DEF))
            let request = ScanRequest(
                columns: schema.fields.indices.map { ScanColumn(index: $0) },
                order: ScanOrder(column: ScanColumnPath(index: 4), isDescending: false))
            let file = ParquetScanFile(path: path, fileIndex: 0)
            let pruned = try ParquetScan(
                files: [file], schema: schema,
                request: ScanRequest(columns: [], predicates: [predicate]), pool: pool)
            for morsel in 0..<pruned.morselCount { _ = try pruned.open(morsel: morsel, pool: pool) }
            let scan = try ParquetScan(
                files: [file], schema: schema, request: request, pool: pool)
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: 1000) {
                    for (column, field) in zip(batch.columns, schema.fields) {
                        let rows = min(batch.count, 50)
                        for row in 0..<rows {
                            _ = try column.value(at: row, type: field.type)
                        }
                    }
                }
            }
            return true
        } catch { return false }
    }

    @Test func truncatedFilesAreRefused() throws {
        let folder = ScratchFolder()
        let (good, schema) = try Self.goodFile(folder)
        #expect(Self.read(folder.file("good.parquet"), schema: schema))
        let path = folder.file("cut.parquet")
        for length in stride(from: 0, to: good.count, by: 499) {
            try Self.store(Array(good[..<length]), at: path)
            #expect(!Self.read(path, schema: schema), "cut at \(length)")
        }
    }

    /// Bytes all over the footer and the first pages, changed in three ways.
    @Test(arguments: [0xFF, 0x01, 0x80])
    func flippedBytesNeverTrap(mask: Int) throws {
        let folder = ScratchFolder()
        let (good, schema) = try Self.goodFile(folder)
        let footer = (0..<4).reduce(0) { $0 | Int(good[good.count - 8 + $1]) << (8 * $1) }
        let path = folder.file("flipped.parquet")
        var refused = 0
        let step = 11
        let first = mask % 11
        let places =
            Array(stride(from: good.count - footer - 8 + first, to: good.count, by: step))
            + Array(stride(from: 4 + first, to: min(2_000, good.count), by: step))
        for place in places {
            var bad = good
            bad[place] ^= UInt8(mask)
            try Self.store(bad, at: path)
            if !Self.read(path, schema: schema) { refused += 1 }
        }
        #expect(refused > places.count / 10)
    }

    @Test func otherFilesAreNamedAsSuch() throws {
        let folder = ScratchFolder()
        try Self.store(Array("PAR1 this is not a footer at all PAR1".utf8), at: folder.file("x"))
        #expect(throws: ColumnarError.self) { try ParquetFile.open(path: folder.file("x")) }
        #expect(
            throws: ColumnarError.io(
                operation: "open", path: folder.file("none"), errorNumber: ENOENT)
        ) { try ParquetFile.open(path: folder.file("none")) }
    }

    @Test func anAbandonedWriterLeavesNothing() throws {
        let folder = ScratchFolder()
        let pool = BufferPool()
        do {
            let rows = ParquetNestedTests.rows(count: 10)
            let writer = try ParquetWriter(
                path: folder.file("a.parquet"), schema: rows.schema, pool: pool)
            try writer.write(try rows.batch(pool: pool))
        }
        #expect(try ParquetInteropTests.parquetFiles(folder.path).isEmpty)
        #expect(access(folder.path + "/.a.parquet.tmp", F_OK) != 0)
    }
}
