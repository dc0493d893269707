import Columnar
import Testing

@testable import Query

@Suite struct SortTests {
    static let types: [DataType] = [.text, .double, .bigint, .decimal(precision: 38, scale: 2)]
    static let rows: [[Value]] = {
        var rows: [[Value]] = []
        for i in 0..<900 {
            let text: Value =
                i % 13 == 0
                ? .null : .text("https://example.com/\(i * 31 % 40)\(i % 3 == 0 ? "x" : "")")
            let double: Value =
                i % 17 == 0 ? .null : i % 19 == 0 ? .double(.nan) : .double(Double(i * 7 % 23) - 11)
            rows.append([text, double, .int(Int64(i)), .int128(Int128(i % 5) * -(1 << 90))])
        }
        return rows
    }()

    /// NaN largest; NULL by `nullsFirst`.
    private static func compare(_ a: Value, _ b: Value, _ key: ColumnOrder) -> Int {
        if a.isNull || b.isNull {
            if a.isNull && b.isNull { return 0 }
            return a.isNull == key.nullsFirst ? -1 : 1
        }
        var order = 0
        switch (a, b) {
        case (.text(let x), .text(let y)):
            let u = Array(x.utf8)
            let v = Array(y.utf8)
            order = u == v ? 0 : u.lexicographicallyPrecedes(v) ? -1 : 1
        case (.double(let x), .double(let y)):
            let u = x.isNaN ? Double.infinity : x
            let v = y.isNaN ? Double.infinity : y
            order = u == v ? 0 : u < v ? -1 : 1
        case (.int(let x), .int(let y)): order = x == y ? 0 : x < y ? -1 : 1
        case (.int128(let x), .int128(let y)): order = x == y ? 0 : x < y ? -1 : 1
        default: break
        }
        return key.isDescending ? -order : order
    }

    private static func sorted(_ keys: [ColumnOrder]) -> [[Value]] {
        rows.enumerated().sorted { a, b in
            for key in keys {
                let order = compare(a.element[key.column], b.element[key.column], key)
                if order != 0 { return order < 0 }
            }
            return a.offset < b.offset
        }.map(\.element)
    }

    static let orders: [[ColumnOrder]] = [
        [ColumnOrder(column: 0, type: .text)],
        [ColumnOrder(column: 1, type: .double, isDescending: true, nullsFirst: true)],
        [
            ColumnOrder(column: 0, type: .text, isDescending: true),
            ColumnOrder(column: 1, type: .double, nullsFirst: true),
        ],
        [
            ColumnOrder(column: 3, type: .decimal(precision: 38, scale: 2)),
            ColumnOrder(column: 0, type: .text), ColumnOrder(column: 1, type: .double),
        ],
        [],
    ]

    /// Text of values: NaN is unequal to itself.
    private func text(_ rows: [[Value]]) -> [String] { rows.map { "\($0)" } }

    @Test(arguments: orders.indices, OperatorHarness.variants.indices)
    func sortsAreStableAndAgree(order: Int, variant: Int) throws {
        let harness = OperatorHarness.variants[variant]
        let query = harness.query()
        let sink = SortSink(keys: Self.orders[order], types: Self.types, query: query)
        try harness.run(sink, rows: Self.rows, types: Self.types, query: query)
        let got = try OperatorHarness.values(
            sink.output.batches, types: Self.types, pool: query.pool)
        #expect(text(got) == text(Self.sorted(Self.orders[order])))
    }

    @Test(arguments: orders.indices, OperatorHarness.variants.indices)
    func topNIsThePrefixOfTheSort(order: Int, variant: Int) throws {
        let harness = OperatorHarness.variants[variant]
        for (limit, offset) in [(10, 0), (3, 5), (0, 0), (2000, 890), (.max, 3)] {
            let query = harness.query()
            let sink = TopNSink(
                keys: Self.orders[order], types: Self.types, limit: limit, offset: offset,
                query: query)
            try harness.run(sink, rows: Self.rows, types: Self.types, query: query)
            let got = try OperatorHarness.values(
                sink.output.batches, types: Self.types, pool: query.pool)
            let wanted = Self.sorted(Self.orders[order]).dropFirst(offset).prefix(limit)
            #expect(text(got) == text(Array(wanted)))
        }
    }

    @Test func topNNarrowsTheScan() throws {
        let query = OperatorHarness(morselRows: 100).query()
        let filter = DynamicFilter()
        let path = ScanColumnPath(index: 7)
        let rows = (0..<20_000).map { i -> [Value] in [.int(Int64(i * 7919 % 20_000))] }
        let sink = TopNSink(
            keys: [ColumnOrder(column: 0, type: .bigint, isDescending: true)], types: [.bigint],
            limit: 5, offset: 0, query: query, threshold: (filter, path))
        try OperatorHarness(morselRows: 100).run(sink, rows: rows, types: [.bigint], query: query)
        guard case .compare(path, .greaterOrEqual, .int(let bound)) = filter.predicate else {
            Issue.record("no bound was published")
            return
        }
        #expect(bound <= 19_995 && bound > 15_000)
        let got = try OperatorHarness.values(
            sink.output.batches, types: [.bigint], pool: query.pool)
        #expect(got == (0..<5).map { [.int(Int64(19_999 - $0))] })
    }

    @Test func radixSortsLongInputs() throws {
        let pool = BufferPool()
        let count = 10_000
        let records = try pool.allocate(SortRecord.self, count: count)
        let scratch = try pool.allocate(SortRecord.self, count: count)
        var state: UInt64 = 7
        for i in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            records.base.storeBytes(
                of: SortRecord(word: state >> 40, row: UInt32(i)),
                toByteOffset: i * MemoryLayout<SortRecord>.stride, as: SortRecord.self)
        }
        let sorted = RadixSort.sort(records, scratch: scratch, count: count)
        let span = sorted.span(of: SortRecord.self, count: count)
        for i in 1..<count {
            let isOrdered =
                span[i - 1].word < span[i].word
                || (span[i - 1].word == span[i].word && span[i - 1].row < span[i].row)
            #expect(isOrdered)
        }
    }
}
