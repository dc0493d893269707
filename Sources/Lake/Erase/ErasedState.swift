import Columnar

/// What the state remembers of an account's raw files in one source, and how it changes.
struct ErasedState: Sendable {
    var fileEdits: [RawFileEdit] = []
    var recordEdits: [RecordFileEdit] = []
    /// Raw files that are forgotten.
    var fileCount = 0
    /// Those of them that their path tells to be the account's.
    var captured: Set<String> = []
    /// Short hashes of the keys that they had.
    var keys: Set<UInt64> = []
    /// What was read of forgotten files that only a row tells to be the account's, by path.
    var contents: [String: ContentHash] = [:]
    /// Files that hold records of others too.
    var shared: [String] = []

    /// Goes through what is remembered of a source; `rows` says which rows are the account's.
    ///
    /// A file of others that has the key of such a row is distrusted: the next run reads it again, and the
    /// row that the account's had taken the place of comes back. One that lies in a pack is left as it is:
    /// its content hash finds it there.
    static func find(
        in database: Database, source: Int64, _ definition: TableDefinition,
        _ paths: AccountPaths, rows: ErasureSurvey.Table
    ) throws(LakeError) -> ErasedState {
        var found = ErasedState()
        let own = try found.addRecords(database, source, definition, paths, rows)
        let cursor = try RawFiles.Cursor(database, source: source)
        var entries = RawFileChunk.Entries()
        var writer = RawFileChunk.Writer()
        let freed = rows.freedKeys
        guard !own.isEmpty || !paths.captures.isEmpty || !freed.isEmpty else { return found }
        while let row = try cursor.peek() {
            cursor.advance()
            entries.removeAll()
            guard row.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
                throw RawFileChunk.damaged(folder: row.folder)
            }
            writer.removeAll()
            var isChanged = false
            for index in 0..<entries.count {
                let path = row.folder + entries.name(index)
                let isCaptured = paths.contains(path)
                let text = isCaptured || own.isEmpty ? "" : String(decoding: path, as: UTF8.self)
                guard isCaptured || own.contains(text) else {
                    var state = entries.states[index]
                    if state.isHeir(ofAny: freed) {
                        state.distrust(rowHash: 0)
                        isChanged = true
                    }
                    writer.append(name: entries.name(index), state: state)
                    continue
                }
                isChanged = true
                found.forget(entries.states[index], path, isCaptured: isCaptured)
            }
            guard isChanged else { continue }
            writer.endChunk()
            found.fileEdits.append(
                RawFileEdit(folder: row.folder, removed: row.first, added: writer.chunks))
        }
        return found
    }

    private mutating func forget(_ state: RawFileState, _ path: [UInt8], isCaptured: Bool) {
        let path = String(decoding: path, as: UTF8.self)
        fileCount += 1
        if state.flags.contains(.hasRow), state.keyHash != 0 { keys.insert(state.keyHash) }
        if isCaptured { captured.insert(path) } else { contents[path] = state.content }
    }

    /// Takes the account's records out of what is remembered of files of many.
    ///
    /// Returns the raw paths that are wholly the account's.
    private mutating func addRecords(
        _ database: Database, _ source: Int64, _ definition: TableDefinition,
        _ paths: AccountPaths, _ rows: ErasureSurvey.Table
    ) throws(LakeError) -> Set<String> {
        guard definition.raw.format.holdsMany else { return rows.rawPaths }
        let reader = RecordFiles.Reader(database.path, source: source)
        let keys = Set(rows.keys.whole.map(\.low))
        var own: Set<String> = []
        var last = ""
        while let file = try reader.next(after: last) {
            last = file.path
            let isCaptured = paths.contains(file.path)
            let left = isCaptured ? [] : file.entries.entries.filter { !keys.contains($0.key) }
            guard left.count < file.entries.entries.count else { continue }
            for entry in file.entries.entries where isCaptured { self.keys.insert(entry.key) }
            if left.isEmpty { own.insert(file.path) } else { shared.append(file.path) }
            let encoded = RecordEntries(left, hasPartitions: file.entries.hasPartitions).encoded()
            recordEdits.append(
                RecordFileEdit(path: file.path, records: left.isEmpty ? nil : encoded))
        }
        return own
    }
}

extension ErasureSurvey.Table {
    /// Short hashes of the keys of rows that a query or a restore could show, and that go.
    fileprivate var freedKeys: Set<UInt64> {
        files.reduce(into: []) { keys, file in
            if !file.isPast { keys.formUnion(file.keys.map(\.low)) }
        }
    }
}

extension RawFileState {
    /// Whether the file lies in the raw folder only and its row had one of some keys.
    fileprivate func isHeir(ofAny keys: Set<UInt64>) -> Bool {
        flags.contains(.hasRow) && flags.isDisjoint(with: [.isCold, .isVanished, .isExpired])
            && keys.contains(keyHash)
    }
}
