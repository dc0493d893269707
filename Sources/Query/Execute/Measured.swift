import Columnar

/// Nanoseconds from some fixed point, given by the caller: the engine reads no clock.
package typealias Clock = @Sendable () -> UInt64

/// A source that counts and times what it hands out; used only by EXPLAIN ANALYZE.
struct MeasuredSource: Source {
    let base: any Source
    let counters: OperatorCounters
    let clock: Clock

    var morselCount: Int { base.morselCount }

    func open(morsel: Int, worker: WorkerContext) throws(QueryError) -> any MorselReader {
        let start = clock()
        let reader = try base.open(morsel: morsel, worker: worker)
        counters.add(from: start, to: clock())
        return Reader(base: reader, counters: counters, clock: clock)
    }

    private struct Reader: MorselReader {
        var base: any MorselReader
        let counters: OperatorCounters
        let clock: Clock

        mutating func next() throws(QueryError) -> Batch? {
            let start = clock()
            let batch = try base.next()
            counters.add(from: start, to: clock())
            if let batch { counters.add(batch) }
            return batch
        }
    }
}

/// A streaming operator that counts its output and times itself.
struct MeasuredTransform: Transform {
    let base: any Transform
    let counters: OperatorCounters
    let clock: Clock

    func makeState(worker: WorkerContext) throws(QueryError) -> any TransformState {
        State(base: try base.makeState(worker: worker), counters: counters, clock: clock)
    }

    private struct State: TransformState {
        var base: any TransformState
        let counters: OperatorCounters
        let clock: Clock

        mutating func push(_ batch: Batch, into output: inout [Batch]) throws(QueryError) {
            let start = clock()
            let before = output.count
            try base.push(batch, into: &output)
            counters.add(from: start, to: clock())
            for batch in output[before...] { counters.add(batch) }
        }
    }
}

/// A breaker that times itself; what it puts out is counted by the source that reads it.
final class MeasuredSink: Sink {
    let base: any Sink
    let counters: OperatorCounters
    let clock: Clock

    init(base: any Sink, counters: OperatorCounters, clock: @escaping Clock) {
        self.base = base
        self.counters = counters
        self.clock = clock
    }

    var isSatisfied: Bool { base.isSatisfied }

    func abandon() { base.abandon() }

    func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        State(base: try base.makeState(worker: worker), counters: counters, clock: clock)
    }

    func finish(_ states: [any SinkState], worker: WorkerContext) throws(QueryError) {
        var inner: [any SinkState] = []
        for case let state as State in states { inner.append(state.base) }
        let start = clock()
        try base.finish(inner, worker: worker)
        counters.add(from: start, to: clock())
    }

    private struct State: SinkState {
        var base: any SinkState
        let counters: OperatorCounters
        let clock: Clock

        var isMorselSatisfied: Bool { base.isMorselSatisfied }

        mutating func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
            let start = clock()
            try base.consume(batch, morsel: morsel)
            counters.add(from: start, to: clock())
        }

        mutating func endMorsel(_ morsel: Int) throws(QueryError) {
            let start = clock()
            try base.endMorsel(morsel)
            counters.add(from: start, to: clock())
        }
    }
}
