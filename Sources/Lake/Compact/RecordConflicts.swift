import Columnar

/// The latest of the records that a run stages for each key: its file's time, then its path.
struct RecordClaims: Sendable {
    /// One staged record; the file is a number of `StagedFiles`.
    struct Claim: BitwiseCopyable, Sendable {
        var modifiedNanos: Int64
        var file: UInt32
    }

    private let paths: [String]
    /// By short hash of the key.
    private var claims: [UInt64: Claim] = [:]

    init(paths: [String]) {
        self.paths = paths
    }

    mutating func add(_ claim: Claim, key: UInt64) {
        guard let other = claims[key] else {
            claims[key] = claim
            return
        }
        if isEarlier(other, than: claim.modifiedNanos, paths[Int(claim.file)]) {
            claims[key] = claim
        }
    }

    subscript(_ key: UInt64) -> Claim? { claims[key] }

    /// The keys of all claims.
    var keys: some Sequence<UInt64> { claims.keys }

    /// Whether a claim loses against a file's record.
    func isEarlier(_ claim: Claim, than modifiedNanos: Int64, _ path: String) -> Bool {
        claim.modifiedNanos == modifiedNanos
            ? paths[Int(claim.file)].utf8.lexicographicallyPrecedes(path.utf8)
            : claim.modifiedNanos < modifiedNanos
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
    let staged: StagedRows
    let touches: Touches
    let keySeed: UInt64
    let pool: BufferPool

    /// Stages the other files' records; returns the partitions where rows with these keys may lie.
    func settle(
        makeIntake: () throws(LakeError) -> RowIntake
    ) throws(LakeError) -> Set<Int32?> {
        var partitions: Set<Int32?> = []
        // A first run remembers nothing that could be in conflict.
        var next = try sources.remembered.next(after: "")
        guard next != nil else { return partitions }
        let claims = try staged.claims(pool: pool)
        let keys = Set(claims.keys).union(touches.leftKeys)
        guard !keys.isEmpty else { return partitions }
        var intake: RowIntake?
        while let file = next {
            let path = file.path
            next = try sources.remembered.next(after: path)
            let hits = file.entries.hits(keys)
            for entry in hits { partitions.insert(file.entries.partition(of: entry)) }
            let speaking = try speaking(hits, of: path, against: claims)
            guard !speaking.isEmpty else { continue }
            if intake == nil { intake = try makeIntake() }
            try intake?.restage(records: path, speaking)
        }
        try intake?.finish()
        return partitions
    }

    /// The entries whose record is staged beside the others.
    private func speaking(
        _ hits: [RecordEntries.Entry], of path: String, against claims: RecordClaims
    ) throws(LakeError) -> [UInt64: RecordEntries.Entry] {
        var speaking: [UInt64: RecordEntries.Entry] = [:]
        guard !hits.isEmpty else { return speaking }
        let isSettled = touches.settled.contains(Touches.hash(ofPath: path, seed: keySeed).low)
        var modifiedNanos: Int64?
        for entry in hits {
            guard let claim = claims[entry.key] else {
                speaking[entry.key] = entry
                continue
            }
            if isSettled { continue }
            if modifiedNanos == nil {
                guard let file = try sources.open(path) else {
                    return [:]
                }
                modifiedNanos = file.stat.modifiedNanos
            }
            if let modifiedNanos, claims.isEarlier(claim, than: modifiedNanos, path) {
                speaking[entry.key] = entry
            }
        }
        return speaking
    }
}
