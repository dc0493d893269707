import Columnar
import Synchronization

/// Where a pipeline's batches come from: a table scan, literal rows, or the result of an earlier pipeline.
package protocol Source: Sendable {
    /// A fixed cut, independent of the worker count; morsel order is row order.
    var morselCount: Int { get }
    func open(morsel: Int, worker: WorkerContext) throws(QueryError) -> any MorselReader
}

/// The batches of one morsel, in order.
package protocol MorselReader {
    mutating func next() throws(QueryError) -> Batch?
}

/// A streaming operator (filter, project, probe, unnest): the shared description makes one state per worker.
package protocol Transform: Sendable {
    func makeState(worker: WorkerContext) throws(QueryError) -> any TransformState
}

/// A worker's own state of a streaming operator.
package protocol TransformState {
    /// Takes a batch and puts out any number of batches, in order.
    mutating func push(_ batch: Batch, into output: inout [Batch]) throws(QueryError)
}

/// A pipeline breaker (group, sort, build, limit, output): shared; workers fill states of their own.
package protocol Sink: Sendable {
    func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState
    /// Called once after all morsels with the workers' states: merges them, whatever worker had what.
    func finish(_ states: [any SinkState], worker: WorkerContext) throws(QueryError)
    /// True once no further morsel can change the result (LIMIT reached): workers stop pulling.
    var isSatisfied: Bool { get }
    /// A worker failed: nobody may wait for its morsel any more.
    func abandon()
}

/// A worker's own state of a breaker; not shared, so no locks.
package protocol SinkState {
    mutating func consume(_ batch: Batch, morsel: Int) throws(QueryError)
    /// All batches of this morsel have been consumed.
    mutating func endMorsel(_ morsel: Int) throws(QueryError)
    /// True once no further batch of the current morsel can change the result.
    var isMorselSatisfied: Bool { get }
}

extension Sink {
    package var isSatisfied: Bool { false }
    package func abandon() {}
}

extension SinkState {
    package var isMorselSatisfied: Bool { false }

    package mutating func endMorsel(_ morsel: Int) throws(QueryError) {}
}

/// One run of workers: source, streaming operators, breaker.
///
/// A query is a list of these in dependency order.
package struct Pipeline: Sendable {
    package var source: any Source
    package var transforms: [any Transform]
    package var sink: any Sink

    package init(source: any Source, transforms: [any Transform], sink: any Sink) {
        self.source = source
        self.transforms = transforms
        self.sink = sink
    }
}

/// What one worker is given for the length of a query.
package final class WorkerContext: Sendable {
    package let number: Int
    package let pool: BufferPool
    package let query: QueryContext

    package init(number: Int, pool: BufferPool, query: QueryContext) {
        self.number = number
        self.pool = pool
        self.query = query
    }
}

/// What all workers of a query share: the session, the registry, cancellation, progress, batch size.
package final class QueryContext: Sendable {
    package let session: SessionContext
    package let registry: FunctionRegistry
    package let pool: BufferPool
    package let workerCount: Int
    /// `Limits.batchRows`, or 1 or 7 in tests.
    package let batchRows: Int
    package let isCancelled = Atomic<Bool>(false)
    package let rowsProcessed = Atomic<Int>(0)
    private let subqueryValues = Mutex<[SubqueryID: Column]>([:])

    package init(
        session: SessionContext, registry: FunctionRegistry, pool: BufferPool, workerCount: Int,
        batchRows: Int = Limits.batchRows
    ) {
        self.session = session
        self.registry = registry
        self.pool = pool
        self.workerCount = workerCount
        self.batchRows = batchRows
    }

    /// Keeps the one value of an uncorrelated subquery, which ran before the plan that uses it.
    package func setSubqueryValue(_ id: SubqueryID, _ column: Column) {
        subqueryValues.withLock { $0[id] = column }
    }

    /// The value of a subquery as a one-row column.
    package func subqueryValue(_ id: SubqueryID) throws(QueryError) -> Column {
        guard let column = subqueryValues.withLock({ $0[id] }) else {
            throw QueryError(.internalError, "subquery \(id.number) has not run")
        }
        return column
    }
}
