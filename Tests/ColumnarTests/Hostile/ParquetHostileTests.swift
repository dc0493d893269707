import Columnar
import Glibc
import Testing

/// Files that are no Parquet, and what a writer leaves that was given up.
///
/// Beside this suite: `ParquetLyingFooterTests` (schema, counts, places, statistics, indexes),
/// `ParquetLyingPageTests` (sizes, levels, codes, encodings), `ParquetBombTests` (memory),
/// `ParquetDamageTests` (every byte), `ParquetFoundTests` (what the fuzzers found).
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
