import Glibc
import Synchronization

/// Threads that share work by taking it piece by piece; the caller waits for all of them.
///
/// Plain threads, not tasks: the work is blocking system calls and long loops, and the number of
/// threads is the caller's decision.
package enum Workers {
    /// Runs `body` once on each of `count` threads; throws the error of the lowest worker number.
    package static func run<Failure: Error>(
        count: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Void
    ) throws(Failure) {
        if count <= 1 {
            try body(0)
            return
        }
        let errors = Mutex<[(worker: Int, error: Failure)]>([])
        var threads: [pthread_t] = []
        for worker in 0..<count {
            let start = Unmanaged.passRetained(
                Entry {
                    do throws(Failure) {
                        try body(worker)
                    } catch {
                        errors.withLock { $0.append((worker, error)) }
                    }
                })
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Entry>.fromOpaque(argument).takeRetainedValue().body()
                    return nil
                }, start.toOpaque())
            if code == 0 {
                threads.append(thread)
            } else {
                // No thread to be had: the caller's does the work of this one.
                start.takeRetainedValue().body()
            }
        }
        for thread in threads { pthread_join(thread, nil) }
        let first = errors.withLock { $0.min { $0.worker < $1.worker } }
        if let first { throw first.error }
    }

    /// Runs `body` for each index below `count`, on `workers` threads, in any order.
    ///
    /// After an error no new index is begun; the error of the lowest index that failed is thrown.
    package static func forEach<Failure: Error>(
        _ count: Int, workers: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Void
    ) throws(Failure) {
        let next = Atomic<Int>(0)
        let failed = Mutex<(index: Int, error: Failure)?>(nil)
        try run(count: max(1, min(workers, count))) { (_: Int) throws(Failure) in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                if index >= count || failed.withLock({ $0 != nil }) { return }
                do throws(Failure) {
                    try body(index)
                } catch {
                    failed.withLock { held in
                        if held.map({ index < $0.index }) ?? true { held = (index, error) }
                    }
                    return
                }
            }
        }
        if let failure = failed.withLock({ $0 }) { throw failure.error }
    }

    /// A closure on the heap, to pass through C.
    private final class Entry {
        let body: () -> Void

        init(_ body: @escaping () -> Void) {
            self.body = body
        }
    }
}
