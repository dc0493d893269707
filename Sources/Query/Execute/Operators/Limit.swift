import Columnar
import Synchronization

/// LIMIT and OFFSET inside a plan: the first rows in morsel order, whatever the thread count.
package final class LimitSink: Sink {
    package let output = ResultSlot()
    private let limit: Int?
    private let offset: Int
    private let perMorsel: Int?
    private let progress = Mutex<Progress>(Progress())
    private let satisfied: Atomic<Bool>

    private struct Progress {
        /// Rows of finished morsels that wait for an earlier one.
        var finished: [Int: Int] = [:]
        /// All morsels before this one are finished.
        var next = 0
        var rows = 0
    }

    package init(limit: Int?, offset: Int) {
        self.limit = limit
        self.offset = offset
        perMorsel = RowWindow.rowsPerMorsel(limit: limit, offset: offset)
        satisfied = Atomic(limit == 0)
    }

    package var isSatisfied: Bool { satisfied.load(ordering: .relaxed) }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        State(sink: self, pool: worker.pool)
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {
        var morsels: [(morsel: Int, batches: [Batch])] = []
        for case let state as State in states { morsels += state.finished }
        morsels.sort { $0.morsel < $1.morsel }
        var window = RowWindow(limit: limit, offset: offset)
        var batches: [Batch] = []
        for morsel in morsels {
            for batch in morsel.batches where !window.isExhausted {
                let part = try storage { () throws(ColumnarError) in
                    try window.take(batch, pool: worker.pool)
                }
                if let part { batches.append(part) }
            }
        }
        output.fill(batches)
    }

    private func end(_ morsel: Int, rows: Int) {
        guard let perMorsel else { return }
        progress.withLock { state in
            state.finished[morsel] = rows
            while let rows = state.finished.removeValue(forKey: state.next) {
                state.rows += rows
                state.next += 1
            }
            if state.rows >= perMorsel { satisfied.store(true, ordering: .relaxed) }
        }
    }

    private struct State: SinkState {
        let sink: LimitSink
        let pool: BufferPool
        var finished: [(morsel: Int, batches: [Batch])] = []
        var batches: [Batch] = []
        var rows = 0

        init(sink: LimitSink, pool: BufferPool) {
            self.sink = sink
            self.pool = pool
        }

        var isMorselSatisfied: Bool {
            guard let perMorsel = sink.perMorsel else { return false }
            return rows >= perMorsel
        }

        mutating func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
            let ready = try storage { () throws(ColumnarError) in
                try batch.resolvedForOutput(pool: pool)
            }
            rows += ready.count
            batches.append(ready)
        }

        mutating func endMorsel(_ morsel: Int) throws(QueryError) {
            sink.end(morsel, rows: rows)
            finished.append((morsel, batches))
            batches = []
            rows = 0
        }
    }
}
