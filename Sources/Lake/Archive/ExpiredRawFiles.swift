import Columnar
import Glibc

/// The raw files whose rows have expired: forgotten but for their names and hashes, then removed.
///
/// The run's transaction marks them as expired and, if they may still be in the raw folder, as returned;
/// what bears both marks is removed afterwards, by this sweep or the next one. So a crash between the two
/// leaves files that are not taken again, and that the next sweep finds.
struct ExpiredRawFiles {
    let source: Int64
    /// Partitions all of whose rows expire.
    var partitions: Set<Int32> = []
    /// Raw paths of single rows that expire, hashed under the lake's seed, with their partition.
    var paths: [ContentHash: Int32] = [:]
    let keySeed: UInt64

    /// Journals the marks; returns how many files may have to be removed.
    func mark(_ database: Database, into journal: StateJournal) throws(LakeError) -> Int {
        var count = 0
        try Self.edit(database, source: source, into: journal) { folder, name, state in
            guard state.flags.contains(.hasRow), !Self.isDone(state),
                // Its newer bytes have no row yet, and lie nowhere else.
                !state.flags.contains(.isQuarantined),
                // What was rewritten with the row that has expired is no news.
                state.flags.contains(.isExpired) || concerns(folder, name, state)
            else { return false }
            let mayBeThere =
                state.flags.isDisjoint(with: [.isCold, .isVanished])
                || state.flags.contains(.isReturned)
            state.flags.subtract([.isVanished, .isReturned])
            state.flags.formUnion([.isExpired, .isCold])
            if mayBeThere {
                state.flags.insert(.isReturned)
                count += 1
            }
            return true
        }
        return count
    }

    private static func isDone(_ state: RawFileState) -> Bool {
        state.flags.isSuperset(of: [.isExpired, .isCold])
    }

    private func concerns(
        _ folder: [UInt8], _ name: ArraySlice<UInt8>, _ state: RawFileState
    ) -> Bool {
        guard let partition = state.partition else { return false }
        if partitions.contains(partition) { return true }
        guard !paths.isEmpty else { return false }
        let path = folder + name
        return path.withUnsafeBytes { paths[ContentHash($0, seed: keySeed)] } == partition
    }

    /// What became of the files that bear both marks.
    struct Removal {
        var removed = 0
        /// Of those that could not be removed, the first reason.
        var failure: (path: String, errorNumber: Int32)?
    }

    /// Removes the files of one source that bear both marks, unless they have changed meanwhile.
    ///
    /// In a transaction of its own the marks of what is gone are taken away.
    static func remove(
        _ database: Database, source: Int64, root: RawRootHandle, journalFolder: String,
        isCancelled: () -> Bool
    ) throws(LakeError) -> Removal {
        var removal = Removal()
        let journal = StateJournal(folder: journalFolder)
        var opened: (folder: [UInt8], descriptor: Int32) = ([], -1)
        defer { if opened.descriptor >= 0 { close(opened.descriptor) } }
        try edit(database, source: source, into: journal) { folder, name, state in
            guard state.flags.isSuperset(of: [.isExpired, .isReturned]), !isCancelled() else {
                return false
            }
            if opened.descriptor < 0 || opened.folder != folder {
                if opened.descriptor >= 0 { close(opened.descriptor) }
                opened = (folder, root.openWithoutLinks(folder).descriptor)
            }
            let number = unlink(name, in: opened.descriptor, state)
            guard number == 0 || number == ENOENT else {
                if number != EAGAIN, removal.failure == nil {
                    removal.failure = (String(decoding: folder + name, as: UTF8.self), number)
                }
                // What has changed is the next run's news; what was refused, the next sweep's work.
                return false
            }
            removal.removed += number == 0 ? 1 : 0
            state.flags.remove(.isReturned)
            return true
        }
        try database.transaction { () throws(LakeError) in
            let editor = try RawFiles.Editor(database)
            try journal.forEach(
                files: { (edit) throws(LakeError) in try editor.apply(edit, source: source) },
                records: { (_) throws(LakeError) in })
        }
        return removal
    }

    /// Unlinks a file that is still the one that is remembered; an errno, EAGAIN if it is another one.
    private static func unlink(
        _ name: ArraySlice<UInt8>, in folder: Int32, _ state: RawFileState
    ) -> Int32 {
        guard folder >= 0 else { return ENOENT }
        let text = String(decoding: name, as: UTF8.self)
        var status = stat()
        guard fstatat(folder, text, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return errno }
        guard status.st_mode & S_IFMT == S_IFREG else { return EAGAIN }
        let found = FileStat(status)
        if StatHint(found) != state.hint {
            guard content(of: text, in: folder, found) == state.content else { return EAGAIN }
        }
        return unlinkat(folder, text, 0) == 0 ? 0 : errno
    }

    /// The hash of a file's bytes; nil if it cannot be read, or is another one than `expected`.
    private static func content(
        of name: String, in folder: Int32, _ expected: FileStat
    ) -> ContentHash? {
        let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let size = Int(clamping: expected.sizeBytes)
        guard size <= Limits.metadataFileBytes else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = read(file, buffer.baseAddress.map { $0 + count }, size - count)
                if got < 0, errno == EINTR { continue }
                if got <= 0 { break }
                count += got
            }
        }
        var status = stat()
        guard fstat(file, &status) == 0, FileStat(status) == expected, bytes.count == size else {
            return nil
        }
        return bytes.withUnsafeBytes { ContentHash($0) }
    }

    /// Journals the chunks in which `change` changes a state; it says whether it did.
    private static func edit(
        _ database: Database, source: Int64, into journal: StateJournal,
        _ change: ([UInt8], ArraySlice<UInt8>, inout RawFileState) -> Bool
    ) throws(LakeError) {
        let cursor = try RawFiles.Cursor(database, source: source)
        var entries = RawFileChunk.Entries()
        while let row = try cursor.peek() {
            cursor.advance()
            entries.removeAll()
            let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: row.folder) }
            var writer = RawFileChunk.Writer()
            var isChanged = false
            for index in 0..<entries.count {
                var state = entries.states[index]
                if change(row.folder, entries.name(index), &state) { isChanged = true }
                writer.append(name: entries.name(index), state: state)
            }
            guard isChanged else { continue }
            writer.endChunk()
            try journal.add([
                RawFileEdit(folder: row.folder, removed: row.first, added: writer.chunks)
            ])
        }
    }
}
