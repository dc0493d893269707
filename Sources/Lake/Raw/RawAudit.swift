import CXXHash

/// Which files are read again although their stat says that nothing changed.
///
/// A stat can lie: a clock that stood still, a restored time on a file system without ctime. So each run
/// reads a share of the unchanged files all the same, chosen by a hash of path and seed, so that a run can
/// be repeated and that every file has its night. Source: kopia's `ForceHashPercentage`.
package struct RawAudit: Hashable, Sendable {
    /// Hashes up to this one are picked; nil picks none.
    private let limit: UInt64?
    private let seed: UInt64

    /// No file is read again.
    package static let none = RawAudit(percent: 0, seed: 0)

    /// - percent: 0...100.
    package init(percent: Double, seed: UInt64) {
        self.seed = seed
        if percent >= 100 {
            limit = .max
        } else {
            let share = percent / 100 * 0x1p64
            limit = share >= 1 ? UInt64(share) - 1 : nil
        }
    }

    /// Whether no file of any folder is picked.
    var isNone: Bool { limit == nil }

    /// The seed of one folder's files.
    func seed(ofFolder folder: [UInt8]) -> UInt64 {
        folder.withUnsafeBytes { XXH3_64bits_withSeed($0.baseAddress, $0.count, seed) }
    }

    /// Whether a file is read again; `folderSeed` is its folder's.
    func picks(_ name: UnsafeRawBufferPointer, folderSeed: UInt64) -> Bool {
        guard let limit else { return false }
        return XXH3_64bits_withSeed(name.baseAddress, name.count, folderSeed) <= limit
    }
}
