import Columnar
import Testing

@testable import Query

@Suite struct AggregateTests {
    static let types: [DataType] = [.text, .bigint, .double, .boolean]
    static let rows: [[Value]] = {
        var rows: [[Value]] = []
        for i in 0..<100 {
            let key: Value = i % 11 == 0 ? .null : .text("group \(i * 7 % 5)")
            let number: Value = i % 6 == 0 ? .null : .int(Int64(i * 37 % 50))
            rows.append([key, number, .double(Double(i) * 0.1), .boolean(i % 4 != 0)])
        }
        return rows
    }()

    private func run(
        _ harness: OperatorHarness, keys: [Int], _ calls: [AggregateCallSpec],
        rows: [[Value]] = Self.rows, types: [DataType] = Self.types
    ) throws -> [[Value]] {
        let query = harness.query()
        let sink = try AggregateSink(
            AggregateSpec(keys: keys, keyTypes: keys.map { types[$0] }, calls: calls),
            query: query)
        try harness.run(sink, rows: rows, types: types, query: query)
        return try OperatorHarness.values(
            sink.output.batches,
            types: keys.map { types[$0] } + calls.map(\.function.resultType), pool: query.pool)
    }

    /// An independent answer, row by row over boxed values.
    private static func expected() -> [[Value]] {
        var order: [Value] = []
        var groups: [Value: [[Value]]] = [:]
        for row in rows {
            if groups[row[0]] == nil { order.append(row[0]) }
            groups[row[0], default: []].append(row)
        }
        return order.map { key in
            let members = groups[key] ?? []
            let ints = members.compactMap { row -> Int64? in
                if case .int(let int) = row[1] { return int }
                return nil
            }
            let distinct = Set(ints)
            let filtered = members.filter { $0[3] == .boolean(true) }
            let sum = ints.reduce(0, +)
            let areAllTrue = members.allSatisfy { $0[3] == .boolean(true) }
            var row: [Value] = [key, .int(Int64(members.count)), .int(Int64(ints.count))]
            row += [.int(sum), .double(Double(sum) / Double(ints.count))]
            row += [.int(ints.min() ?? 0), .int(ints.max() ?? 0), .int(Int64(distinct.count))]
            row += [.int(Int64(filtered.count)), .boolean(areAllTrue), members[0][2]]
            return row
        }
    }

    static let calls: [AggregateCallSpec] = [
        AggregateCallSpec(function: .aggregate("count", [], result: .bigint), arguments: []),
        AggregateCallSpec(
            function: .aggregate("count", [.bigint], overload: 1, result: .bigint), arguments: [1]),
        AggregateCallSpec(function: .aggregate("sum", [.bigint], result: .bigint), arguments: [1]),
        AggregateCallSpec(function: .aggregate("avg", [.bigint], result: .double), arguments: [1]),
        AggregateCallSpec(function: .aggregate("min", [.bigint], result: .bigint), arguments: [1]),
        AggregateCallSpec(function: .aggregate("max", [.bigint], result: .bigint), arguments: [1]),
        AggregateCallSpec(
            function: .aggregate("count", [.bigint], overload: 1, result: .bigint),
            arguments: [1], isDistinct: true),
        AggregateCallSpec(
            function: .aggregate("count", [], result: .bigint), arguments: [], filter: 3),
        AggregateCallSpec(
            function: .aggregate("bool_and", [.boolean], result: .boolean), arguments: [3]),
        AggregateCallSpec(
            function: .aggregate("arbitrary", [.double], result: .double), arguments: [2]),
    ]

    @Test(arguments: OperatorHarness.variants.indices)
    func groupsAgreeWithARowByRowReading(variant: Int) throws {
        let harness = OperatorHarness.variants[variant]
        #expect(try run(harness, keys: [0], Self.calls) == Self.expected())
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func doubleSumsDoNotDependOnWorkers(variant: Int) throws {
        let call = AggregateCallSpec(
            function: .aggregate("sum", [.double], overload: 3, result: .double), arguments: [2])
        let got = try run(OperatorHarness.variants[variant], keys: [], [call])
        #expect(got == [[.double(495)]])
    }

    @Test func noKeysGiveOneRowOnEmptyInput() throws {
        #expect(
            try run(OperatorHarness(), keys: [], Array(Self.calls.prefix(3)), rows: [])
                == [[.int(0), .int(0), .null]])
        #expect(try run(OperatorHarness(), keys: [0], Self.calls, rows: []).isEmpty)
    }

    @Test func sumBeyondBigintIsAnError() throws {
        let call = Self.calls[2]
        let rows: [[Value]] = [.int(.max), .int(1)].map {
            [.text("a"), $0, .double(0), .boolean(true)]
        }
        let error = #expect(throws: QueryError.self) {
            try run(OperatorHarness(), keys: [], [call], rows: rows)
        }
        #expect(error?.code == .numericValueOutOfRange)
        #expect(error?.message == "bigint addition overflow: 9223372036854775807 + 1")
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func maxByTakesTheFirstOfEqualKeys(variant: Int) throws {
        let calls = [
            AggregateCallSpec(
                function: .aggregate("max_by", [.double, .bigint], result: .double),
                arguments: [2, 1]),
            AggregateCallSpec(
                function: .aggregate("min_by", [.double, .text], result: .double),
                arguments: [2, 0]),
            AggregateCallSpec(
                function: .aggregate("max", [.text], result: .text), arguments: [0]),
        ]
        var best: (Int64, Value) = (-1, .null)
        var least: (String, Value) = ("z", .null)
        for row in Self.rows {
            if case .int(let int) = row[1], int > best.0 { best = (int, row[2]) }
            if case .text(let text) = row[0], text < least.0 { least = (text, row[2]) }
        }
        let got = try run(OperatorHarness.variants[variant], keys: [], calls)
        #expect(got == [[best.1, least.1, .text("group 4")]])
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func instantsGroupAcrossZonesAndShowTheFirst(variant: Int) throws {
        let type = DataType.timestampTZ(precision: 3)
        let rows: [[Value]] = (0..<40).map { i in
            [.int128(ZonedTime(micros: Int64(i % 2), zoneKey: UInt16(1000 + i)).bits)]
        }
        let got = try run(
            OperatorHarness.variants[variant], keys: [0], [Self.calls[0]], rows: rows,
            types: [type])
        #expect(
            got == [
                [.int128(ZonedTime(micros: 0, zoneKey: 1000).bits), .int(20)],
                [.int128(ZonedTime(micros: 1, zoneKey: 1001).bits), .int(20)],
            ])
    }

    @Test func aRefusedBudgetIsAMemoryError() throws {
        var harness = OperatorHarness(morselRows: 100_000)
        harness.limitBytes = 3 << 20
        let rows: [[Value]] = (0..<60_000).map { [.text("a rather long key number \($0)")] }
        let error = #expect(throws: QueryError.self) {
            try run(harness, keys: [0], [Self.calls[0]], rows: rows, types: [.text])
        }
        #expect(error?.code == .exceededMemoryLimit)
    }
}
