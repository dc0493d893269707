import Columnar
import Testing

@testable import Query

/// The evaluator over bound expressions, in every column form.
@Suite struct EvaluatorTests {
    let pool = BufferPool()
    var worker: WorkerContext {
        let query = QueryContext(
            session: SessionContext(nowMicros: 0, randomSeed: 1),
            registry: FunctionRegistry(scalars: [], aggregates: [], windows: []), pool: pool,
            workerCount: 1)
        return WorkerContext(number: 0, pool: pool, query: query)
    }
    let a = BoundExpression.column(0, .bigint)
    let b = BoundExpression.column(1, .bigint)
    let text = BoundExpression.column(2, .text)

    func int(_ value: Int64) -> BoundExpression { .literal(.int(value), .bigint) }

    func divide(_ x: BoundExpression, _ y: BoundExpression) -> BoundExpression {
        .arithmetic(.divide, x, y, .bigint, nil)
    }

    /// Rows (1,1,'x') (2,0,'y') (NULL,3,NULL) (4,NULL,'x') as a batch in one form.
    func batch(_ form: TableForm, _ selected: [Int]? = nil) throws -> Batch {
        let columns: [([Value], DataType)] = [
            ([.int(1), .int(2), .null, .int(4)], .bigint),
            ([.int(1), .int(0), .int(3), .null], .bigint),
            ([.text("x"), .text("y"), .null, .text("x")], .text),
        ]
        var batch = Batch(
            columns: try columns.map { try MemoryScan.column($0.0, $0.1, form, pool) }, count: 4)
        if let selected {
            let bits = try Bitmap.filled(false, count: 4, pool: pool)
            for row in selected { bits.set(row, to: true) }
            batch.selection = .bits(bits)
        }
        return batch
    }

    func evaluate(
        _ expression: BoundExpression, _ form: TableForm, _ selected: [Int]? = nil
    ) throws -> [Value] {
        var evaluator = try Evaluator(expression, worker: worker)
        let column = try evaluator.column(batch(form, selected))
        let type = expression.type
        return try (selected ?? Array(0..<4)).map { try column.value(at: $0, type: type) }
    }

    @Test(arguments: TableForm.allCases)
    func errorsWaitForASelectedRow(form: TableForm) throws {
        #expect(throws: QueryError(.divisionByZero, "Division by zero")) {
            try evaluate(divide(a, b), form)
        }
        #expect(try evaluate(divide(a, b), form, [0, 2, 3]) == [.int(1), .null, .null])
        #expect(
            try evaluate(divide(int(6), b), form, [0, 2, 3]) == [.int(6), .int(2), .null])
    }

    @Test(arguments: TableForm.allCases)
    func tryNullsTheFailedRowOnly(form: TableForm) throws {
        let value = BoundExpression.coalesce([divide(int(6), b), int(9)], .bigint)
        #expect(try evaluate(.try(value), form) == [.int(6), .null, .int(2), .int(9)])
    }

    @Test(arguments: TableForm.allCases)
    func branchesSeeTheirRowsOnly(form: TableForm) throws {
        let notZero = BoundExpression.compare(.notEqual, b, int(0))
        let guarded = BoundExpression.caseWhen(
            [CaseBranch(condition: notZero, result: divide(int(6), b))], otherwise: int(-1),
            .bigint)
        #expect(try evaluate(guarded, form) == [.int(6), .int(-1), .int(2), .int(-1)])
        let and = BoundExpression.and([
            notZero, .compare(.greater, divide(int(6), b), int(2)),
        ])
        #expect(
            try evaluate(and, form) == [.boolean(true), .boolean(false), .boolean(false), .null])
        let or = BoundExpression.or([
            .compare(.equal, b, int(0)), .compare(.greater, divide(int(6), b), int(2)),
        ])
        #expect(
            try evaluate(or, form) == [.boolean(true), .boolean(true), .boolean(false), .null])
    }

    @Test func dictionariesRunOncePerEntryAndStayCoded() throws {
        let upper = BoundExpression.caseWhen(
            [
                CaseBranch(
                    condition: .compare(.equal, text, .literal(.text("x"), .text)),
                    result: .literal(.text("X"), .text))
            ], otherwise: text, .text)
        var evaluator = try Evaluator(upper, worker: worker)
        let batch = try batch(.coded)
        guard case .coded(let first) = try evaluator.column(batch),
            case .coded(let second) = try evaluator.column(batch)
        else {
            Issue.record("the result is not coded")
            return
        }
        #expect(first.dictionary.id == second.dictionary.id)
        #expect(
            try evaluate(upper, .coded) == [.text("X"), .text("y"), .null, .text("X")])
    }

    @Test func constantsStayConstant() throws {
        var evaluator = try Evaluator(
            .arithmetic(.add, int(1), int(2), .bigint, nil), worker: worker)
        guard case .constant = try evaluator.column(batch(.flat)) else {
            Issue.record("not constant")
            return
        }
    }

    @Test func overflowIsNamedWithItsOperands() throws {
        let sum = BoundExpression.arithmetic(.add, int(.max), a, .bigint, nil)
        #expect(
            throws: QueryError(
                .numericValueOutOfRange,
                "bigint addition overflow: 9223372036854775807 + 1")
        ) { try evaluate(sum, .flat) }
    }

    @Test(arguments: TableForm.allCases)
    func selectNarrowsTermByTerm(form: TableForm) throws {
        var evaluator = try Evaluator(
            [.compare(.notEqual, b, int(0)), .compare(.greaterOrEqual, divide(a, b), int(1))],
            worker: worker)
        let selection = try evaluator.select(batch(form))
        #expect((0..<4).filter { selection.contains($0) } == [0])
    }
}
