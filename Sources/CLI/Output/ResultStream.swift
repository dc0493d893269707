import Columnar
import Query
import Synchronization

/// Hands batches to a sink as they come, from whatever thread; one at a time, in order.
final class ResultStream: Sendable {
    private let columns: [OutputColumn]
    private let sink: any ResultSink
    private let progress = Mutex<QueryProgress?>(nil)
    /// Rows on a terminal would get into the progress line's way.
    private let hidesProgress: Bool

    init(_ columns: [OutputColumn], _ sink: any ResultSink, hidesProgress: Bool) {
        self.columns = columns
        self.sink = sink
        self.hidesProgress = hidesProgress
    }

    func begin(_ progress: QueryProgress) throws(ColumnarError) {
        self.progress.withLock { $0 = progress }
        try sink.begin(columns)
    }

    func print(_ batch: Batch) throws(QueryError) {
        if hidesProgress { progress.withLock { $0?.hide() } }
        do {
            try sink.write(batch)
        } catch {
            throw QueryError(error)
        }
    }

    /// The bytes of the file that was made, if there is one.
    func end() throws(ColumnarError) -> Int? {
        try sink.finish()
    }
}
