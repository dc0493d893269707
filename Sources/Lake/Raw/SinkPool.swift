import Glibc

/// A few sinks that many threads borrow in turn.
///
/// Reading wants more threads than there are cores; a sink wants a core and holds megabytes of rows. So
/// threads read on their own and wait here for one of `limit` sinks. Sinks are made when first needed.
final class SinkPool<Sink: RawFileSink>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private let limit: Int
    private let make: @Sendable (Int) throws(LakeError) -> Sink
    private var idle: [Sink] = []
    private var made = 0

    init(limit: Int, make: @escaping @Sendable (Int) throws(LakeError) -> Sink) {
        self.limit = max(1, limit)
        self.make = make
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Waits for a sink; the caller gives it back.
    func take() throws(LakeError) -> Sink {
        pthread_mutex_lock(mutex)
        while idle.isEmpty, made == limit { pthread_cond_wait(condition, mutex) }
        if let sink = idle.popLast() {
            pthread_mutex_unlock(mutex)
            return sink
        }
        let number = made
        made += 1
        pthread_mutex_unlock(mutex)
        do throws(LakeError) {
            return try make(number)
        } catch {
            // Whoever waits must not wait for a sink that will never be.
            pthread_mutex_lock(mutex)
            made -= 1
            pthread_cond_signal(condition)
            pthread_mutex_unlock(mutex)
            throw error
        }
    }

    func give(_ sink: consuming Sink) {
        pthread_mutex_lock(mutex)
        idle.append(sink)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Sinks made so far.
    var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return made
    }
}
