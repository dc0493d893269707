/// Bytes owned by a pool: 64-byte aligned, readable 64 bytes past the end; the only counted reference.
///
/// A buffer is filled by one owner and never changed once a column holds it.
package final class Buffer: @unchecked Sendable {
    /// The first byte.
    package let base: UnsafeMutableRawPointer
    /// Usable bytes; `padding` more are readable behind them.
    package let capacityBytes: Int
    private let pool: BufferPool

    /// Bytes that a kernel may read past the end of any buffer.
    package static let padding = 64

    init(base: UnsafeMutableRawPointer, capacityBytes: Int, pool: BufferPool) {
        self.base = base
        self.capacityBytes = capacityBytes
        self.pool = pool
    }

    deinit {
        pool.recycle(base, capacityBytes: capacityBytes)
    }

    /// `count` values from element `start`.
    @_lifetime(borrow self)
    package func span<T: BitwiseCopyable>(of type: T.Type, start: Int = 0, count: Int) -> Span<T> {
        precondition(
            start >= 0 && count >= 0 && (start + count) * MemoryLayout<T>.stride <= capacityBytes)
        let elements = UnsafeBufferPointer(
            start: UnsafePointer(base.assumingMemoryBound(to: T.self)) + start, count: count)
        return _overrideLifetime(Span(_unsafeElements: elements), borrowing: self)
    }

    /// `count` writable values from element `start`; only the filling owner may call this.
    @_lifetime(borrow self)
    package func mutableSpan<T: BitwiseCopyable>(
        of type: T.Type, start: Int = 0, count: Int
    ) -> MutableSpan<T> {
        precondition(
            start >= 0 && count >= 0 && (start + count) * MemoryLayout<T>.stride <= capacityBytes)
        let elements = UnsafeMutableBufferPointer(
            start: base.assumingMemoryBound(to: T.self) + start, count: count)
        return _overrideLifetime(MutableSpan(_unsafeElements: elements), borrowing: self)
    }
}
