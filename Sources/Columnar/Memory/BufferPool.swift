import Glibc
import Synchronization

/// All memory of 4 KiB and more in Columnar and Query: counted, recycled, never zeroed.
///
/// Freed buffers wait in lists by power-of-two size, because the first touch of a fresh page costs
/// more than most kernels (1.4 µs per 4 KiB). Buffers of 2 MiB and more are aligned to huge pages.
package final class BufferPool: Sendable {
    /// The budget that every allocation is charged to.
    package let budget: MemoryBudget
    private let free = Mutex<[[UInt]]>(Array(repeating: [], count: 64))
    private static let hugePageBytes = 2 << 20
    /// Buffers of this size have pages of their own: malloc would keep them, in pieces, when they are freed.
    private static let mappedBytes = 128 << 10
    private static let smallestBytes = 64

    package init(budget: MemoryBudget = MemoryBudget(limitBytes: nil)) {
        self.budget = budget
    }

    deinit {
        trim()
    }

    /// Gives the freed buffers back to the system: the next stage of work wants other sizes.
    package func trim() {
        free.withLock { lists in
            for exponent in lists.indices {
                for address in lists[exponent] {
                    Self.release(UnsafeMutableRawPointer(bitPattern: address), 1 << exponent)
                }
                lists[exponent].removeAll()
            }
        }
    }

    /// A buffer of at least `bytes` usable bytes, contents undefined.
    ///
    /// Throws `ColumnarError.memoryLimit` when the budget does not allow it.
    package func allocate(bytes: Int) throws(ColumnarError) -> Buffer {
        let exponent = Self.exponent(forBytes: bytes)
        let size = 1 << exponent
        try budget.reserve(bytes: size)
        let recycled = free.withLock { $0[exponent].popLast() }
        let base: UnsafeMutableRawPointer
        if let recycled, let pointer = UnsafeMutableRawPointer(bitPattern: recycled) {
            base = pointer
        } else {
            base = try Self.fresh(bytes: size)
        }
        return Buffer(base: base, capacityBytes: size - Buffer.padding, pool: self)
    }

    /// A buffer for `count` values of a type.
    package func allocate<T: BitwiseCopyable>(
        _ type: T.Type, count: Int
    ) throws(ColumnarError) -> Buffer {
        try allocate(bytes: count * MemoryLayout<T>.stride)
    }

    func recycle(_ base: UnsafeMutableRawPointer, capacityBytes: Int) {
        let size = capacityBytes + Buffer.padding
        budget.release(bytes: size)
        free.withLock { $0[size.trailingZeroBitCount].append(UInt(bitPattern: base)) }
    }

    private static func exponent(forBytes bytes: Int) -> Int {
        let needed = max(bytes + Buffer.padding, smallestBytes)
        return Int.bitWidth - (needed - 1).leadingZeroBitCount
    }

    private static func fresh(bytes: Int) throws(ColumnarError) -> UnsafeMutableRawPointer {
        if bytes >= mappedBytes { return try mapped(bytes: bytes) }
        var pointer: UnsafeMutableRawPointer?
        guard posix_memalign(&pointer, 64, bytes) == 0, let pointer else {
            throw .memoryLimit(requestedBytes: bytes, limitBytes: bytes)
        }
        return pointer
    }

    private static func mapped(bytes: Int) throws(ColumnarError) -> UnsafeMutableRawPointer {
        let isHuge = bytes >= hugePageBytes
        let whole = isHuge ? bytes + hugePageBytes : bytes
        let map = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let map, map != MAP_FAILED else {
            throw .memoryLimit(requestedBytes: bytes, limitBytes: bytes)
        }
        guard isHuge else { return map }
        let head = -Int(bitPattern: map) & (hugePageBytes - 1)
        if head > 0 { munmap(map, head) }
        munmap(map + head + bytes, hugePageBytes - head)
        madvise(map + head, bytes, MADV_HUGEPAGE)
        return map + head
    }

    private static func release(_ base: UnsafeMutableRawPointer?, _ bytes: Int) {
        if bytes >= mappedBytes { munmap(base, bytes) } else { Glibc.free(base) }
    }
}
