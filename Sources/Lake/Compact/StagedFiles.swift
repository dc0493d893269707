import Synchronization

/// Where a record stood: which of the run's files of many records, which record of it.
struct RecordPlace: Hashable, Sendable, BitwiseCopyable {
    /// The number that `StagedFiles` gave.
    var file: UInt32
    var ordinal: UInt32

    /// Of the one record of its file.
    static let alone = RecordPlace(file: .max, ordinal: 0)
}

/// The files of many records that a run reads, and what of them is taken back.
///
/// Records are staged as they stream by; that their file changed meanwhile, breaks off, or holds a later
/// version of a key that equals the old row, shows only behind them.
final class StagedFiles: Sendable {
    /// What is known when all files are read.
    struct Verdict: Sendable {
        fileprivate(set) var paths: [String] = []
        fileprivate var files: Set<UInt32> = []
        fileprivate var keys: Set<FileKey> = []

        /// Whether nothing was taken back.
        var isPlain: Bool { files.isEmpty && keys.isEmpty }

        /// Whether a row is taken back; `key` is its short hash.
        func withdraws(_ place: RecordPlace, key: UInt64) -> Bool {
            files.contains(place.file) || keys.contains(FileKey(file: place.file, key: key))
        }
    }

    fileprivate struct FileKey: Hashable {
        var file: UInt32
        var key: UInt64
    }

    private let held = Mutex(Verdict())

    /// Gives a file its number.
    func begin(_ path: String) -> UInt32 {
        held.withLock { held in
            held.paths.append(path)
            return UInt32(truncatingIfNeeded: held.paths.count - 1)
        }
    }

    /// Takes all rows of a file back.
    func withdraw(_ file: UInt32) {
        held.withLock { _ = $0.files.insert(file) }
    }

    /// Takes the rows of some keys, by their short hashes, of one file back.
    func withdraw(_ keys: [UInt64], of file: UInt32) {
        guard !keys.isEmpty else { return }
        held.withLock { held in
            for key in keys { held.keys.insert(FileKey(file: file, key: key)) }
        }
    }

    var verdict: Verdict { held.withLock { $0 } }
}
