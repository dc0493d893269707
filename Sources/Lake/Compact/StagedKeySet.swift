import Columnar

/// The keys that a run stages, to be asked for each row that is in the table: 16 bytes and a half each.
///
/// Keys rise and are spread evenly, being hashes under a seed that only the lake knows: the first bits
/// of one lead to the few that begin with them.
struct StagedKeySet: Sendable {
    private let keys: Buffer
    private let count: Int
    /// By first bits, where their keys begin; one more than there are such bits.
    private let starts: [UInt32]
    private let shift: UInt64

    /// Fills a set with rising keys.
    struct Builder {
        private let keys: Buffer
        private var starts: [UInt32]
        private let shift: UInt64
        private var count = 0
        /// How many prefixes have their start.
        private var known = 0

        private static let keysPerPrefix = 8

        /// - capacity: the most keys that come.
        init(capacity: Int, pool: BufferPool) throws(ColumnarError) {
            keys = try pool.allocate(ContentHash.self, count: capacity)
            let bits = Int.bitWidth - (capacity / Self.keysPerPrefix).leadingZeroBitCount
            shift = UInt64(64 - bits)
            starts = [UInt32](repeating: 0, count: (1 << bits) + 1)
        }

        /// Adds a key that is greater than those before.
        mutating func append(_ key: ContentHash) {
            keys.base.assumingMemoryBound(to: ContentHash.self)[count] = key
            // `>>` by 64 is 0: one prefix.
            close(before: Int(key.high >> shift) + 1)
            count += 1
        }

        private mutating func close(before end: Int) {
            while known < end {
                starts[known] = UInt32(truncatingIfNeeded: count)
                known += 1
            }
        }

        mutating func finish() -> StagedKeySet {
            close(before: starts.count)
            return StagedKeySet(keys: keys, count: count, starts: starts, shift: shift)
        }
    }

    private init(keys: Buffer, count: Int, starts: [UInt32], shift: UInt64) {
        self.keys = keys
        self.count = count
        self.starts = starts
        self.shift = shift
    }

    func contains(_ key: ContentHash) -> Bool {
        let prefix = Int(key.high >> shift)
        let all = keys.base.assumingMemoryBound(to: ContentHash.self)
        var (low, high) = (Int(starts[prefix]), Int(starts[prefix + 1]))
        while low < high {
            let middle = (low + high) / 2
            let other = all[middle]
            if other == key { return true }
            let isBefore =
                other.high != key.high ? other.high < key.high : other.low < key.low
            if isBefore { low = middle + 1 } else { high = middle }
        }
        return false
    }
}

/// Marks on some rows of batches, a bit a row; a batch without any takes nothing.
struct StagedRowMarks: Sendable {
    private var words: [[UInt64]]
    private(set) var count = 0

    init(batchCount: Int) {
        words = Array(repeating: [], count: batchCount)
    }

    /// Marks a row; `rowCount` is its batch's.
    mutating func insert(batch: Int, row: Int, rowCount: Int) {
        if words[batch].isEmpty {
            words[batch] = Array(repeating: 0, count: (rowCount + 63) / 64)
        }
        if contains(batch: batch, row: row) { return }
        words[batch][row / 64] |= 1 << UInt64(row % 64)
        count += 1
    }

    func contains(batch: Int, row: Int) -> Bool {
        !words[batch].isEmpty && words[batch][row / 64] >> UInt64(row % 64) & 1 == 1
    }

    /// How many of a batch's rows are not marked.
    func unmarked(of rows: Range<Int>, batch: Int) -> Int {
        words[batch].isEmpty
            ? rows.count : rows.count { !contains(batch: batch, row: $0) }
    }
}
