import Columnar
import Foundation
import Testing

/// Many files as one table: Hive folders, columns by name, types widened, files not opened.
@Suite struct DatasetTests {
    /// All rows of a dataset, a list of values per visible column.
    private func rows(
        _ dataset: ParquetDataset, where predicates: [ScanPredicate] = [],
        columns: [String]? = nil
    ) throws -> [[Value]] {
        let schema = dataset.schema
        let wanted = schema.fields.indices.filter { index in
            columns?.contains(schema.fields[index].name)
                ?? !dataset.hiddenColumns.contains(index)
        }
        let pool = BufferPool()
        let scan = try dataset.scan(
            ScanRequest(columns: wanted.map { ScanColumn(index: $0) }, predicates: predicates),
            pool: pool)
        var result = [[Value]](repeating: [], count: wanted.count)
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: 100) {
                for (position, index) in wanted.enumerated() {
                    for row in 0..<batch.count {
                        result[position].append(
                            try batch.columns[position].value(
                                at: row, type: schema.fields[index].type))
                    }
                }
            }
        }
        return result
    }

    private func describe(_ dataset: ParquetDataset) -> [String] {
        dataset.schema.fields.indices.filter { !dataset.hiddenColumns.contains($0) }.map {
            "\(dataset.schema.fields[$0].name) \(dataset.schema.fields[$0].type)"
        }
    }

    // MARK: Hive

    @Test func foldersAreColumns() throws {
        let tree = try ScratchTree()
        try tree.parquet("y=2023/c=a%20b/x.parquet", [("id", .bigint, [.int(1)])])
        try tree.parquet(
            "y=2024/c=__HIVE_DEFAULT_PARTITION__/x.parquet", [("id", .bigint, [.int(2)])])
        let dataset = try tree.dataset("**")
        #expect(describe(dataset) == ["id bigint", "y bigint", "c varchar"])
        #expect(
            try rows(dataset) == [
                [.int(1), .int(2)], [.int(2023), .int(2024)], [.text("a b"), .null],
            ])
        #expect(try tree.dataset("**", hive: false).schema.index(of: "y") == nil)
        // What lies above the pattern's own folders is not part of the dataset.
        let absolute = try ParquetDataset.open(
            try Glob("c=*/*", in: tree.path + "/y=2023", ending: "parquet").paths())
        #expect(describe(absolute) == ["id bigint", "c varchar"])
    }

    @Test(arguments: [
        (["1", "-20"], "bigint"), (["01", "2"], "varchar"), (["1", "x"], "varchar"),
        (["2024-02-29", "2024-1-1"], "date"), (["2023-02-29"], "varchar"),
        (["2024-01-01 10%3A00%3A00", "2024-01-01 10%3A00%3A00.25"], "timestamp(6)"),
        (["2024-01-01 10%3A00%3A00", "2024-01-01"], "varchar"), (["true"], "varchar"),
        (["99999999999999999999"], "varchar"), (["__HIVE_DEFAULT_PARTITION__"], "varchar"),
        (["__HIVE_DEFAULT_PARTITION__", "7"], "bigint"), (["+1"], "varchar"), ([""], "varchar"),
    ])
    func keysHaveTheTypeOfTheirValues(_ values: [String], _ type: String) throws {
        let tree = try ScratchTree()
        for value in values {
            try tree.parquet("k=\(value)/x.parquet", [("id", .bigint, [.int(1)])])
        }
        #expect(describe(try tree.dataset("**")) == ["id bigint", "k \(type)"])
    }

    @Test func theFolderWinsOverTheFile() throws {
        let tree = try ScratchTree()
        try tree.parquet(
            "K=5/x.parquet", [("k", .text, [.text("file")]), ("id", .bigint, [.int(1)])])
        let dataset = try tree.dataset("**")
        #expect(describe(dataset) == ["k bigint", "id bigint"])
        #expect(try rows(dataset) == [[.int(5)], [.int(1)]])
        let key = ScanColumnPath(index: 0)
        #expect(try rows(dataset, where: [.compare(key, .equal, .int(5))])[0] == [.int(5)])
        #expect(try rows(dataset, where: [.compare(key, .equal, .int(6))])[0] == [])
    }

    @Test func foldersThatDisagreeAreNoColumns() throws {
        let tree = try ScratchTree()
        try tree.parquet("k=1/x.parquet", [("id", .bigint, [.int(1)])])
        try tree.parquet("j=1/x.parquet", [("id", .bigint, [.int(2)])])
        #expect(describe(try tree.dataset("**")) == ["id bigint"])
        #expect(throws: ColumnarError.self) { try tree.dataset("**", hive: true) }
    }

    @Test func excludedFilesAreNotOpened() throws {
        let tree = try ScratchTree()
        try tree.parquet("y=2023/x.parquet", [("id", .bigint, [.int(1)])])
        try Data("not parquet".utf8).write(to: URL(filePath: try tree.file("y=2024/x.parquet")))
        let dataset = try tree.dataset("**", union: false)
        let year = ScanColumnPath(index: 1)
        #expect(try rows(dataset, where: [.compare(year, .less, .int(2024))])[0] == [.int(1)])
        #expect(try rows(dataset, where: [.isIn(year, [.int(2020)])])[0] == [])
        #expect(try rows(dataset, where: [.isNull(year)])[0] == [])
        #expect(throws: ColumnarError.self) { try rows(dataset) }
        // United by name, footers are read at once, but a damaged one hurts only who wants it.
        let united = try tree.dataset("**")
        #expect(united.rowCount == nil)
        #expect(try rows(united, where: [.compare(year, .less, .int(2024))])[0] == [.int(1)])
        #expect(throws: ColumnarError.self) { try rows(united) }
        #expect(throws: ColumnarError.self) { try tree.dataset("**", hive: false) }
    }

    // MARK: Union

    @Test func columnsAreUnitedByName() throws {
        let tree = try ScratchTree()
        try tree.parquet(
            "a.parquet", [("id", .integer, [.int(1)]), ("name", .text, [.text("x")])])
        try tree.parquet(
            "b.parquet", [("extra", .double, [.double(0.5)]), ("ID", .bigint, [.int(1 << 40)])])
        let dataset = try tree.dataset("*")
        #expect(describe(dataset) == ["id bigint", "name varchar", "extra double"])
        #expect(
            try rows(dataset) == [
                [.int(1), .int(1 << 40)], [.text("x"), .null], [.null, .double(0.5)],
            ])
        #expect(dataset.rowCount == 2)
        let first = try tree.dataset("*", union: false)
        #expect(describe(first) == ["id integer", "name varchar"])
    }

    @Test func namesInTwoCasesStayApart() throws {
        let tree = try ScratchTree()
        try tree.parquet("a.parquet", [("a", .bigint, [.int(1)]), ("A", .bigint, [.int(2)])])
        try tree.parquet("b.parquet", [("A", .bigint, [.int(3)])])
        let dataset = try tree.dataset("*")
        #expect(describe(dataset) == ["a bigint", "A bigint"])
        #expect(try rows(dataset) == [[.int(1), .null], [.int(2), .int(3)]])
    }

    @Test func rowsAreUnitedByField() throws {
        let tree = try ScratchTree()
        let one = DataType.row([RowField(name: "x", type: .integer)])
        let two = DataType.row([
            RowField(name: "y", type: .text), RowField(name: "x", type: .bigint),
        ])
        try tree.parquet("a.parquet", [("r", .array(one), [.list([.row([.int(1)])])])])
        try tree.parquet(
            "b.parquet", [("r", .array(two), [.list([.row([.text("t"), .int(1 << 40)])])])])
        let dataset = try tree.dataset("*")
        #expect(describe(dataset) == ["r array(row(x bigint, y varchar))"])
        #expect(
            try rows(dataset) == [
                [
                    .list([.row([.int(1), .null])]),
                    .list([.row([.int(1 << 40), .text("t")])]),
                ]
            ])
    }

    /// A type and a value of it, twice; the common type and both values in it.
    struct Widening: Sendable {
        let a: (DataType, Value)
        let b: (DataType, Value)
        let common: DataType
        let values: [Value]

        static let days20 = Value.int(20_000)
        static let micros20 = Value.int(20_000 * 86_400_000_000)
        static let instant20 = Value.int128(ZonedTime(micros: 20_000 * 86_400_000_000).bits)

        static let all: [Widening] = [
            .init(
                a: (.tinyint, .int(-1)), b: (.smallint, .int(2)), common: .smallint,
                values: [.int(-1), .int(2)]),
            .init(
                a: (.integer, .int(-1)), b: (.double, .double(0.5)), common: .double,
                values: [.double(-1), .double(0.5)]),
            .init(
                a: (.real, .float(0.25)), b: (.double, .double(0.5)), common: .double,
                values: [.double(0.25), .double(0.5)]),
            .init(
                a: (.bigint, .int(7)), b: (.real, .float(0.5)), common: .double,
                values: [.double(7), .double(0.5)]),
            .init(
                a: (.decimal(precision: 5, scale: 2), .int(-12_345)),
                b: (.decimal(precision: 9, scale: 4), .int(12_345)),
                common: .decimal(precision: 9, scale: 4), values: [.int(-1_234_500), .int(12_345)]),
            .init(
                a: (.decimal(precision: 18, scale: 2), .int(-12_345)),
                b: (.decimal(precision: 20, scale: 6), .int128(1)),
                common: .decimal(precision: 22, scale: 6),
                values: [.int128(-123_450_000), .int128(1)]),
            .init(
                a: (.integer, .int(-3)), b: (.decimal(precision: 4, scale: 1), .int(15)),
                common: .decimal(precision: 11, scale: 1), values: [.int(-30), .int(15)]),
            .init(
                a: (.bigint, .int(-3)), b: (.decimal(precision: 4, scale: 1), .int(15)),
                common: .decimal(precision: 20, scale: 1), values: [.int128(-30), .int128(15)]),
            .init(
                a: (.decimal(precision: 25, scale: 1), .int128(-25)), b: (.double, .double(1)),
                common: .double, values: [.double(-2.5), .double(1)]),
            .init(
                a: (.date, days20), b: (.timestamp(precision: 6), .int(1)),
                common: .timestamp(precision: 6), values: [micros20, .int(1)]),
            .init(
                a: (.date, days20),
                b: (.timestampTZ(precision: 6), .int128(ZonedTime(micros: 1).bits)),
                common: .timestampTZ(precision: 6),
                values: [instant20, .int128(ZonedTime(micros: 1).bits)]),
            .init(
                a: (.timestamp(precision: 6), micros20),
                b: (.timestampTZ(precision: 6), .int128(ZonedTime(micros: 1).bits)),
                common: .timestampTZ(precision: 6),
                values: [instant20, .int128(ZonedTime(micros: 1).bits)]),
            .init(
                a: (.varbinary, .binary([0xFF])), b: (.text, .text("a")), common: .varbinary,
                values: [.binary([0xFF]), .binary([0x61])]),
        ]
    }

    @Test(arguments: Widening.all.indices, [false, true])
    func typesAreWidened(_ number: Int, _ isReversed: Bool) throws {
        let widening = Widening.all[number]
        let tree = try ScratchTree()
        try tree.parquet(
            isReversed ? "b.parquet" : "a.parquet",
            [("v", widening.a.0, [widening.a.1, .null, widening.a.1])])
        try tree.parquet(
            isReversed ? "a.parquet" : "b.parquet", [("v", widening.b.0, [widening.b.1])])
        let dataset = try tree.dataset("*")
        #expect(dataset.schema.fields[0].type == widening.common)
        let (a, b) = (widening.values[0], widening.values[1])
        let read = try rows(dataset)[0]
        #expect(read == (isReversed ? [b, a, .null, a] : [a, .null, a, b]))
        // Bounds are widened too: a filter on either value finds it.
        for value in [a, b] {
            let equal = ScanPredicate.compare(ScanColumnPath(index: 0), .equal, value)
            #expect(try rows(dataset, where: [equal])[0].contains(value))
        }
    }

    @Test func typesWithoutACommonOneAreRefused() throws {
        let tree = try ScratchTree()
        try tree.parquet("a.parquet", [("v", .bigint, [.int(1)])])
        try tree.parquet("b.parquet", [("v", .text, [.text("x")])])
        do {
            _ = try tree.dataset("*")
            Issue.record("no error")
        } catch let error as ColumnarError {
            let text = "\(error)"
            #expect(text.contains("a.parquet") && text.contains("b.parquet"))
            #expect(text.contains("varchar together with bigint"))
        }
    }

    // MARK: Facts and counts

    @Test func hiddenColumnsTellTheFile() throws {
        let tree = try ScratchTree()
        try tree.parquet("a.parquet", [("v", .bigint, [.int(1), .int(2)])])
        let dataset = try tree.dataset("*")
        let facts = try rows(dataset, columns: ["$path", "$file_size"])
        let size = try FileManager.default.attributesOfItem(atPath: tree.path + "/a.parquet")
        #expect(facts[0] == [.text(tree.path + "/a.parquet"), .text(tree.path + "/a.parquet")])
        #expect(facts[1][0] == .int(Int64(size[.size] as? Int ?? -1)))
    }

    @Test func rowsAreCountedWithoutReading() throws {
        let tree = try ScratchTree()
        for number in 0..<20 {
            try tree.parquet("\(number).parquet", [("v", .bigint, [.int(1), .null])])
        }
        let dataset = try tree.dataset("*")
        let scan = try dataset.scan(ScanRequest(columns: []), pool: BufferPool())
        var count = 0
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: BufferPool())
            while let batch = try reader.next(maxRows: 7) { count += batch.count }
        }
        #expect(count == 40)
        #expect(scan.counters.filesTotal.load(ordering: .relaxed) == 20)
        #expect(scan.counters.filesRead.load(ordering: .relaxed) == 0)
    }

    // MARK: The footer cache

    @Test func theCacheSeesReplacedFiles() throws {
        let tree = try ScratchTree()
        let cache = FooterCache(limitBytes: 1 << 20)
        try tree.parquet("a.parquet", [("v", .bigint, [.int(1)])])
        let path = tree.path + "/a.parquet"
        let first = try cache.file(path: path)
        #expect(try cache.file(path: path) === first)
        try tree.parquet("a.parquet", [("v", .bigint, [.int(1), .int(2)])])
        #expect(try cache.file(path: path).rowCount == 2)
    }

    @Test func theCacheForgetsWhatIsOld() throws {
        let tree = try ScratchTree()
        for number in 0..<10 {
            try tree.parquet("\(number).parquet", [("v", .bigint, [.int(1)])])
        }
        let bytes = try ParquetFile.open(path: tree.path + "/0.parquet").footerBytes
        let cache = FooterCache(limitBytes: bytes * 4)
        let first = try cache.file(path: tree.path + "/0.parquet")
        for number in 1..<10 { _ = try cache.file(path: tree.path + "/\(number).parquet") }
        #expect(try cache.file(path: tree.path + "/0.parquet") !== first)
    }
}
