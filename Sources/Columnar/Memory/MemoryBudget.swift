import Synchronization

/// How many bytes a query or a run may hold; operators reserve before they grow.
package final class MemoryBudget: Sendable {
    /// The limit in bytes; nil is none.
    package let limitBytes: Int?
    private let used = Atomic<Int>(0)
    private let peak = Atomic<Int>(0)

    package init(limitBytes: Int?) {
        self.limitBytes = limitBytes
    }

    package var usedBytes: Int { used.load(ordering: .relaxed) }
    package var peakBytes: Int { peak.load(ordering: .relaxed) }

    /// Takes bytes from the budget; throws `memoryLimit` and takes nothing if they do not fit.
    package func reserve(bytes: Int) throws(ColumnarError) {
        let now = used.wrappingAdd(bytes, ordering: .relaxed).newValue
        if let limitBytes, now > limitBytes {
            used.wrappingSubtract(bytes, ordering: .relaxed)
            throw .memoryLimit(requestedBytes: bytes, limitBytes: limitBytes)
        }
        var seen = peak.load(ordering: .relaxed)
        while now > seen {
            let result = peak.weakCompareExchange(
                expected: seen, desired: now, ordering: .relaxed)
            if result.exchanged { break }
            seen = result.original
        }
    }

    package func release(bytes: Int) {
        used.wrappingSubtract(bytes, ordering: .relaxed)
    }
}
