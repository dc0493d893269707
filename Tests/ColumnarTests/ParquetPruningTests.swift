import Columnar
import Testing

@Suite struct ParquetPruningTests {
    static let schema = Schema([
        Field(name: "id", type: .bigint, id: 1), Field(name: "name", type: .text, id: 2),
        Field(name: "score", type: .double, id: 3),
        Field(
            name: "owner", type: .row([RowField(name: "age", type: .integer)]), id: 4,
            children: [Field(name: "age", type: .integer, id: 5)]),
    ])

    static func rows() -> ParquetRows {
        ParquetRows(
            schema: schema,
            columns: [
                (0..<1000).map { .int(Int64($0)) },
                (0..<1000).map { $0 < 250 ? .null : .text("name \($0 * 37 % 1000 + 1000)") },
                (0..<1000).map { $0 % 10 == 0 ? .double(.nan) : .double(Double($0)) },
                (0..<1000).map { .row([.int(Int64($0 / 100))]) },
            ])
    }

    static func scan(
        _ path: String, _ predicates: [ScanPredicate], schema: Schema = Self.schema
    ) throws -> ParquetScan {
        try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: schema,
            request: ScanRequest(columns: [ScanColumn(index: 0)], predicates: predicates),
            pool: BufferPool())
    }

    static func write(_ folder: ScratchFolder) throws -> String {
        var options = ParquetWriterOptions()
        options.rowGroupRows = 100
        options.bloomColumns = ["name"]
        try rows().write(to: folder.file("p.parquet"), options: options)
        return folder.file("p.parquet")
    }

    @Test func boundsPruneRowGroups() throws {
        let folder = ScratchFolder()
        let path = try Self.write(folder)
        let id = ScanColumnPath(index: 0)
        let name = ScanColumnPath(index: 1)
        let score = ScanColumnPath(index: 2)
        let age = ScanColumnPath(index: 3, children: [0])
        let cases: [([ScanPredicate], Int)] = [
            ([], 10),
            ([.compare(id, .equal, .int(250))], 1),
            ([.compare(id, .less, .int(100))], 1),
            ([.compare(id, .lessOrEqual, .int(100))], 2),
            ([.compare(id, .greater, .int(898))], 2),
            ([.compare(id, .greaterOrEqual, .int(899)), .compare(id, .less, .int(900))], 1),
            ([.isIn(id, [.int(5), .int(905)])], 2),
            ([.or([.compare(id, .less, .int(1)), .compare(age, .equal, .int(7))])], 2),
            ([.compare(age, .notEqual, .int(3))], 9),
            ([.isNull(name)], 3),
            ([.isNotNull(name)], 8),
            ([.compare(score, .greater, .double(900))], 1),
            ([.compare(score, .equal, .double(.nan))], 10),
            ([.compare(score, .notEqual, .double(5))], 10),
            ([.compare(id, .equal, .int(-1))], 0),
        ]
        for (predicates, expected) in cases {
            let scan = try Self.scan(path, predicates)
            #expect(scan.morselCount == expected, "\(predicates)")
        }
    }

    @Test func missingColumnsAreNullForPredicatesToo() throws {
        let folder = ScratchFolder()
        let path = try Self.write(folder)
        var schema = Self.schema
        schema.fields.append(Field(name: "later", type: .integer, id: 9))
        let later = ScanColumnPath(index: 4)
        let none = try Self.scan(path, [.compare(later, .equal, .int(1))], schema: schema)
        #expect(none.morselCount == 0)
        #expect(try Self.scan(path, [.isNull(later)], schema: schema).morselCount == 10)
        let back = try ParquetRows.read([path], schema: schema)
        #expect(back[4] == Array(repeating: .null, count: 1000))
    }

    @Test func fieldIDsWinOverNamesAndTypesWiden() throws {
        let folder = ScratchFolder()
        let rows = ParquetRows(
            schema: Schema([
                Field(name: "old", type: .integer, id: 1), Field(name: "x", type: .real, id: 2),
            ]), columns: [[.int(1), .null, .int(-3)], [.float(0.5), .float(2), .null]])
        try rows.write(to: folder.file("w.parquet"))
        let wide = Schema([
            Field(name: "x", type: .bigint, id: 1), Field(name: "old", type: .double, id: 2),
        ])
        let back = try ParquetRows.read([folder.file("w.parquet")], schema: wide)
        #expect(back == [[.int(1), .null, .int(-3)], [.double(0.5), .double(2), .null]])
        let named = Schema([Field(name: "OLD", type: .bigint)])
        let byName = try ParquetRows.read([folder.file("w.parquet")], schema: named)
        #expect(byName == [[.int(1), .null, .int(-3)]])
    }

    @Test func bloomFiltersAndDynamicFiltersPruneAtOpen() throws {
        let folder = ScratchFolder()
        let path = try Self.write(folder)
        let pool = BufferPool()
        let missing = try Self.scan(
            path, [.compare(ScanColumnPath(index: 1), .equal, .text("name 1500x"))])
        var batches = 0
        for morsel in 0..<missing.morselCount {
            var reader = try missing.open(morsel: morsel, pool: pool)
            while try reader.next(maxRows: 100) != nil { batches += 1 }
        }
        #expect(missing.morselCount > 0 && batches == 0)
        #expect(missing.counters.rowGroupsRead.load(ordering: .relaxed) == 0)

        let filter = DynamicFilter()
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 3)], schema: Self.schema,
            request: ScanRequest(
                columns: [ScanColumn(index: 0)], dynamicFilters: [filter],
                order: ScanOrder(column: ScanColumnPath(index: 0), isDescending: true)),
            pool: pool)
        #expect(scan.morselCount == 10)
        var first = try scan.open(morsel: 0, pool: pool)
        let batch = try #require(try first.next(maxRows: 8192))
        guard case .consecutive(let origin)? = batch.origin else {
            Issue.record("no origin")
            return
        }
        #expect(origin == RowID(file: 3, row: 900))
        filter.publish(.compare(ScanColumnPath(index: 0), .greater, .int(850)))
        var opened = 0
        for morsel in 1..<10 {
            var reader = try scan.open(morsel: morsel, pool: pool)
            if try reader.next(maxRows: 10) != nil { opened += 1 }
        }
        #expect(opened == 1)
    }

    @Test func summaryHoldsExactBounds() throws {
        let folder = ScratchFolder()
        var rows = Self.rows()
        rows.columns[1][999] = .text(String(repeating: "ü", count: 100))
        let summary = try rows.write(to: folder.file("s.parquet"))
        #expect(summary.columns.map(\.fieldID) == [1, 2, 3, 5])
        #expect(summary.columns[0].lower == .int(0) && summary.columns[0].upper == .int(999))
        #expect(summary.columns[1].upper == .text(String(repeating: "ü", count: 100)))
        #expect(summary.columns[1].nullCount == 250)
        #expect(summary.columns[2].nanCount == 100)
        #expect(summary.columns[2].lower == .double(1) && summary.columns[2].upper == .double(999))
        // The file's own bound is cut and raised: 32 letters of two bytes, the last one higher.
        let scan = try Self.scan(
            folder.file("s.parquet"),
            [.compare(ScanColumnPath(index: 1), .greater, .text(String(repeating: "ü", count: 99)))]
        )
        #expect(scan.morselCount == 1)
    }
}
