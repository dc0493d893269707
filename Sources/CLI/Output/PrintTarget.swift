import Columnar
import Synchronization

/// Where printers put their text.
protocol PrintTarget: Sendable {
    func write(_ bytes: [UInt8])
}

extension PrintTarget {
    func write(_ text: String) {
        write(Array(text.utf8))
    }
}

/// A file that appears under its name when it is finished; the first failure waits until somebody asks.
final class FileTarget: PrintTarget {
    private struct State {
        var file: TextOutput
        var failure: ColumnarError?
    }

    private let state: Mutex<State>

    init(path: String, compression: TextCompression) throws(ColumnarError) {
        state = Mutex(
            State(
                file: try TextOutput(
                    path: path, compression: compression, pool: BufferPool())))
    }

    func write(_ bytes: [UInt8]) {
        state.withLock { state in
            guard state.failure == nil else { return }
            do throws(ColumnarError) {
                try state.file.write(bytes)
            } catch {
                state.failure = error
            }
        }
    }

    /// Throws what went wrong so far.
    func check() throws(ColumnarError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Makes the file visible; returns its bytes.
    func finish() throws(ColumnarError) -> Int {
        try check()
        return try state.withLock { (state) throws(ColumnarError) in
            try state.file.commit()
            return state.file.sizeBytes
        }
    }
}
