import Columnar
import Glibc
import Synchronization

/// Runs pipelines on all cores; the only file with threads.
///
/// Workers pull morsels from one counter, so morsels start in order. An error stops the morsels behind it
/// but not those before it: the error of the first failing morsel wins, whatever the thread count.
enum Scheduler {
    /// Runs one pipeline to its end, breaker included.
    static func run(_ pipeline: Pipeline, query: QueryContext) throws(QueryError) {
        let progress = PipelineProgress(morselCount: pipeline.source.morselCount)
        let workers = max(1, min(query.workerCount, progress.morselCount))
        let states = Mutex<[(worker: Int, states: [any SinkState])]>([])
        let tasks = WorkerTasks(count: workers) { number in
            let context = WorkerContext(number: number, pool: query.pool, query: query)
            var worker = PipelineWorker(pipeline: pipeline, progress: progress, context: context)
            if let state = worker.run() {
                let carried = SinkStateBox(state)
                states.withLock { $0.append((number, [carried.state])) }
            }
        }
        tasks.runAndWait()
        if let failure = progress.failure, !pipeline.sink.isSatisfied { throw failure }
        let ordered = states.withLock { held in
            held.sorted { $0.worker < $1.worker }.map { SinkStateBox($0.states[0]) }
        }
        let context = WorkerContext(number: 0, pool: query.pool, query: query)
        try pipeline.sink.finish(ordered.map(\.state), worker: context)
    }
}

/// Carries a worker's state to the thread that merges it, once the worker is done with it.
private struct SinkStateBox: @unchecked Sendable {
    let state: any SinkState

    init(_ state: any SinkState) {
        self.state = state
    }
}

/// What the workers of one pipeline share: the next morsel and the first failure.
final class PipelineProgress: Sendable {
    let morselCount: Int
    private let next = Atomic<Int>(0)
    /// The first failing morsel; `Int.max` while none failed.
    private let failedMorsel = Atomic<Int>(.max)
    private let firstFailure = Mutex<(morsel: Int, error: QueryError)?>(nil)

    init(morselCount: Int) {
        self.morselCount = morselCount
    }

    var failure: QueryError? { firstFailure.withLock { $0?.error } }

    /// The next morsel, or nil when there is none or one failed.
    func take() -> Int? {
        guard failedMorsel.load(ordering: .relaxed) == .max else { return nil }
        let morsel = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return morsel < morselCount ? morsel : nil
    }

    /// Whether an earlier morsel failed, so that this one does not matter any more.
    func isMoot(_ morsel: Int) -> Bool {
        failedMorsel.load(ordering: .relaxed) < morsel
    }

    /// Notes a failure; the earliest morsel's is kept.
    ///
    /// Set-up failures count as before all morsels.
    func fail(_ error: QueryError, morsel: Int) {
        firstFailure.withLock { held in
            if held == nil || morsel < held!.morsel { held = (morsel, error) }
        }
        var seen = failedMorsel.load(ordering: .relaxed)
        while morsel < seen {
            let result = failedMorsel.weakCompareExchange(
                expected: seen, desired: morsel, ordering: .relaxed)
            if result.exchanged { break }
            seen = result.original
        }
    }
}

/// One worker's loop: morsel, batches, streaming operators, sink.
struct PipelineWorker {
    let pipeline: Pipeline
    let progress: PipelineProgress
    let context: WorkerContext
    private var states: [any TransformState] = []

    init(pipeline: Pipeline, progress: PipelineProgress, context: WorkerContext) {
        self.pipeline = pipeline
        self.progress = progress
        self.context = context
    }

    /// The filled sink state, or nil if a failure was noted.
    mutating func run() -> (any SinkState)? {
        var sink: any SinkState
        do {
            for transform in pipeline.transforms {
                states.append(try transform.makeState(worker: context))
            }
            sink = try pipeline.sink.makeState(worker: context)
        } catch {
            progress.fail(error, morsel: -1)
            pipeline.sink.abandon()
            return nil
        }
        while !pipeline.sink.isSatisfied, let morsel = progress.take() {
            do {
                try run(morsel, &sink)
            } catch {
                progress.fail(error, morsel: morsel)
                pipeline.sink.abandon()
                return nil
            }
        }
        return sink
    }

    private mutating func run(_ morsel: Int, _ sink: inout any SinkState) throws(QueryError) {
        var reader = try pipeline.source.open(morsel: morsel, worker: context)
        while !sink.isMorselSatisfied, !pipeline.sink.isSatisfied, !progress.isMoot(morsel),
            let batch = try reader.next()
        {
            if context.query.isCancelled.load(ordering: .relaxed) {
                throw QueryError(ColumnarError.cancelled)
            }
            context.query.rowsProcessed.wrappingAdd(batch.count, ordering: .relaxed)
            try push(batch, stage: 0, morsel, &sink)
        }
        if !progress.isMoot(morsel) { try sink.endMorsel(morsel) }
    }

    private mutating func push(
        _ batch: Batch, stage: Int, _ morsel: Int, _ sink: inout any SinkState
    ) throws(QueryError) {
        guard batch.selectedCount > 0 else { return }
        guard stage < states.count else {
            try sink.consume(batch, morsel: morsel)
            return
        }
        var output: [Batch] = []
        try states[stage].push(batch, into: &output)
        for next in output { try push(next, stage: stage + 1, morsel, &sink) }
    }
}

/// A body run once per worker: the first on the calling thread, the others on threads of their own.
struct WorkerTasks {
    let count: Int
    let body: @Sendable (Int) -> Void

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.body = body
    }

    private final class Start: Sendable {
        let number: Int
        let body: @Sendable (Int) -> Void

        init(number: Int, body: @escaping @Sendable (Int) -> Void) {
            self.number = number
            self.body = body
        }
    }

    /// Returns when every worker has; a thread that cannot be made runs its share here.
    func runAndWait() {
        var threads: [pthread_t] = []
        for number in 1..<max(count, 1) {
            let start = Start(number: number, body: body)
            let argument = Unmanaged.passRetained(start)
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { raw in
                    guard let raw else { return nil }
                    let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                    start.body(start.number)
                    return nil
                }, argument.toOpaque())
            if code == 0 {
                threads.append(thread)
            } else {
                argument.release()
            }
        }
        body(0)
        for thread in threads { pthread_join(thread, nil) }
    }
}
