import Columnar

/// What the sweep's transaction says of packs and their files.
extension RawPacking {
    /// Files the packs and marks their files as cold; inside the run's transaction.
    ///
    /// The stat of a packed file is forgotten: if it cannot be unlinked, the next run finds that it is there.
    func publish(_ written: Written) throws(LakeError) {
        for pack in written.packs { try Packs.add(database, pack) }
        let editor = try RawFiles.Editor(database)
        let cursor = try RawFiles.Cursor(database, source: table.source)
        var files = SpoolReader(written.plan.spool)
        var next = try files.next()
        var entries = RawFileChunk.Entries()
        while let file = next, let row = try cursor.peek() {
            if isCancelled() { throw .columnar(.cancelled) }
            let folder = Array(file.folder.utf8)
            if row.folder.lexicographicallyPrecedes(folder) {
                cursor.advance()
                continue
            }
            cursor.advance()
            entries.removeAll()
            guard row.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
                throw RawFileChunk.damaged(folder: row.folder)
            }
            if let edit = try edited(row, entries, &files, &next) {
                try editor.apply(edit, source: table.source)
            }
        }
        guard next == nil else {
            throw .corrupt(
                FileLocation(path: "lake.db"),
                reason: "the remembered files changed while they were swept")
        }
    }

    /// A chunk with the marks of its files; nil if it has none of them.
    private func edited(
        _ row: RawFiles.Row, _ entries: RawFileChunk.Entries, _ files: inout SpoolReader,
        _ next: inout SpooledFile?
    ) throws(LakeError) -> RawFileEdit? {
        var writer = RawFileChunk.Writer()
        var isChanged = false
        let folder = String(decoding: row.folder, as: UTF8.self)
        for index in 0..<entries.count {
            var state = entries.states[index]
            if let file = next, file.folder == folder,
                entries.name(index).elementsEqual(file.name.utf8)
            {
                guard state.content == file.content else {
                    throw .corrupt(
                        FileLocation(path: "lake.db"),
                        reason: "what is remembered of \(file.path) changed while it was swept")
                }
                state.flags.insert(.isCold)
                state.flags.subtract([.isReturned, .isVanished])
                state.hint = .none
                isChanged = true
                next = try files.next()
            }
            writer.append(name: entries.name(index), state: state)
        }
        guard isChanged else { return nil }
        writer.endChunk()
        return RawFileEdit(folder: row.folder, removed: row.first, added: writer.chunks)
    }
}

/// Reads the files of a plan that something was done with, in the order of paths.
struct SpoolReader {
    private let spool: RawSpool
    private var batch: ArraySlice<SpooledFile> = []
    private var last: Int64 = 0

    init(_ spool: RawSpool) {
        self.spool = spool
    }

    mutating func next() throws(LakeError) -> SpooledFile? {
        while true {
            while let file = batch.popFirst() {
                if file.kind != .changed { return file }
            }
            batch = try spool.files(after: last)[...]
            guard let end = batch.last else { return nil }
            last = end.id
        }
    }
}
