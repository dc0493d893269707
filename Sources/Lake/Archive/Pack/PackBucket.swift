import CXXHash

/// Which of a month's packs a raw file belongs to: by its folder, so that an account's files lie together.
///
/// An erasure so rewrites one pack a month, not all of them.
enum PackBucket {
    /// The hash of a folder's path, positive; a pack holds the folders with `hash % buckets == bucket`.
    static func hash(ofFolder folder: [UInt8]) -> Int64 {
        let bits = folder.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
        return Int64(bits & 0x7FFF_FFFF)
    }

    /// The same of a file's folder.
    static func hash(ofPath path: String) -> Int64 {
        hash(ofFolder: Array(RowLedger.parts(of: path).folder.utf8))
    }

    /// How many packs a month's files are worth: none so small that it is a small file itself.
    static func count(rawBytes: Int64, limit: Int) -> Int64 {
        min(Int64(max(1, limit)), max(1, rawBytes / leastRawBytes))
    }

    private static let leastRawBytes: Int64 = 16 << 20
}
