import Columnar
import Testing

@testable import Query

/// `left number < right number`, over (key, number) ++ (key, number).
private struct NumberIsLess: JoinCondition, JoinConditionState {
    func makeState(worker: WorkerContext) throws(QueryError) -> any JoinConditionState { self }

    func evaluate(_ pairs: Batch) throws(QueryError) -> Bitmap {
        try storage { () throws(ColumnarError) in
            let pool = BufferPool()
            let bits = try Bitmap.filled(false, count: pairs.count, pool: pool)
            for row in 0..<pairs.count {
                let a = try pairs.columns[1].value(at: row, type: .bigint)
                let b = try pairs.columns[3].value(at: row, type: .bigint)
                if case .int(let x) = a, case .int(let y) = b { bits.set(row, to: x < y) }
            }
            return bits
        }
    }
}

@Suite struct JoinTests {
    static let types: [DataType] = [.text, .bigint]

    private static func rows(_ count: Int, step: Int, groups: Int) -> [[Value]] {
        var rows: [[Value]] = []
        for i in 0..<count {
            let key: Value = i % 9 == 4 ? .null : .text("k\(i * step % groups)")
            rows.append([key, .int(Int64(i))])
        }
        return rows
    }

    static let left = rows(50, step: 7, groups: 11)
    static let right = rows(30, step: 5, groups: 13)
    static let unique: [[Value]] = (3..<10).map { [.text("k\($0)"), .int(Int64($0 * 10))] }

    static let kinds: [JoinKind] = [.inner, .left, .right, .full, .semi, .anti, .mark]

    private static func outputTypes(_ kind: JoinKind) -> [DataType] {
        switch kind {
        case .semi, .anti: types
        case .mark: types + [.boolean]
        default: types + types
        }
    }

    private func join(
        _ harness: OperatorHarness, _ kind: JoinKind, left: [[Value]], right: [[Value]],
        hasKeys: Bool = true, hasResidual: Bool = false
    ) throws -> [[Value]] {
        let query = harness.query()
        let keys = hasKeys ? [0] : []
        let spec = HashJoinSpec(
            kind: kind, leftKeys: keys, rightKeys: keys, keyTypes: hasKeys ? [.text] : [],
            leftTypes: Self.types, rightTypes: Self.types,
            residual: hasResidual ? NumberIsLess() : nil)
        let build = try HashJoinBuild(spec, query: query)
        try harness.run(build, rows: right, types: Self.types, query: query)
        let outputs = Self.outputTypes(kind)
        let collect = SortSink(keys: [], types: outputs, query: query)
        try harness.run(
            collect, rows: left, types: Self.types, query: query,
            transforms: [HashJoinProbe(build)])
        var batches = collect.output.batches
        if spec.keepsBuild {
            let worker = WorkerContext(number: 0, pool: query.pool, query: query)
            let rest = HashJoinUnmatched(build)
            for morsel in 0..<rest.morselCount {
                var reader = try rest.open(morsel: morsel, worker: worker)
                while let batch = try reader.next() { batches.append(batch) }
            }
        }
        return try OperatorHarness.values(batches, types: outputs, pool: query.pool)
    }

    /// Nested loops over boxed rows.
    private static func expected(
        _ kind: JoinKind, left: [[Value]], right: [[Value]], hasKeys: Bool, hasResidual: Bool
    ) -> [[Value]] {
        var result: [[Value]] = []
        var matchedRight = Set<Int>()
        let nulls: [Value] = [.null, .null]
        func passes(_ a: [Value], _ b: [Value]) -> Bool {
            guard hasResidual, case .int(let x) = a[1], case .int(let y) = b[1] else { return true }
            return x < y
        }
        for a in left {
            var matches: [[Value]] = []
            var isUnknown = false
            for (i, b) in right.enumerated() where passes(a, b) {
                if hasKeys && (a[0].isNull || b[0].isNull) {
                    isUnknown = true
                } else if !hasKeys || a[0] == b[0] {
                    matches.append(b)
                    matchedRight.insert(i)
                }
            }
            switch kind {
            case .inner, .cross, .right: result += matches.map { a + $0 }
            case .left, .full:
                result += matches.isEmpty ? [a + nulls] : matches.map { a + $0 }
            case .semi: if !matches.isEmpty { result.append(a) }
            case .anti: if matches.isEmpty { result.append(a) }
            case .mark:
                let mark: Value =
                    !matches.isEmpty ? .boolean(true) : isUnknown ? .null : .boolean(false)
                result.append(a + [mark])
            }
        }
        if kind == .right || kind == .full {
            for (i, b) in right.enumerated() where !matchedRight.contains(i) {
                result.append(nulls + b)
            }
        }
        return result
    }

