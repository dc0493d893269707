import Columnar
import Glibc

/// Lets every file with a key have its say when a run decides that key anew.
///
/// A key is at stake when a run stages a row with it, or when the file whose row it was has another key
/// now or is gone. Besides the files that changed, other remembered files may have the key too; one pass
/// over the state finds them, by 8 bytes of the key's hash. They are read again and staged beside the
/// changed ones, so that the latest of all wins, and a key whose row left falls back to the next file.
/// A chance hit costs one file and one partition read.
///
/// A file that cannot be read as the row that is remembered is distrusted: once it can be read, it counts
/// as changed. Of a file that was swept the pack is read; one that has expired has no say.
struct KeyConflicts {
    let root: RawRootHandle
    let source: Int64
    let database: Database
    /// Short hashes of the keys at stake; asked once, and not by a first run.
    let keys: () throws(LakeError) -> Set<UInt64>
    /// Short hashes of the paths whose say is known already.
    let settled: Set<UInt64>
    let keySeed: UInt64
    let cold: ColdRawFiles
    let definition: TableDefinition
    let pool: BufferPool

    /// What the pass found.
    struct Outcome {
        /// The partitions where rows with these keys may lie.
        var partitions: Set<Int32?> = []
        /// Raw paths of the files whose rows were staged.
        var heirs: Set<String> = []
        /// Files whose remembered content no longer stands for what the table holds.
        var amendments: [RawFileAmendment] = []
    }

    /// Stages the other files' rows; `makeIntake` is asked for a sink when there is one.
    func settle(
        makeIntake: () throws(LakeError) -> RowIntake
    ) throws(LakeError) -> Outcome {
        var outcome = Outcome()
        let cursor = try RawFiles.Cursor(database, source: source)
        // A first run remembers nothing that could be in conflict.
        guard try cursor.peek() != nil else { return outcome }
        let keys = try keys()
        guard !keys.isEmpty else { return outcome }
        var intake: RowIntake?
        var reader: RawFileReader?
        var entries = RawFileChunk.Entries()
        while let row = try cursor.peek() {
            cursor.advance()
            entries.removeAll()
            let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: row.folder) }
            for index in 0..<entries.count {
                let state = entries.states[index]
                guard state.flags.contains(.hasRow), keys.contains(state.keyHash),
                    !state.flags.contains(.isExpired)
                else { continue }
                outcome.partitions.insert(state.partition)
                let name = Array(entries.name(index))
                let path = String(decoding: row.folder + name, as: UTF8.self)
                if settled.contains(Touches.hash(ofPath: path, seed: keySeed).low) { continue }
                if intake == nil { intake = try makeIntake() }
                if reader == nil { reader = try RawFileReader(pool: pool) }
                let rowHash = try restage(row.folder, name, path, state, &reader!, &intake!)
                if rowHash != nil { outcome.heirs.insert(path) }
                if rowHash != state.rowHash {
                    outcome.amendments.append(
                        RawFileAmendment(folder: row.folder, name: name, rowHash: rowHash ?? 0))
                }
            }
        }
        try intake?.finish()
        return outcome
    }

    /// Reads a file and stages its row; nil if it has no say.
    private func restage(
        _ folder: [UInt8], _ name: [UInt8], _ path: String, _ state: RawFileState,
        _ reader: inout RawFileReader, _ intake: inout RowIntake
    ) throws(LakeError) -> UInt64? {
        let (descriptor, failure) = root.openWithoutLinks(folder)
        guard descriptor >= 0 else {
            if failure == EMFILE || failure == ENFILE || failure == ENOMEM {
                throw .io(operation: "open raw folder", path: path, errorNumber: failure)
            }
            return try restageCold(path, state, &intake)
        }
        defer { close(descriptor) }
        let chars = name.map { CChar(bitPattern: $0) } + [0]
        try reader.removeAll()
        var outcome = try reader.read(folder: descriptor, name: chars)
        if case .noRoom(let sizeBytes) = outcome {
            try reader.reserve(sizeBytes: sizeBytes)
            outcome = try reader.read(folder: descriptor, name: chars)
        }
        guard case .read(let stat, _, let range) = outcome else {
            if case .vanished = outcome { return try restageCold(path, state, &intake) }
            return nil
        }
        return try intake.restage(
            bytes: reader.bytes(range), path: path, stat: stat, state: state)
    }

    /// Stages the row of a file that lies in a pack.
    private func restageCold(
        _ path: String, _ state: RawFileState, _ intake: inout RowIntake
    ) throws(LakeError) -> UInt64? {
        guard state.flags.contains(.isCold),
            let file = try cold.file(
                path, content: state.content,
                month: RawPacking.month(of: state.partition, definition))
        else { return nil }
        let size = Int(file.stat.sizeBytes)
        let room: Buffer
        do throws(ColumnarError) {
            room = try pool.allocate(bytes: size)
            _ = try file.fill(UnsafeMutableRawBufferPointer(start: room.base, count: size))
        } catch {
            throw .columnar(error)
        }
        return try intake.restage(
            bytes: UnsafeRawBufferPointer(start: room.base, count: size), path: path,
            stat: file.stat, state: state)
    }
}
