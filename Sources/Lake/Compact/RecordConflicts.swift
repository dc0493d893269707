/// The latest of the records that a run stages for a key: its file's time, then its path.
struct RecordClaim: Hashable, Sendable, Comparable {
    var modifiedNanos: Int64
    var path: String

    static func < (a: RecordClaim, b: RecordClaim) -> Bool {
        a.modifiedNanos == b.modifiedNanos
            ? a.path.utf8.lexicographicallyPrecedes(b.path.utf8)
            : a.modifiedNanos < b.modifiedNanos
    }
}

/// What `KeyConflicts` is for files of one record, for files of many: others with a key have their say.
///
/// A key is at stake when a run stages a record with it, or when its record left a file. One pass over the
/// remembered records finds the partitions where its row may lie, and the files that have it too. Such a
/// file speaks up, and is streamed again for these keys alone, if it was not read in this run and is later
/// than what is staged, as when an old batch turns up late; or if nothing is staged and the key's row left.
struct RecordConflicts {
    let sources: RecordSources
    /// By short hash of the key.
    let staged: [UInt64: RecordClaim]
    let touches: Touches
    let keySeed: UInt64

    /// Stages the other files' records; returns the partitions where rows with these keys may lie.
    func settle(
        makeIntake: () throws(LakeError) -> RowIntake
    ) throws(LakeError) -> Set<Int32?> {
        var partitions: Set<Int32?> = []
        let keys = Set(staged.keys).union(touches.leftKeys)
        guard !keys.isEmpty else { return partitions }
        var intake: RowIntake?
        var path = ""
        while let file = try sources.remembered.next(after: path) {
            path = file.path
            let hits = file.entries.hits(keys)
            for entry in hits { partitions.insert(file.entries.partition(of: entry)) }
            let speaking = try speaking(hits, of: path)
            guard !speaking.isEmpty else { continue }
            if intake == nil { intake = try makeIntake() }
            try intake?.restage(records: path, speaking)
        }
        try intake?.finish()
        return partitions
    }

    /// The entries whose record is staged beside the others.
    private func speaking(
        _ hits: [RecordEntries.Entry], of path: String
    ) throws(LakeError) -> [UInt64: RecordEntries.Entry] {
        var speaking: [UInt64: RecordEntries.Entry] = [:]
        guard !hits.isEmpty else { return speaking }
        let isSettled = touches.settled.contains(Touches.hash(ofPath: path, seed: keySeed).low)
        var claim: RecordClaim?
        for entry in hits {
            guard let other = staged[entry.key] else {
                speaking[entry.key] = entry
                continue
            }
            if isSettled { continue }
            if claim == nil {
                guard let file = try RawFileStream.open(path, in: sources.root).file else {
                    return [:]
                }
                claim = RecordClaim(modifiedNanos: file.stat.modifiedNanos, path: path)
            }
            if let claim, other < claim { speaking[entry.key] = entry }
        }
        return speaking
    }
}
