import Columnar
import Testing

@Suite struct ParquetNestedTests {
    static let child = DataType.row([
        RowField(name: "id", type: .bigint), RowField(name: "kind", type: .text),
    ])

    /// Every shape that a post has and some more, with NULL and empty at each level.
    static func rows(count: Int) -> ParquetRows {
        let point = DataType.row([
            RowField(name: "x", type: .integer), RowField(name: "tags", type: .array(.text)),
        ])
        let columns: [(String, DataType, (Int) -> Value)] = [
            (
                "children", .array(child),
                { i in
                    switch i % 5 {
                    case 0: .null
                    case 1: .list([])
                    case 2: .list([.row([.int(Int64(i)), .text("IMAGE")]), .null])
                    default:
                        .list(
                            (0..<i % 7).map {
                                .row([.int(Int64($0)), $0 % 2 == 0 ? .null : .text("v\($0)")])
                            })
                    }
                }
            ),
            (
                "point", point,
                { i in
                    switch i % 4 {
                    case 0: .null
                    case 1: .row([.null, .null])
                    case 2: .row([.int(Int64(i)), .list([])])
                    default: .row([.int(Int64(i)), .list([.text("a"), .null, .text("b\(i)")])])
                    }
                }
            ),
            (
                "matrix", .array(.array(.integer)),
                { i in
                    switch i % 6 {
                    case 0: .null
                    case 1: .list([])
                    case 2: .list([.null, .list([])])
                    default: .list([.list([.int(Int64(i)), .null]), .list([]), .list([.int(7)])])
                    }
                }
            ),
            (
                "counts", .map(key: .text, value: .bigint),
                { i in
                    switch i % 4 {
                    case 0: .null
                    case 1: .map([], [])
                    default: .map([.text("a"), .text("b\(i)")], [.int(Int64(i)), .null])
                    }
                }
            ),
            (
                "flags", .array(.boolean),
                { i in
                    i % 3 == 0 ? .null : .list([.boolean(i % 2 == 0), .null, .boolean(true)])
                }
            ),
            (
                "deep",
                .array(.row([RowField(name: "m", type: .map(key: .integer, value: point))])),
                { i in
                    i % 3 == 0
                        ? .list([.row([.null]), .null])
                        : .list([
                            .row([
                                .map(
                                    [.int(1), .int(2)],
                                    [.null, .row([.int(Int64(i)), .list([.text("z")])])])
                            ])
                        ])
                }
            ),
        ]
        return ParquetRows(
            schema: Schema(columns.map { Field(name: $0.0, type: $0.1) }),
            columns: columns.map { column in (0..<count).map(column.2) })
    }

    @Test(arguments: [1, 2, 64, 1_000])
    func listsRowsAndMapsComeBack(count: Int) throws {
        let folder = ScratchFolder()
        let rows = Self.rows(count: count)
        var options = ParquetWriterOptions()
        options.rowGroupRows = 400
        options.pageRows = 33
        options.textPageBytes = 0
        try rows.write(to: folder.file("n.parquet"), options: options)
        let back = try ParquetRows.read(
            [folder.file("n.parquet")], schema: rows.schema, maxRows: 100)
        for i in rows.columns.indices {
            #expect(back[i] == rows.columns[i], "column \(rows.schema.fields[i].name)")
        }
    }

    @Test func unwantedMembersAreNull() throws {
        let folder = ScratchFolder()
        let rows = Self.rows(count: 50)
        try rows.write(to: folder.file("n.parquet"))
        let back = try ParquetRows.read(
            [folder.file("n.parquet")], schema: rows.schema,
            request: ScanRequest(columns: [ScanColumn(index: 1, leaves: [[0]])]))
        for (value, original) in zip(back[0], rows.columns[1]) {
            guard case .row(let fields) = original else {
                #expect(value == .null)
                continue
            }
            #expect(value == .row([fields[0], .null]))
        }
    }

    @Test func allNullAndEmptyColumnsComeBack() throws {
        let folder = ScratchFolder()
        let schema = Schema([
            Field(name: "a", type: .text), Field(name: "b", type: .array(.bigint)),
            Field(name: "c", type: .boolean), Field(name: "d", type: .double),
        ])
        let nulls = ParquetRows(
            schema: schema, columns: Array(repeating: Array(repeating: .null, count: 300), count: 4)
        )
        let summary = try nulls.write(to: folder.file("nulls.parquet"))
        #expect(summary.columns.map(\.nullCount) == [300, 300, 300, 300])
        #expect(summary.columns.allSatisfy { $0.lower == nil && $0.upper == nil })
        #expect(
            try ParquetRows.read([folder.file("nulls.parquet")], schema: schema) == nulls.columns)
        let none = ParquetRows(schema: schema, columns: Array(repeating: [], count: 4))
        let empty = try none.write(to: folder.file("empty.parquet"))
        #expect(empty.rowCount == 0 && empty.splitOffsets.isEmpty)
        #expect(
            try ParquetRows.read([folder.file("empty.parquet")], schema: schema) == none.columns)
    }

    @Test func codedConstantAndSelectedInputIsWritten() throws {
        let folder = ScratchFolder()
        let pool = BufferPool()
        let schema = Schema([
            Field(name: "coded", type: .text), Field(name: "constant", type: .bigint),
            Field(name: "runs", type: .integer),
        ])
        let entries = try Column.from([.text("x"), .text("y")], type: .text, pool: pool)
        var codes = try GrowingBuffer<UInt32>(pool: pool)
        for i in 0..<100 { try codes.append(UInt32(i % 3)) }
        var ends = try GrowingBuffer<UInt32>(pool: pool)
        try ends.append(40)
        try ends.append(100)
        var selected = try GrowingBuffer<UInt16>(pool: pool)
        for row in stride(from: 1, to: 100, by: 7) { try selected.append(UInt16(row)) }
        let batch = Batch(
            columns: [
                .coded(
                    CodedColumn(
                        codes: codes.buffer, count: 100,
                        dictionary: ColumnDictionary(entries: entries), mayHaveNulls: true)),
                .constant(
                    ConstantColumn(
                        try Column.from([.int(42)], type: .bigint, pool: pool), count: 100)),
                .runs(
                    RunsColumn(
                        ends: ends.buffer, runCount: 2,
                        values: try Column.from([.int(5), .null], type: .integer, pool: pool),
                        count: 100)),
            ], count: 100,
            selection: .rows(RowList(buffer: selected.buffer, count: selected.count)))
        let writer = try ParquetWriter(path: folder.file("f.parquet"), schema: schema, pool: pool)
        try writer.write(batch)
        _ = try writer.finish()
        let rows = Array(stride(from: 1, to: 100, by: 7))
        let back = try ParquetRows.read([folder.file("f.parquet")], schema: schema)
        #expect(back[0] == rows.map { [.text("x"), .text("y"), .null][$0 % 3] })
        #expect(back[1] == rows.map { _ in .int(42) })
        #expect(back[2] == rows.map { $0 < 40 ? .int(5) : .null })
    }
}
