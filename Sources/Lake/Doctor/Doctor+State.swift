import Columnar

/// What is remembered of raw files: whole, in order, and of one mind with the quarantine.
extension Doctor {
    func examineState(_ database: Database, _ diagnosis: inout Diagnosis) throws(LakeError) {
        for source in try Sources.all(database) {
            var flagged = Set<String>()
            let walk = try RememberedFiles(database, source: source)
            while let file = try walk.next() {
                diagnosis.facts.remembered += 1
                if file.state.flags.contains(.hasRow) { diagnosis.facts.withRow += 1 }
                if file.state.flags.contains(.isVanished) { diagnosis.facts.vanished += 1 }
                if file.state.flags.isPackedAway { diagnosis.facts.packed += 1 }
                if file.state.flags.contains(.isQuarantined) {
                    diagnosis.facts.quarantined += 1
                    flagged.insert(file.folder + file.name)
                }
            }
            for place in walk.disorder {
                diagnosis.add(
                    .damage, database.path, "the remembered files of '\(place)' are out of order",
                    advice: "lake rebuild --force makes the state anew")
            }
            let listed = Set(try Quarantine.paths(database, source: source))
            for path in listed.symmetricDifference(flagged).sorted() {
                diagnosis.add(
                    .warning, path,
                    listed.contains(path)
                        ? "it is listed in the quarantine and its file is not known to be there"
                        : "it is known to be in the quarantine and not listed there",
                    advice: "lake quarantine retry '\(path)' decides anew")
            }
        }
    }
}

/// Goes through the remembered files of a source in order, one at a time.
final class RememberedFiles {
    /// One file; the folder has its closing slash.
    struct File {
        var folder: String
        var name: String
        var state: RawFileState
    }

    private let cursor: RawFiles.Cursor
    private var entries = RawFileChunk.Entries()
    private var folder: [UInt8] = []
    private var lastName: [UInt8]?
    private var position = 0
    /// Folders whose names do not rise, or whose chunk is filed under another name than its first.
    private(set) var disorder: [String] = []

    init(_ database: Database, source: Int64) throws(LakeError) {
        cursor = try RawFiles.Cursor(database, source: source)
    }

    /// The next file; throws where a chunk does not match its checksum.
    func next() throws(LakeError) -> File? {
        while position == entries.count {
            guard let row = try cursor.peek() else { return nil }
            cursor.advance()
            entries.removeAll()
            position = 0
            guard row.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
                throw RawFileChunk.damaged(folder: row.folder)
            }
            if row.folder != folder { lastName = nil }
            folder = row.folder
            let isFiledRight = entries.count > 0 && entries.name(0).elementsEqual(row.first)
            if !isFiledRight { disorder.append(String(decoding: folder, as: UTF8.self)) }
        }
        defer { position += 1 }
        let name = Array(entries.name(position))
        if let lastName, !lastName.lexicographicallyPrecedes(name) {
            disorder.append(String(decoding: folder, as: UTF8.self))
        }
        lastName = name
        return File(
            folder: String(decoding: folder, as: UTF8.self),
            name: String(decoding: name, as: UTF8.self), state: entries.states[position])
    }
}
