import Columnar
import Testing

@testable import Query

@Suite struct WindowTests {
    static let types: [DataType] = [.text, .bigint, .bigint, .double]
    /// Partition, order (with ties and NULLs), value, double value.
    static let rows: [[Value]] = {
        var rows: [[Value]] = []
        for i in 0..<60 {
            let order: Value = i % 10 == 9 ? .null : .int(Int64(i * 7 % 8))
            let value: Value = i % 5 == 2 ? .null : .int(Int64(i))
            rows.append([.text("p\(i % 3)"), order, value, .double(Double(i) / 4)])
        }
        return rows
    }()

    private func run(
        _ harness: OperatorHarness, _ calls: [WindowCallSpec],
        rows: [[Value]] = Self.rows, types: [DataType] = Self.types
    ) throws -> [[Value]] {
        let base = harness.query()
        let query = QueryContext(
            session: base.session,
            registry: FunctionRegistry(
                scalars: [], aggregates: AggregateFunctions.all, windows: WindowFunctions.all),
            pool: base.pool, workerCount: harness.workers, batchRows: harness.batchRows)
        let sink = WindowSink(
            WindowSpec(
                partitionBy: [0], orderBy: [ColumnOrder(column: 1, type: .bigint)],
                inputTypes: types, calls: calls), query: query)
        try harness.run(sink, rows: rows, types: types, query: query)
        let results = calls.map(\.function.resultType)
        return try OperatorHarness.values(
            sink.output.batches, types: types + results, pool: query.pool
        ).map { Array($0.suffix(calls.count)) }
    }

    private static func window(
        _ name: String, _ types: [DataType], _ arguments: [Int], ignoresNulls: Bool = false,
        frame: ColumnFrame? = nil, result: DataType = .bigint
    ) -> WindowCallSpec {
        WindowCallSpec(
            function: ResolvedFunction(
                kind: .window, name: name, overload: 0, argumentTypes: types, resultType: result),
            arguments: arguments, ignoresNulls: ignoresNulls,
            frame: frame
                ?? ColumnFrame(unit: .range, start: .unboundedPreceding, end: .currentRow))
    }

