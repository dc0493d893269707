import Columnar
import Testing

@testable import Query

@Suite struct AggregateCollectTests {
    static let types: [DataType] = [.bigint, .text, .bigint, .double]
    static let rows: [[Value]] = {
        var rows: [[Value]] = []
        for i in 0..<60 {
            let text: Value = i % 7 == 3 ? .null : .text("t\(i % 4)")
            rows.append([
                .int(Int64(i % 2)), text, .int(Int64(i * 11 % 60)), .double(Double(i % 10)),
            ])
        }
        return rows
    }()

    private func run(
        _ harness: OperatorHarness, _ calls: [AggregateCallSpec], rows: [[Value]] = Self.rows,
        types: [DataType] = Self.types
    ) throws -> [[Value]] {
        let query = harness.query()
        let sink = try AggregateSink(
            AggregateSpec(keys: [0], keyTypes: [.bigint], calls: calls), query: query)
        try harness.run(sink, rows: rows, types: types, query: query)
        return try OperatorHarness.values(
            sink.output.batches, types: [.bigint] + calls.map(\.function.resultType),
            pool: query.pool
        ).map { Array($0.dropFirst()) }
    }

    private static func members(_ group: Int) -> [[Value]] {
        rows.filter { $0[0] == .int(Int64(group)) }
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func arraysKeepRowOrderOrTheirOwn(variant: Int) throws {
        let order = [ColumnOrder(column: 2, type: .bigint, isDescending: true)]
        let calls = [
            AggregateCallSpec(
                function: .aggregate("array_agg", [.text], result: .array(.text)), arguments: [1]),
            AggregateCallSpec(
                function: .aggregate("array_agg", [.bigint], result: .array(.bigint)),
                arguments: [2], orderBy: order),
            AggregateCallSpec(
                function: .aggregate("array_agg", [.text], result: .array(.text)), arguments: [1],
                isDistinct: true),
        ]
        let got = try run(OperatorHarness.variants[variant], calls)
        for group in 0..<2 {
            let members = Self.members(group)
            var distinct: [Value] = []
            for row in members where !distinct.contains(row[1]) { distinct.append(row[1]) }
            let numbers = members.compactMap { row -> Int64? in
                if case .int(let int) = row[2] { return int }
                return nil
            }
            #expect(got[group][0] == .list(members.map { $0[1] }))
            #expect(got[group][1] == .list(numbers.sorted(by: >).map { .int($0) }))
            #expect(got[group][2] == .list(distinct))
        }
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func mapsTakeTheFirstValueOfAKey(variant: Int) throws {
        let map = DataType.map(key: .text, value: .bigint)
        let calls = [
            AggregateCallSpec(
                function: .aggregate("map_agg", [.text, .bigint], result: map), arguments: [1, 2]),
            AggregateCallSpec(
                function: .aggregate("histogram", [.text], result: map), arguments: [1]),
            AggregateCallSpec(
                function: .aggregate(
                    "multimap_agg", [.text, .bigint],
                    result: .map(key: .text, value: .array(.bigint))), arguments: [1, 2]),
        ]
        let got = try run(OperatorHarness.variants[variant], calls)
        for group in 0..<2 {
            var keys: [Value] = []
            var values: [[Value]] = []
            for row in Self.members(group) where !row[1].isNull {
                if let place = keys.firstIndex(of: row[1]) {
                    values[place].append(row[2])
                } else {
                    keys.append(row[1])
                    values.append([row[2]])
                }
            }
            #expect(got[group][0] == .map(keys, values.map { $0[0] }))
            #expect(got[group][1] == .map(keys, values.map { .int(Int64($0.count)) }))
            #expect(got[group][2] == .map(keys, values.map { .list($0) }))
        }
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func percentilesAreNearestRanks(variant: Int) throws {
        let rows: [[Value]] = (0..<99).map { i in
            [.int(0), .int(Int64(i * 37 % 99 + 1)), .double(0.5), .list([.double(0), .double(1)])]
        }
        let calls = [
            AggregateCallSpec(
                function: .aggregate("approx_percentile", [.bigint, .double], result: .bigint),
                arguments: [1, 2]),
            AggregateCallSpec(
                function: .aggregate(
                    "approx_percentile", [.bigint, .array(.double)], overload: 1,
                    result: .array(.bigint)), arguments: [1, 3]),
        ]
        let got = try run(
            OperatorHarness.variants[variant], calls, rows: rows,
            types: [.bigint, .bigint, .double, .array(.double)])
        #expect(got == [[.int(50), .list([.int(1), .int(99)])]])
    }

    @Test func distinctEstimatesStayNearTheTruth() throws {
        let call = AggregateCallSpec(
            function: .aggregate("approx_distinct", [.bigint], result: .bigint), arguments: [1])
        for truth in [0, 1, 100, 5_000, 40_000] {
            let rows: [[Value]] = (0..<max(truth * 2, 1)).map { i in
                [.int(0), truth == 0 ? .null : .int(Int64(i % truth) * 1_000_003)]
            }
            var answers: Set<Value> = []
            for workers in [1, 3] {
                let harness = OperatorHarness(workers: workers, morselRows: 1000)
                let got = try run(harness, [call], rows: rows, types: [.bigint, .bigint])
                answers.insert(got[0][0])
            }
            #expect(answers.count == 1)
            guard case .int(let estimate)? = answers.first else { continue }
            // Three standard errors of 2.3 %.
            #expect(abs(Double(estimate) - Double(truth)) <= 0.07 * Double(truth))
        }
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func theLargestComeInOrder(variant: Int) throws {
        let rows: [[Value]] = Self.rows.map { $0 + [.int(3), .text(", ")] }
        let calls = [
            AggregateCallSpec(
                function: .aggregate(
                    "max_by", [.text, .bigint, .bigint], overload: 1, result: .array(.text)),
                arguments: [1, 2, 4]),
            AggregateCallSpec(
                function: .aggregate(
                    "min", [.bigint, .bigint], overload: 1, result: .array(.bigint)),
                arguments: [2, 4]),
            AggregateCallSpec(
                function: .aggregate("listagg", [.text, .text], result: .text),
                arguments: [1, 5],
                orderBy: [
                    ColumnOrder(column: 2, type: .bigint)
                ]),
        ]
        let got = try run(
            OperatorHarness.variants[variant], calls, rows: rows,
            types: Self.types + [.bigint, .text])
        for group in 0..<2 {
            func number(_ row: [Value]) -> Int64 {
                if case .int(let int) = row[2] { return int }
                return 0
            }
            let sorted = Self.members(group).sorted { number($0) < number($1) }
            var texts: [String] = []
            for row in sorted {
                if case .text(let text) = row[1] { texts.append(text) }
            }
            #expect(got[group][0] == .list(sorted.reversed().prefix(3).map { $0[1] }))
            #expect(got[group][1] == .list(sorted.prefix(3).map { $0[2] }))
            #expect(got[group][2] == .text(texts.joined(separator: ", ")))
        }
    }

    @Test func momentsMatchTheirDefinitions() throws {
        let rows: [[Value]] = (0..<50).map { i in
            [.int(0), .double(1e9 + Double(i)), .double(3 * Double(i) - 7)]
        }
        let names = ["var_samp", "stddev_pop", "corr", "regr_slope", "regr_intercept"]
        let calls = names.map { name in
            let isPair = name == "corr" || name.hasPrefix("regr")
            return AggregateCallSpec(
                function: .aggregate(
                    name, isPair ? [.double, .double] : [.double], result: .double),
                arguments: isPair ? [2, 1] : [1])
        }
        let got = try run(
            OperatorHarness(), calls, rows: rows, types: [.bigint, .double, .double])
        let wanted = [212.5, (208.25 as Double).squareRoot(), 1, 3, -3_000_000_007]
        for (value, number) in zip(got[0], wanted) {
            guard case .double(let double) = value else {
                Issue.record("no double")
                continue
            }
            #expect(abs(double - number) <= abs(number) * 1e-9)
        }
    }
}
