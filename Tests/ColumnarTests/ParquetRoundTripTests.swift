import Columnar
import Glibc
import Testing

/// A folder that goes with the test.
final class ScratchFolder {
    let path: String

    init() {
        var template = Array((P_tmpdir + "/lake-parquet-XXXXXX").utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { unlink(path + "/" + name) }
            }
            closedir(folder)
        }
        rmdir(path)
    }

    func file(_ name: String) -> String { path + "/" + name }
}

/// Boxed rows in and out of Parquet files.
struct ParquetRows {
    var schema: Schema
    /// One list of values per column.
    var columns: [[Value]]

    func batch(pool: BufferPool) throws -> Batch {
        var built: [Column] = []
        for (field, values) in zip(schema.fields, columns) {
            built.append(try Column.from(values, type: field.type, pool: pool))
        }
        return Batch(columns: built, count: columns.first?.count ?? 0)
    }

    @discardableResult
    func write(
        to path: String, options: ParquetWriterOptions = ParquetWriterOptions()
    ) throws -> ParquetFileSummary {
        let pool = BufferPool()
        let writer = try ParquetWriter(path: path, schema: schema, options: options, pool: pool)
        try writer.write(try batch(pool: pool))
        return try writer.finish()
    }

    /// All rows of a scan, a list of values per column.
    static func read(
        _ paths: [String], schema: Schema, request: ScanRequest? = nil, maxRows: Int = 8192
    ) throws -> [[Value]] {
        let pool = BufferPool()
        let request =
            request ?? ScanRequest(columns: schema.fields.indices.map { ScanColumn(index: $0) })
        let files = paths.enumerated().map { ParquetScanFile(path: $1, fileIndex: $0) }
        let scan = try ParquetScan(files: files, schema: schema, request: request, pool: pool)
        var result: [[Value]] = Array(repeating: [], count: request.columns.count)
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: maxRows) {
                for (i, column) in batch.columns.enumerated() {
                    let type = schema.fields[request.columns[i].index].type
                    for row in 0..<batch.count {
                        result[i].append(try column.value(at: row, type: type))
                    }
                }
            }
        }
        return result
    }
}

@Suite struct ParquetRoundTripTests {
    static let scalars: [(DataType, @Sendable (Int) -> Value)] = [
        (.boolean, { .boolean($0 % 3 == 0) }),
        (.tinyint, { .int(Int64($0 % 256 - 128)) }),
        (.smallint, { .int(Int64($0 * 7 % 65536 - 32768)) }),
        (.integer, { .int(Int64($0 * 99991 % 4_294_967 - 2_000_000)) }),
        (.bigint, { .int(Int64($0) &* 0x1234_5678_9ABC_DEF) }),
        (.real, { .float(Float($0) * 0.5 - 100) }),
        (.double, { .double(Double($0) * 0.25 - 100) }),
        (.decimal(precision: 9, scale: 2), { .int(Int64($0 % 1_000_000 - 500)) }),
        (.decimal(precision: 18, scale: 4), { .int(Int64($0) * 1_000_000_007 - 5) }),
        (
            .decimal(precision: 38, scale: 6),
            {
                .int128((Int128($0) - 500) * 1_000_000_000_000_000_000_000)
            }
        ),
        (.text, { .text("text \($0 % 977) äöü") }),
        (.varchar(length: 10), { .text("\($0)") }),
        (.varbinary, { .binary([UInt8($0 & 255), 0, UInt8($0 >> 8 & 255)]) }),
        (.json, { .text("{\"a\": \($0)}") }),
        (.uuid, { .int128(Int128($0) << 64 | Int128($0 * 3) - Int128(1) << 100) }),
        (.date, { .int(Int64($0 - 5000)) }),
        (.time(precision: 6), { .int(Int64($0) * 1_000_003) }),
        (.timestamp(precision: 6), { .int(Int64($0) * 1_000_000_007 - 77) }),
        (
            .timestampTZ(precision: 3),
            {
                .int128(ZonedTime(micros: Int64($0) * 1_000_000_007 - 77).bits)
            }
        ),
    ]

    static func rows(count: Int, isNullable: Bool) -> ParquetRows {
        var fields: [Field] = []
        var columns: [[Value]] = []
        for (i, (type, value)) in scalars.enumerated() {
            fields.append(
                Field(
                    name: "c\(i)", type: type, isNullable: isNullable, id: isNullable ? i + 1 : nil)
            )
            columns.append(
                (0..<count).map { isNullable && ($0 * 7 + i) % 5 == 0 ? .null : value($0) })
        }
        return ParquetRows(schema: Schema(fields), columns: columns)
    }

    @Test(arguments: [1, 63, 64, 65, 3_000], [true, false])
    func scalarTypesComeBack(count: Int, isNullable: Bool) throws {
        let folder = ScratchFolder()
        let rows = Self.rows(count: count, isNullable: isNullable)
        var options = ParquetWriterOptions()
        options.rowGroupRows = 2_000
        options.pageRows = 700
        options.textPageBytes = 0
        let summary = try rows.write(to: folder.file("a.parquet"), options: options)
        #expect(summary.rowCount == count)
        #expect(summary.splitOffsets.count == (count + 1_999) / 2_000)
        let back = try ParquetRows.read([folder.file("a.parquet")], schema: rows.schema)
        for i in rows.columns.indices {
            #expect(back[i] == rows.columns[i], "column \(i): \(rows.schema.fields[i].type)")
        }
    }

    @Test(arguments: [7, 8192])
    func batchSizeDoesNotMatter(maxRows: Int) throws {
        let folder = ScratchFolder()
        let rows = Self.rows(count: 3_000, isNullable: true)
        var options = ParquetWriterOptions()
        options.rowGroupRows = 1_100
        options.pageRows = 77
        options.textPageBytes = 0
        try rows.write(to: folder.file("a.parquet"), options: options)
        let back = try ParquetRows.read(
            [folder.file("a.parquet")], schema: rows.schema, maxRows: maxRows)
        #expect(back == rows.columns)
    }
}