    /// For each row its partition in order, and its own place there.
    private static func partitions() -> [(members: [Int], place: Int)] {
        var result: [(members: [Int], place: Int)] = []
        func key(_ i: Int) -> Int64 {
            if case .int(let int) = rows[i][1] { return int }
            return .max
        }
        for i in rows.indices {
            let members = rows.indices.filter { rows[$0][0] == rows[i][0] }.sorted {
                (key($0), $0) < (key($1), $1)
            }
            result.append((members, members.firstIndex(of: i) ?? 0))
        }
        return result
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func rankingAgreesWithCounting(variant: Int) throws {
        let calls = [
            Self.window("row_number", [], []), Self.window("rank", [], []),
            Self.window("dense_rank", [], []),
            Self.window("cume_dist", [], [], result: .double),
            Self.window("lag", [.bigint], [2]),
        ]
        var wanted: [[Value]] = []
        for (members, place) in Self.partitions() {
            let own = Self.rows[members[place]][1]
            let before = members.prefix { Self.rows[$0][1] != own }
            let through = members.lastIndex { Self.rows[$0][1] == own } ?? 0
            let dense = Set(before.map { Self.rows[$0][1] }).count
            wanted.append([
                .int(Int64(place + 1)), .int(Int64(before.count + 1)), .int(Int64(dense + 1)),
                .double(Double(through + 1) / Double(members.count)),
                place == 0 ? .null : Self.rows[members[place - 1]][2],
            ])
        }
        #expect(try run(OperatorHarness.variants[variant], calls) == wanted)
    }

    static let frames: [ColumnFrame] = [
        ColumnFrame(unit: .range, start: .unboundedPreceding, end: .currentRow),
        ColumnFrame(unit: .rows, start: .unboundedPreceding, end: .currentRow),
        ColumnFrame(unit: .range, start: .unboundedPreceding, end: .unboundedFollowing),
        ColumnFrame(unit: .rows, start: .preceding(4), end: .following(4)),
        ColumnFrame(unit: .rows, start: .currentRow, end: .unboundedFollowing),
        ColumnFrame(unit: .groups, start: .preceding(4), end: .currentRow),
        ColumnFrame(unit: .groups, start: .following(4), end: .following(5)),
        ColumnFrame(unit: .range, start: .preceding(6), end: .following(7)),
    ]

    /// The members of a frame by definition.
    private static func frame(_ frame: ColumnFrame, _ members: [Int], _ place: Int) -> [Int] {
        func key(_ place: Int) -> Int64? {
            if case .int(let int) = rows[members[place]][1] { return int }
            return nil
        }
        var groups: [Int] = []
        for i in members.indices {
            groups.append(i == 0 ? 0 : groups[i - 1] + (key(i) == key(i - 1) ? 0 : 1))
        }
        // Columns 4 and 5 hold 2 and 3, 6 and 7 hold key - 1 and key + 2.
        func offset(_ column: Int) -> Int { column == 4 ? 2 : 3 }
        return members.indices.filter { i in
            let isAfterStart: Bool
            let isBeforeEnd: Bool
            func position(_ i: Int) -> Int { frame.unit == .rows ? i : groups[i] }
            func edge(_ bound: ColumnFrame.Bound, _ isStart: Bool) -> Bool {
                switch bound {
                case .unboundedPreceding, .unboundedFollowing: return true
                case .currentRow:
                    return isStart
                        ? position(i) >= position(place) : position(i) <= position(place)
                case .preceding(let column), .following(let column):
                    if frame.unit == .range {
                        guard let own = key(place) else { return key(i) == nil }
                        guard let other = key(i) else { return false }
                        return isStart ? other >= own - 1 : other <= own + 2
                    }
                    var delta = offset(column)
                    if case .preceding = bound { delta = -delta }
                    return isStart
                        ? position(i) >= position(place) + delta
                        : position(i) <= position(place) + delta
                }
            }
            isAfterStart = edge(frame.start, true)
            isBeforeEnd = edge(frame.end, false)
            return isAfterStart && isBeforeEnd
        }.map { members[$0] }
    }

    @Test(arguments: frames.indices, OperatorHarness.variants.indices)
    func framesHoldTheRowsOfTheirDefinition(number: Int, variant: Int) throws {
        let frame = Self.frames[number]
        var rows: [[Value]] = []
        for row in Self.rows {
            var low = Value.null
            var high = Value.null
            if case .int(let key) = row[1] {
                low = .int(key - 1)
                high = .int(key + 2)
            }
            rows.append(row + [.int(2), .int(3), low, high])
        }
        func aggregate(
            _ name: String, _ type: DataType, _ column: Int, overload: Int = 0, result: DataType
        ) -> WindowCallSpec {
            WindowCallSpec(
                function: .aggregate(name, [type], overload: overload, result: result),
                arguments: [column], frame: frame)
        }
        let calls = [
            aggregate("sum", .bigint, 2, result: .bigint),
            aggregate("count", .bigint, 2, overload: 1, result: .bigint),
            aggregate("max", .bigint, 2, result: .bigint),
            aggregate("sum", .double, 3, overload: 3, result: .double),
            Self.window("first_value", [.bigint], [2], frame: frame),
            Self.window("last_value", [.bigint], [2], ignoresNulls: true, frame: frame),
        ]
        let got = try run(
            OperatorHarness.variants[variant], calls, rows: rows,
            types: Self.types + [.bigint, .bigint, .bigint, .bigint])
        for (i, (members, place)) in Self.partitions().enumerated() {
            let inside = Self.frame(frame, members, place)
            let values = inside.compactMap { row -> Int64? in
                if case .int(let int) = Self.rows[row][2] { return int }
                return nil
            }
            let wanted: [Value] = [
                values.isEmpty ? .null : .int(values.reduce(0, +)), .int(Int64(values.count)),
                values.max().map { .int($0) } ?? .null,
                inside.isEmpty ? .null : .double(inside.reduce(0.0) { $0 + Double($1) / 4 }),
                inside.first.map { Self.rows[$0][2] } ?? .null,
                values.isEmpty
                    ? .null
                    : Self.rows[inside.last { !Self.rows[$0][2].isNull } ?? 0][2],
            ]
            #expect(got[i] == wanted, "row \(i)")
        }
    }

    @Test func ntileGivesTheFirstBucketsMore() throws {
        let rows: [[Value]] = (0..<5).map { [.text("p"), .int(Int64($0)), .int(3), .double(0)] }
        let got = try run(OperatorHarness(), [Self.window("ntile", [.bigint], [2])], rows: rows)
        #expect(got.map { $0[0] } == [.int(1), .int(1), .int(2), .int(2), .int(3)])
    }

    @Test func negativeOffsetsAreRefused() throws {
        let rows: [[Value]] = [[.text("p"), .int(1), .int(-1), .double(0)]]
        let frame = ColumnFrame(unit: .rows, start: .preceding(2), end: .currentRow)
        let error = #expect(throws: QueryError.self) {
            try run(
                OperatorHarness(), [Self.window("first_value", [.bigint], [2], frame: frame)],
                rows: rows)
        }
        #expect(error?.code == .invalidWindowFrame)
    }
}
