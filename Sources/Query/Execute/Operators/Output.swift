import Columnar
import Synchronization

/// The end of a query: batches to the caller in morsel order, one at a time, with bounded memory.
///
/// The worker on the current morsel hands its batches over at once. Others hold theirs until their turn,
/// and wait when they hold too much: the current morsel's worker never waits.
package final class OutputSink: Sink {
    /// Takes compact batches without lazy columns; never called twice at once.
    package typealias Receiver = @Sendable (Batch) throws(QueryError) -> Void

    /// Batches held for later morsels, by one worker or by all, before a worker waits for its turn.
    private static let heldBatches = 64

    private let receiver: Receiver
    private let limit: Int?
    private let offset: Int
    private let turn = Turn()
    private let shared: Mutex<Shared>
    private let satisfied = Atomic<Bool>(false)

    private struct Shared {
        var current = 0
        var finished: [Int: [Batch]] = [:]
        var finishedBatches = 0
        var window: RowWindow
        var rows = 0
    }

    package init(limit: Int? = nil, offset: Int = 0, receiver: @escaping Receiver) {
        self.receiver = receiver
        self.limit = limit
        self.offset = offset
        shared = Mutex(Shared(window: RowWindow(limit: limit, offset: offset)))
        if limit == 0 { satisfied.store(true, ordering: .relaxed) }
    }

    package var isSatisfied: Bool { satisfied.load(ordering: .relaxed) }

    /// Rows handed to the receiver.
    package var rows: Int { shared.withLock { $0.rows } }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        State(
            sink: self, pool: worker.pool,
            rowsPerMorsel: RowWindow.rowsPerMorsel(limit: limit, offset: offset))
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {}

    package func abandon() { turn.open() }

    private func isCurrent(_ morsel: Int) -> Bool { shared.withLock { $0.current == morsel } }

    /// Hands batches of the current morsel over.
    private func emit(_ batches: [Batch], pool: BufferPool) throws(QueryError) {
        var failure: QueryError?
        shared.withLock { state in
            failure = deliver(batches, &state, pool)
        }
        if let failure { throw failure }
    }

    private func deliver(
        _ batches: [Batch], _ state: inout Shared, _ pool: BufferPool
    ) -> QueryError? {
        do throws(QueryError) {
            for batch in batches where !state.window.isExhausted {
                let part = try storage { () throws(ColumnarError) in
                    try state.window.take(batch, pool: pool)
                }
                guard let part else { continue }
                try receiver(part)
                state.rows += part.count
            }
        } catch {
            return error
        }
        if state.window.isExhausted {
            satisfied.store(true, ordering: .relaxed)
            turn.open()
        }
        return nil
    }

    private var isCrowded: Bool { shared.withLock { $0.finishedBatches > Self.heldBatches } }

    /// A morsel is complete: its held batches go out when all before it have.
    private func end(_ morsel: Int, _ held: [Batch], pool: BufferPool) throws(QueryError) {
        var failure: QueryError?
        let next = shared.withLock { state in
            state.finished[morsel] = held
            state.finishedBatches += held.count
            while failure == nil, let batches = state.finished.removeValue(forKey: state.current) {
                state.finishedBatches -= batches.count
                failure = deliver(batches, &state, pool)
                state.current += 1
            }
            return state.current
        }
        turn.advance(to: next)
        if let failure { throw failure }
    }

    private struct State: SinkState {
        let sink: OutputSink
        let pool: BufferPool
        let rowsPerMorsel: Int?
        var held: [Batch] = []
        var rowsOfMorsel = 0

        var isMorselSatisfied: Bool {
            guard let rowsPerMorsel else { return false }
            return rowsOfMorsel >= rowsPerMorsel
        }

        mutating func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
            let ready = try storage { () throws(ColumnarError) in
                try batch.resolvedForOutput(pool: pool)
            }
            rowsOfMorsel += ready.count
            held.append(ready)
            if held.count > OutputSink.heldBatches { sink.turn.wait(for: morsel) }
            guard sink.isCurrent(morsel) else { return }
            try sink.emit(held, pool: pool)
            held = []
        }

        mutating func endMorsel(_ morsel: Int) throws(QueryError) {
            rowsOfMorsel = 0
            let rest = held
            held = []
            if sink.isCrowded { sink.turn.wait(for: morsel) }
            try sink.end(morsel, rest, pool: pool)
        }
    }
}

extension Batch {
    /// Compact and decoded: what leaves the engine.
    func resolvedForOutput(pool: BufferPool) throws(ColumnarError) -> Batch {
        var ready = self
        for i in columns.indices { ready.columns[i] = try columns[i].resolved(selection) }
        return try ready.compacted(pool: pool)
    }
}
