/// Finds the partitions where other files left rows with the keys that a run stages.
///
/// The live row of a key lies in the partition of one of the remembered files with that key. For the
/// changed files themselves it is known; another file with the same key is found here, by one pass over
/// the state: 8 bytes of each key's hash are remembered. A chance hit costs one partition read.
enum KeyConflicts {
    static func partitions(
        of source: Int64, keys: Set<UInt64>, database: Database
    ) throws(LakeError) -> Set<Int32?> {
        var found: Set<Int32?> = []
        guard !keys.isEmpty else { return found }
        let cursor = try RawFiles.Cursor(database, source: source)
        var entries = RawFileChunk.Entries()
        while let row = try cursor.peek() {
            cursor.advance()
            entries.removeAll()
            let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: row.folder) }
            for state in entries.states
            where state.flags.contains(.hasRow) && keys.contains(state.keyHash) {
                found.insert(state.partition)
            }
        }
        return found
    }
}
