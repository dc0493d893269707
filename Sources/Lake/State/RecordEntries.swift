import CXXHash
import Columnar

/// What is remembered of the records of one raw file: 20 bytes each, sorted by key.
///
/// ```
///  XXH3-64 of the rest   flags   count   key hashes   row hashes   partitions
///          8               4       4       n × 8        n × 8        n × 4      bytes, little-endian
/// ```
struct RecordEntries: Hashable, Sendable {
    /// One record of the file.
    struct Entry: Hashable, Sendable, BitwiseCopyable {
        /// Of the row's key.
        var key: UInt64
        /// Of the flattened row, as in `RawFileState`.
        var row: UInt64
        /// The partition that the row was written to.
        var partition: Int32
    }

    /// Rising by key, each once.
    private(set) var entries: [Entry]
    /// False in a table without partitions, whose rows all have the partition nil.
    let hasPartitions: Bool

    private static let headBytes = 16
    private static let entryBytes = 20

    /// - entries: rising by key, each once.
    init(_ entries: [Entry] = [], hasPartitions: Bool = false) {
        self.entries = entries
        self.hasPartitions = hasPartitions
    }

    var isEmpty: Bool { entries.isEmpty }

    /// The partition of an entry as rows have it.
    func partition(of entry: Entry) -> Int32? { hasPartitions ? entry.partition : nil }

    /// The entry of a key.
    func find(_ key: UInt64) -> Entry? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].key == key ? entries[low] : nil
    }

    /// The entries of some keys.
    func hits(_ keys: Set<UInt64>) -> [Entry] {
        // Looking for few keys among many entries is cheaper than the other way round.
        if keys.count.multipliedReportingOverflow(by: 16).partialValue < entries.count {
            return keys.compactMap { find($0) }.sorted { $0.key < $1.key }
        }
        return entries.filter { keys.contains($0.key) }
    }

    /// These entries with others in the place of those with equal keys; `newer` rises by key.
    func merged(with newer: [Entry]) -> [Entry] {
        var merged: [Entry] = []
        merged.reserveCapacity(max(entries.count, newer.count))
        var (a, b) = (0, 0)
        while a < entries.count || b < newer.count {
            if b == newer.count || a < entries.count && entries[a].key < newer[b].key {
                merged.append(entries[a])
                a += 1
            } else {
                if a < entries.count, entries[a].key == newer[b].key { a += 1 }
                merged.append(newer[b])
                b += 1
            }
        }
        return merged
    }
}

extension RecordEntries {
    /// The entries as the database holds them.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headBytes + entries.count * Self.entryBytes)
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        append(UInt64(0))
        append(UInt32(hasPartitions ? 1 : 0))
        append(UInt32(entries.count))
        for entry in entries { append(entry.key) }
        for entry in entries { append(entry.row) }
        for entry in entries { append(entry.partition) }
        let sum = bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress! + 8, $0.count - 8) }
        withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
        return bytes
    }

    /// Decodes `encoded()`; nil if the bytes are not whole and intact.
    init?(decoding bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headBytes else { return nil }
        func value<T: FixedWidthInteger>(_ offset: Int, _ type: T.Type) -> T {
            T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
        let sum = XXH3_64bits(bytes.baseAddress! + 8, bytes.count - 8)
        let (flags, count) = (value(8, UInt32.self), Int(value(12, UInt32.self)))
        guard sum == value(0, UInt64.self), flags <= 1,
            bytes.count == Self.headBytes + count * Self.entryBytes
        else { return nil }
        let (rows, partitions) = (Self.headBytes + count * 8, Self.headBytes + count * 16)
        entries = (0..<count).map { index in
            Entry(
                key: value(Self.headBytes + index * 8, UInt64.self),
                row: value(rows + index * 8, UInt64.self),
                partition: value(partitions + index * 4, Int32.self))
        }
        hasPartitions = flags == 1
        guard zip(entries, entries.dropFirst()).allSatisfy({ $0.key < $1.key }) else { return nil }
    }
}
