import Columnar
import Query
import Synchronization

/// Prints batches as they come, from whatever thread; one at a time, in order.
final class ResultStream: Sendable {
    private struct State {
        var printer: any ResultPrinter
        var progress: QueryProgress?
    }

    private let columns: [OutputColumn]
    private let output = StandardOutput()
    private let state: Mutex<State>

    init(_ columns: [OutputColumn], _ format: OutputFormat, _ terminal: Terminal) {
        self.columns = columns
        state = Mutex(State(printer: format.makePrinter(terminal)))
    }

    func begin(_ progress: QueryProgress) {
        state.withLock {
            $0.progress = progress
            $0.printer.begin(columns, output)
        }
    }

    func print(_ batch: Batch) throws(QueryError) {
        var failure: QueryError?
        state.withLock { state in
            state.progress?.hide()
            do throws(ColumnarError) {
                try state.printer.print(batch, output)
            } catch {
                failure = QueryError(error)
            }
        }
        if let failure { throw failure }
    }

    func end() {
        state.withLock { $0.printer.end(output) }
        output.flush()
    }
}
