import Synchronization

/// A predicate that an operator publishes while the query runs: a top-n threshold, a join's key range.
package final class DynamicFilter: Sendable {
    private let current = Mutex<ScanPredicate?>(nil)

    package init() {}

    /// The predicate as of now; nil lets everything pass.
    package var predicate: ScanPredicate? { current.withLock { $0 } }

    /// Replaces the predicate; it must only ever narrow.
    package func publish(_ predicate: ScanPredicate) {
        current.withLock { $0 = predicate }
    }
}
