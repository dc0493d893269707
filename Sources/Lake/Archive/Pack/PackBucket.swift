import CXXHash

/// Which of a month's packs a raw file belongs to: by its folder, so that an account's files lie together.
enum PackBucket {
    /// The hash of a folder's path, positive; a pack holds the folders with `hash % buckets == bucket`.
    static func hash(ofFolder folder: [UInt8]) -> Int64 {
        let bits = folder.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
        return Int64(bits & 0x7FFF_FFFF)
    }
}
