import Columnar
import Synchronization
import Testing

@testable import Query

/// Morsel order, limits, errors and cancellation under several threads.
@Suite struct SchedulerTests {
    let table = MemoryTable(
        schema: Schema([Field(name: "n", type: .bigint)]),
        rows: (0..<5_000).map { [.int(Int64($0))] }, form: .flat, morselRows: 64)

    func scan() -> LogicalPlan {
        .scan(
            ScanNode(
                table: table, name: "t", request: ScanRequest(columns: [ScanColumn(index: 0)]),
                outputs: [OutputColumn(name: "n", type: .bigint)]))
    }

    func context(_ workers: Int, batchRows: Int = 7) -> QueryContext {
        QueryContext(
            session: SessionContext(nowMicros: 0, randomSeed: 1),
            registry: FunctionRegistry(scalars: [], aggregates: [], windows: []),
            pool: BufferPool(), workerCount: workers, batchRows: batchRows)
    }

    func run(_ plan: LogicalPlan, _ query: QueryContext) throws -> [Int64] {
        let rows = Mutex<[Int64]>([])
        let execution = QueryExecution(plan: plan, subqueries: [], query: query, clock: { 0 })
        _ = try execution.run { (batch) throws(QueryError) in
            let values = try storage { () throws(ColumnarError) in
                var values: [Int64] = []
                for row in 0..<batch.count {
                    if case .int(let n) = try batch.columns[0].value(at: row, type: .bigint) {
                        values.append(n)
                    }
                }
                return values
            }
            rows.withLock { $0 += values }
        }
        return rows.withLock { $0 }
    }

    let n = BoundExpression.column(0, .bigint)

    @Test(arguments: [1, 2, 5])
    func rowsComeInMorselOrder(workers: Int) throws {
        #expect(try run(scan(), context(workers)) == (0..<5_000).map { Int64($0) })
    }

    @Test(arguments: [1, 2, 5])
    func limitTakesTheFirstRows(workers: Int) throws {
        let odd = LogicalPlan.filter(
            scan(),
            .compare(
                .equal,
                .arithmetic(.modulus, n, .literal(.int(2), .bigint), .bigint, nil),
                .literal(.int(1), .bigint)))
        let expected = (0..<5_000).filter { $0 % 2 == 1 }.map { Int64($0) }
        let top = LogicalPlan.limit(odd, limit: 100, offset: 50)
        #expect(try run(top, context(workers)) == Array(expected[50..<150]))
        let inner = LogicalPlan.project(top, [NamedExpression(n, name: "n")])
        #expect(try run(inner, context(workers)) == Array(expected[50..<150]))
        #expect(try run(.limit(odd, limit: 0, offset: 0), context(workers)) == [])
        #expect(
            try run(.limit(odd, limit: nil, offset: 2_490), context(workers))
                == Array(expected[2_490...]))
    }

    @Test(arguments: [1, 2, 5])
    func theFirstErrorInMorselOrderWins(workers: Int) throws {
        // 3000 - n fails at no row, 10 / (n - 1500) at one, and later rows with another message.
        let divisor = BoundExpression.arithmetic(
            .subtract, n, .literal(.int(1_500), .bigint), .bigint, nil)
        let quotient = BoundExpression.arithmetic(
            .divide, .literal(.int(10), .bigint), divisor, .bigint, nil)
        let huge = BoundExpression.arithmetic(
            .multiply, n, .literal(.int(5_000_000_000_000_000), .bigint), .bigint, nil)
        let plan = LogicalPlan.project(
            scan(), [NamedExpression(quotient, name: "q"), NamedExpression(huge, name: "h")])
        for _ in 0..<20 {
            #expect(throws: QueryError(.divisionByZero, "Division by zero")) {
                try run(plan, context(workers))
            }
        }
        // A limit that is reached before the failing row hides the error, for any thread count.
        for _ in 0..<20 {
            #expect(
                try run(.limit(plan, limit: 1_000, offset: 0), context(workers)).count == 1_000)
        }
    }

    @Test(arguments: [1, 2, 5])
    func cancellationStopsTheQuery(workers: Int) throws {
        let query = context(workers)
        query.isCancelled.store(true, ordering: .relaxed)
        #expect(throws: QueryError(ColumnarError.cancelled)) { try run(scan(), query) }
    }

    @Test(arguments: [1, 2, 5])
    func unionRunsItsInputsInOrder(workers: Int) throws {
        let shifted = LogicalPlan.project(
            scan(),
            [
                NamedExpression(
                    .arithmetic(.add, n, .literal(.int(5_000), .bigint), .bigint, nil), name: "n")
            ])
        #expect(
            try run(.unionAll([scan(), shifted]), context(workers))
                == (0..<10_000).map { Int64($0) })
    }

    @Test(arguments: [1, 5])
    func aScalarSubqueryHasOneRow(workers: Int) throws {
        #expect(throws: QueryError.self) {
            try run(.enforceSingleRow(scan()), context(workers))
        }
        let one = LogicalPlan.limit(scan(), limit: 1, offset: 7)
        #expect(try run(.enforceSingleRow(one), context(workers)) == [7])
        let none = LogicalPlan.limit(scan(), limit: 0, offset: 0)
        #expect(try run(.enforceSingleRow(none), context(workers)) == [])
    }
}
