import CXXHash

/// Split-block Bloom filter over XXH64 of the PLAIN bytes: proves that a value is not in a chunk.
///
/// https://github.com/apache/parquet-format/blob/master/BloomFilter.md
///
///     ┌────────────────┬─────────────────────────────────────────┐
///     │ thrift header  │ blocks of 8 little-endian 32-bit words  │
///     └────────────────┴─────────────────────────────────────────┘
struct BloomFilter {
    private(set) var words: [UInt32]

    private static let salts: [UInt32] = [
        0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d,
        0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31,
    ]
    static let blockBytes = 32
    static let largestBytes = 128 << 20

    /// An empty filter for about `count` distinct values, 10.5...21 bits each: at most 1 % false hits.
    init(distinctCount count: Int) {
        var bytes = Self.blockBytes
        while bytes * 8 < count / 2 * 21, bytes < 1 << 20 { bytes *= 2 }
        words = Array(repeating: 0, count: bytes / 4)
    }

    static func block(of hash: UInt64, blockCount: Int) -> Int {
        Int(((hash >> 32) &* UInt64(blockCount)) >> 32)
    }

    mutating func insert(hash: UInt64) {
        let base = Self.block(of: hash, blockCount: words.count / 8) * 8
        let key = UInt32(truncatingIfNeeded: hash)
        for i in 0..<8 { words[base + i] |= 1 << ((key &* Self.salts[i]) >> 27) }
    }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        XXH64(bytes.baseAddress, bytes.count, 0)
    }

    /// Header and blocks as stored.
    func written() -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.i32(1, words.count * 4)
        for id in 2...4 {
            thrift.begin(id)
            thrift.empty(1)
            thrift.end()
        }
        thrift.finish()
        var bytes = thrift.bytes
        words.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Whether a block of 8 words holds a hash.
    static func mayContain(hash: UInt64, block: Span<UInt32>) -> Bool {
        let key = UInt32(truncatingIfNeeded: hash)
        for i in 0..<8 where block[i] >> ((key &* salts[i]) >> 27) & 1 == 0 { return false }
        return true
    }
}