    @Test(arguments: kinds, OperatorHarness.variants.indices)
    func equalKeysAgreeWithNestedLoops(kind: JoinKind, variant: Int) throws {
        let harness = OperatorHarness.variants[variant]
        for right in [Self.right, Self.unique, []] {
            let got = try join(harness, kind, left: Self.left, right: right)
            let wanted = Self.expected(
                kind, left: Self.left, right: right, hasKeys: true, hasResidual: false)
            #expect(got == wanted)
        }
    }

    @Test(arguments: kinds, OperatorHarness.variants.indices)
    func residualsAgreeWithNestedLoops(kind: JoinKind, variant: Int) throws {
        let harness = OperatorHarness.variants[variant]
        for right in [Self.right, Self.unique] {
            let got = try join(harness, kind, left: Self.left, right: right, hasResidual: true)
            let wanted = Self.expected(
                kind, left: Self.left, right: right, hasKeys: true, hasResidual: true)
            #expect(got == wanted)
        }
    }

    @Test(arguments: [JoinKind.cross, .left, .full, .anti])
    func withoutKeysEveryPairIsACandidate(kind: JoinKind) throws {
        for harness in OperatorHarness.variants {
            let got = try join(
                harness, kind, left: Self.left, right: Self.unique, hasKeys: false,
                hasResidual: kind != .cross)
            let wanted = Self.expected(
                kind, left: Self.left, right: Self.unique, hasKeys: false,
                hasResidual: kind != .cross)
            #expect(got == wanted)
        }
    }

    @Test func aCorrelatedMarkLooksAtItsGroupOnly() throws {
        // x IN (select y from r where r.k = l.k): keys are (number, text).
        let query = OperatorHarness().query()
        let spec = HashJoinSpec(
            kind: .mark, leftKeys: [1, 0], rightKeys: [1, 0], keyTypes: [.bigint, .text],
            leftTypes: Self.types, rightTypes: Self.types)
        let build = try HashJoinBuild(spec, query: query)
        let right: [[Value]] = [
            [.text("a"), .int(1)], [.text("b"), .null], [.null, .int(3)], [.text("c"), .int(9)],
        ]
        let left: [[Value]] = [
            [.text("a"), .int(1)], [.text("a"), .int(2)], [.text("b"), .int(1)],
            [.text("c"), .null], [.text("d"), .null], [.null, .int(3)],
        ]
        try OperatorHarness().run(build, rows: right, types: Self.types, query: query)
        let outputs = Self.outputTypes(.mark)
        let collect = SortSink(keys: [], types: outputs, query: query)
        try OperatorHarness().run(
            collect, rows: left, types: Self.types, query: query,
            transforms: [HashJoinProbe(build)])
        let got = try OperatorHarness.values(
            collect.output.batches, types: outputs, pool: query.pool)
        #expect(
            got.map { $0[2] } == [
                .boolean(true), .boolean(false), .null, .null, .boolean(false), .boolean(false),
            ])
    }

    @Test func theRangeOfBuildKeysIsPublished() throws {
        let query = OperatorHarness().query()
        let filter = DynamicFilter()
        let spec = HashJoinSpec(
            kind: .inner, leftKeys: [1], rightKeys: [1], keyTypes: [.bigint],
            leftTypes: Self.types, rightTypes: Self.types,
            filters: [JoinFilter(key: 0, filter: filter, path: ScanColumnPath(index: 4))])
        let build = try HashJoinBuild(spec, query: query)
        try OperatorHarness().run(build, rows: Self.unique, types: Self.types, query: query)
        #expect(
            filter.predicate
                == .and([
                    .compare(ScanColumnPath(index: 4), .greaterOrEqual, .int(30)),
                    .compare(ScanColumnPath(index: 4), .lessOrEqual, .int(90)),
                ]))
    }
}
