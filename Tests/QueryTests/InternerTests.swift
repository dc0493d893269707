import Columnar
import Testing

@testable import Query

@Suite struct InternerTests {
    let pool = BufferPool()

    private func ids(
        _ columns: [Column], count: Int, _ worker: inout KeyInternerWorker
    ) throws -> [UInt32] {
        let rows = try pool.identity(count: count)
        let ids = try pool.allocate(UInt32.self, count: max(count, 1))
        try worker.intern(columns, rows: rows.span(of: UInt32.self, count: count), into: ids)
        let span = ids.span(of: UInt32.self, count: count)
        return span.indices.map { span[$0] }
    }

    @Test(arguments: ColumnForm.allCases)
    func textKeysKeepTheirIdentityInEveryForm(form: ColumnForm) throws {
        let values: [Value] = [
            .text("a"), .text("a"), .null, .text(""), .text("a longer key than sixteen bytes"),
            .text("a longer key than sixteen bytez"), .null, .text("a"),
        ]
        let interner = try KeyInterner(types: [.text], pool: pool)
        var worker = KeyInternerWorker(interner, inserting: true)
        let flat = try Column.from(values, type: .text, pool: pool)
        let expected = try ids([flat], count: values.count, &worker)
        #expect(expected[0] == expected[1] && expected[0] == expected[7])
        #expect(expected[2] == expected[6])
        #expect(Set(expected).count == 5)
        if let column = try form.column(values, type: .text, pool: pool) {
            var other = KeyInternerWorker(interner, inserting: false)
            #expect(try ids([column], count: values.count, &other) == expected)
        }
        let wanted = try Column.from([.text("absent")], type: .text, pool: pool)
        var lookup = KeyInternerWorker(interner, inserting: false)
        #expect(try ids([wanted], count: 1, &lookup) == [KeyInterner.noID])
        let back = try pool.allocate(UInt32.self, count: expected.count)
        for (i, id) in expected.enumerated() {
            back.base.storeBytes(of: id, toByteOffset: i * 4, as: UInt32.self)
        }
        let keys = try interner.keyColumn(
            0, ids: back.span(of: UInt32.self, count: expected.count))
        for (i, value) in values.enumerated() {
            #expect(try keys.value(at: i, type: .text) == value)
        }
    }

    @Test func floatsGroupNaNAndBothZeros() throws {
        let values: [Value] = [
            .double(.nan), .double(0), .double(-0.0), .double(-.nan), .double(1), .null,
        ]
        let interner = try KeyInterner(types: [.double], pool: pool)
        var worker = KeyInternerWorker(interner, inserting: true)
        let got = try ids(
            [try Column.from(values, type: .double, pool: pool)], count: 6, &worker)
        #expect(got[0] == got[3] && got[1] == got[2])
        #expect(Set(got).count == 4)
    }

    @Test func instantsIgnoreTheZone() throws {
        let type = DataType.timestampTZ(precision: 3)
        let values: [Value] = [
            .int128(ZonedTime(micros: 5).bits), .int128(ZonedTime(micros: 5, zoneKey: 9).bits),
            .int128(ZonedTime(micros: 6).bits),
        ]
        let interner = try KeyInterner(types: [type], pool: pool)
        var worker = KeyInternerWorker(interner, inserting: true)
        let got = try ids([try Column.from(values, type: type, pool: pool)], count: 3, &worker)
        #expect(got[0] == got[1] && got[0] != got[2])
    }

    @Test func nestedKeysCompareByValue() throws {
        let type = DataType.array(.text)
        let values: [Value] = [
            .list([.text("a"), .text("b")]), .list([.text("ab")]), .list([]), .null,
            .list([.text("a"), .text("b")]), .list([.null]),
        ]
        let interner = try KeyInterner(types: [type, .bigint], pool: pool)
        var worker = KeyInternerWorker(interner, inserting: true)
        let numbers = try Column.from(
            Array(repeating: .int(1), count: 6), type: .bigint, pool: pool)
        let got = try ids(
            [try Column.from(values, type: type, pool: pool), numbers], count: 6, &worker)
        #expect(got[0] == got[4])
        #expect(Set(got).count == 5)
    }

    @Test(arguments: [1, 1_000, 1_000_003])
    func integersFarAndNearGrowTheTable(stride: Int) throws {
        let interner = try KeyInterner(types: [.bigint], pool: pool)
        var worker = KeyInternerWorker(interner, inserting: true)
        var seen: [UInt32: Int] = [:]
        for part in 0..<10 {
            let values = (0..<3000).map {
                Value.int(Int64((part * 3000 + $0) * stride - 7_000_000))
            }
            let got = try ids(
                [try Column.from(values, type: .bigint, pool: pool)], count: 3000, &worker)
            for (i, id) in got.enumerated() {
                #expect(seen[id] == nil)
                seen[id] = part * 3000 + i
            }
        }
        #expect(interner.idLimit == 30_001)
        var fresh = KeyInternerWorker(interner, inserting: false)
        let again = try ids(
            [
                try Column.from(
                    (0..<30_000).map { .int(Int64($0 * stride - 7_000_000)) }, type: .bigint,
                    pool: pool)
            ], count: 30_000, &fresh)
        for (i, id) in again.enumerated() { #expect(seen[id] == i) }
    }

    @Test func severalColumnsAndWorkersAgree() async throws {
        let interner = try KeyInterner(types: [.text, .bigint, .boolean], pool: pool)
        let pool = pool
        let found = try await withThrowingTaskGroup(of: [[UInt32]].self) { group in
            for number in 0..<5 {
                group.addTask {
                    var worker = KeyInternerWorker(interner, inserting: true)
                    var all: [[UInt32]] = []
                    for part in 0..<20 {
                        let order = (part * 7 + number * 3) % 20
                        let texts = (0..<500).map { Value.text("key \((order * 500 + $0) % 777)") }
                        let ints = (0..<500).map { Value.int(Int64((order * 500 + $0) % 13)) }
                        let bits = (0..<500).map { Value.boolean($0 % 2 == 0) }
                        let columns = [
                            try Column.from(texts, type: .text, pool: pool),
                            try Column.from(ints, type: .bigint, pool: pool),
                            try Column.from(bits, type: .boolean, pool: pool),
                        ]
                        let rows = try pool.identity(count: 500)
                        let ids = try pool.allocate(UInt32.self, count: 500)
                        try worker.intern(
                            columns, rows: rows.span(of: UInt32.self, count: 500), into: ids)
                        let span = ids.span(of: UInt32.self, count: 500)
                        all.append([UInt32(order)] + span.indices.map { span[$0] })
                    }
                    return all
                }
            }
            var byOrder: [UInt32: [UInt32]] = [:]
            for try await lists in group {
                for list in lists {
                    if let known = byOrder[list[0]] { #expect(known == list) }
                    byOrder[list[0]] = list
                }
            }
            return byOrder
        }
        #expect(Set(found.values.flatMap { $0.dropFirst() }).count == interner.idLimit)
    }

    @Test func joinsDropNullKeys() throws {
        let interner = try KeyInterner(types: [.bigint, .text], pool: pool)
        var worker = KeyInternerWorker(interner, inserting: true, nullsMatch: false)
        let a = try Column.from([.int(1), .null, .int(1)], type: .bigint, pool: pool)
        let b = try Column.from([.text("x"), .text("x"), .null], type: .text, pool: pool)
        let got = try ids([a, b], count: 3, &worker)
        #expect(got[0] != KeyInterner.noID)
        #expect(got[1] == KeyInterner.noID && got[2] == KeyInterner.noID)
    }
}
