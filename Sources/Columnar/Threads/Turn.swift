import Glibc

/// Lets workers wait for their turn: a number that only rises, and everyone who waits for it.
package final class Turn: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var current = 0
    private var isOpen = false

    package init() {
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

    /// Waits until it is `number`'s turn, or until all turns are opened.
    package func wait(for number: Int) {
        pthread_mutex_lock(mutex)
        while current < number && !isOpen { pthread_cond_wait(condition, mutex) }
        pthread_mutex_unlock(mutex)
    }

    package func advance(to number: Int) {
        pthread_mutex_lock(mutex)
        current = max(current, number)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Nobody waits any more: the work has failed or is satisfied.
    package func open() {
        pthread_mutex_lock(mutex)
        isOpen = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }
}
