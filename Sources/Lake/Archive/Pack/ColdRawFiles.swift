import Columnar
import Synchronization

/// Finds the bytes of raw files that were swept: those that a run must read again, from any thread.
///
/// Which version stands is the state's to say: a pack's file is only handed out if its bytes hash to what
/// is remembered. Packs stay open for the next question. On a connection of its own, opened when first asked.
final class ColdRawFiles: @unchecked Sendable {
    private let lock = Mutex<Void>(())
    private let lake: String
    private let databasePath: String
    private let source: Int64
    private let pool: BufferPool
    private var held: Held?

    /// All of it behind the lock.
    private struct Held {
        let database: Database
        let finder: RawFiles.Finder
        let tier: ColdTier
        /// The latest first.
        let packs: [Packs.Record]
        var open: [(id: Int64, reader: PackReader)] = []
    }

    init(lake: String, databasePath: String, source: Int64, pool: BufferPool) {
        self.lake = lake
        self.databasePath = databasePath
        self.source = source
        self.pool = pool
    }

    /// A swept file's bytes, by path and content; nil if no pack has them.
    ///
    /// Throws `invalidLocation` if the cold tier is not mounted, `corrupt` for a damaged pack.
    func file(
        _ path: String, content: ContentHash, month: Int32? = nil
    ) throws(LakeError) -> PackedFile? {
        try locked { (held) throws(LakeError) in
            try find(path, content: content, month: month, &held)
        }
    }

    /// The same of a file of many records: the state is asked for its content.
    func recordFile(_ path: String) throws(LakeError) -> PackedFile? {
        let (folder, name) = RowLedger.parts(of: path)
        return try locked { (held) throws(LakeError) in
            let owner = try held.finder.chunk(of: Array(folder.utf8), owning: Array(name.utf8))
            guard let owner else { return nil }
            var entries = RawFileChunk.Entries()
            guard owner.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
                throw RawFileChunk.damaged(folder: owner.folder)
            }
            for index in 0..<entries.count where entries.name(index).elementsEqual(name.utf8) {
                let state = entries.states[index]
                guard state.flags.contains(.isCold), !state.flags.contains(.isExpired) else {
                    return nil
                }
                return try find(path, content: state.content, month: nil, &held)
            }
            return nil
        }
    }

    private func find(
        _ path: String, content: ContentHash, month: Int32?, _ held: inout Held
    ) throws(LakeError) -> PackedFile? {
        let hash = PackBucket.hash(ofPath: path)
        for pack in held.packs
        where pack.mayHold(folderHash: hash) && (month.map { $0 == pack.month } ?? true) {
            let reader = try open(pack, &held)
            guard let position = reader.find(path), reader.entry(position).content == content
            else { continue }
            return try reader.stream(position, through: PackFrameBuffer(), pool: pool)
        }
        return nil
    }

    private func open(_ pack: Packs.Record, _ held: inout Held) throws(LakeError) -> PackReader {
        if let known = held.open.first(where: { $0.id == pack.id }) { return known.reader }
        try held.tier.requireMounted()
        let reader = try PackReader(path: held.tier.absolute(pack.path))
        if held.open.count == Limits.openPacks { held.open.removeFirst() }
        held.open.append((pack.id, reader))
        return reader
    }

    private func locked(
        _ body: (inout Held) throws(LakeError) -> PackedFile?
    ) throws(LakeError) -> PackedFile? {
        // Made under the lock, and used by nobody else.
        nonisolated(unsafe) var result: Result<PackedFile?, LakeError> = .success(nil)
        lock.withLock { _ in
            do throws(LakeError) {
                if held == nil { held = try opened() }
                guard var held, !held.packs.isEmpty else { return }
                defer { self.held = held }
                result = .success(try body(&held))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    private func opened() throws(LakeError) -> Held {
        let database = try Database.open(path: databasePath, access: .readOnly)
        return Held(
            database: database, finder: try RawFiles.Finder(database, source: source),
            tier: try ColdTier(lake: lake, database: database),
            packs: try Packs.list(database, source: source).reversed())
    }
}

/// A file of many records as a run reads it: in the raw folder, or in a pack.
protocol RecordBytes: ByteStream {
    var stat: FileStat { get }
    /// Whether nobody wrote to it since it was opened.
    var isUnchanged: Bool { get }
}

extension RawFileStream: RecordBytes {}

extension PackedFile: RecordBytes {
    var stat: FileStat { entry.stat }
    var isUnchanged: Bool { true }
}
