import Columnar
import Synchronization

/// What runs: steps in dependency order, and the tree of operators that EXPLAIN ANALYZE shows.
struct PhysicalPlan {
    enum Step {
        case pipeline(Pipeline)
        /// The pipelines before this computed the value of an uncorrelated subquery.
        case subquery(SubqueryID, SingleRowSink)
    }

    var steps: [Step]
    var root: OperatorNode
    var scans: [ScanCounters]

    /// Runs every step.
    func run(query: QueryContext) throws(QueryError) {
        for step in steps {
            switch step {
            case .pipeline(let pipeline): try Scheduler.run(pipeline, query: query)
            case .subquery(let id, let sink):
                query.setSubqueryValue(id, sink.values[0])
            }
        }
    }
}

/// One operator as it ran: its title, what it put out, its inputs.
final class OperatorNode: Sendable {
    let title: String
    let counters = OperatorCounters()
    let inputs: [OperatorNode]
    /// Set for scans.
    let scan: ScanCounters?

    init(_ title: String, inputs: [OperatorNode], scan: ScanCounters? = nil) {
        self.title = title
        self.inputs = inputs
        self.scan = scan
    }
}

/// What one operator did, over all workers.
final class OperatorCounters: Sendable {
    let rows = Atomic<Int>(0)
    let batches = Atomic<Int>(0)
    /// Time in the operator itself, summed over workers.
    let nanoseconds = Atomic<UInt64>(0)

    func add(_ batch: Batch) {
        rows.wrappingAdd(batch.selectedCount, ordering: .relaxed)
        batches.wrappingAdd(1, ordering: .relaxed)
    }

    func add(from start: UInt64, to end: UInt64) {
        nanoseconds.wrappingAdd(end &- start, ordering: .relaxed)
    }
}
