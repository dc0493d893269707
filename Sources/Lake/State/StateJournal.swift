import Glibc
import Synchronization

/// The state edits of a run, kept until the transaction that publishes it: in memory, then in a file.
///
/// A first run over millions of files edits every one of them, and nothing of it may reach the
/// database before the rows are on disk. The file has no name (`O_TMPFILE`), so a crash leaves nothing.
/// Workers add from any thread.
///
/// ```
///  folder    removed        added
///  n  n×1    n+1 n×1 or 0   n   n × (first: n n×1, entries: n n×1)      n: 4 bytes
///
///  all bits  path     records
///  4         n  n×1   n+1 n×1 or 0
/// ```
final class StateJournal: Sendable {
    private struct Held: ~Copyable {
        var bytes: [UInt8] = []
        var file: SpillFile?
    }

    private enum Edit {
        case folder(RawFileEdit)
        case records(RecordFileEdit)
    }

    /// Stands where the length of a folder's path would: what follows is an edit of records.
    private static let recordsMark = UInt32.max

    private let folder: String
    private let limitBytes: Int
    private let held = Mutex(Held())

    /// - folder: where the file is made, on the file system of the lake.
    init(folder: String, limitBytes: Int = 4 << 20) {
        self.folder = folder
        self.limitBytes = limitBytes
    }

    /// Adds edits; those of one folder must come together.
    func add(_ edits: [RawFileEdit]) throws(LakeError) {
        if edits.isEmpty { return }
        try write { bytes in
            for edit in edits { Self.encode(edit, into: &bytes) }
        }
    }

    /// Adds what is remembered of a file's records.
    func add(_ edit: RecordFileEdit) throws(LakeError) {
        try write { Self.encode(edit, into: &$0) }
    }

    private func write(_ encode: (inout [UInt8]) -> Void) throws(LakeError) {
        let failure: LakeError? = held.withLock { held in
            encode(&held.bytes)
            guard held.bytes.count > limitBytes else { return nil }
            do throws(LakeError) {
                if held.file == nil { held.file = try SpillFile(folder: folder) }
                try held.file?.append(held.bytes)
                held.bytes.removeAll(keepingCapacity: true)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Goes through all edits in the order in which they were added.
    func forEach(
        files: (RawFileEdit) throws(LakeError) -> Void,
        records: (RecordFileEdit) throws(LakeError) -> Void
    ) throws(LakeError) {
        let (file, bytes) = held.withLock { ($0.file, $0.bytes) }
        for reader in [file.map { SpillFile.Reader($0) }, SpillFile.Reader(bytes)] {
            guard var reader else { continue }
            while let edit = try Self.decode(&reader) {
                switch edit {
                case .folder(let edit): try files(edit)
                case .records(let edit): try records(edit)
                }
            }
        }
    }

    private static func encode(_ edit: RecordFileEdit, into bytes: inout [UInt8]) {
        append(recordsMark, to: &bytes)
        append(Array(edit.path.utf8), to: &bytes)
        append(UInt32(edit.records.map { $0.count + 1 } ?? 0), to: &bytes)
        if let records = edit.records { bytes.append(contentsOf: records) }
    }

    private static func encode(_ edit: RawFileEdit, into bytes: inout [UInt8]) {
        append(edit.folder, to: &bytes)
        append(UInt32(edit.removed.map { $0.count + 1 } ?? 0), to: &bytes)
        if let removed = edit.removed { bytes.append(contentsOf: removed) }
        append(UInt32(edit.added.count), to: &bytes)
        for chunk in edit.added {
            append(chunk.first, to: &bytes)
            append(chunk.bytes, to: &bytes)
        }
    }

    private static func append(_ part: [UInt8], to bytes: inout [UInt8]) {
        append(UInt32(part.count), to: &bytes)
        bytes.append(contentsOf: part)
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func decode(_ reader: inout SpillFile.Reader) throws(LakeError) -> Edit? {
        guard let folderCount = try reader.number() else { return nil }
        if folderCount == Int(recordsMark) {
            let path = try reader.bytes(try reader.number() ?? 0)
            let count = try reader.number() ?? 0
            return .records(
                RecordFileEdit(
                    path: String(decoding: path, as: UTF8.self),
                    records: count == 0 ? nil : try reader.bytes(count - 1)))
        }
        let folder = try reader.bytes(folderCount)
        let removedCount = try reader.number() ?? 0
        let removed = removedCount == 0 ? nil : try reader.bytes(removedCount - 1)
        var added: [(first: [UInt8], bytes: [UInt8])] = []
        for _ in 0..<(try reader.number() ?? 0) {
            let first = try reader.bytes(try reader.number() ?? 0)
            added.append((first, try reader.bytes(try reader.number() ?? 0)))
        }
        return .folder(RawFileEdit(folder: folder, removed: removed, added: added))
    }
}
