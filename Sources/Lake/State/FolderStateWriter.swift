/// Collects the new state of one folder and says which of its chunks must be rewritten.
///
/// A chunk owns the names from its first to the next chunk's first; names before all chunks belong
/// to the first one. A chunk without a change is not touched.
struct FolderStateWriter {
    /// One entry of the new state, its name in `names`.
    private struct Entry {
        var nameEnd: Int
        var state: RawFileState
    }

    private var names: [UInt8] = []
    private var entries: [Entry] = []
    private var chunkEnds: [Int] = []
    private var dirty: [Bool] = []
    private var writer = RawFileChunk.Writer()

    init() {}

    /// Starts a folder whose old state is `known`.
    mutating func begin(known: RawFileChunk.Entries) {
        names.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        chunkEnds.removeAll(keepingCapacity: true)
        dirty.removeAll(keepingCapacity: true)
        dirty.append(false)
    }

    /// Keeps a remembered name with a new or the same state.
    mutating func keep(_ index: Int, as state: RawFileState, known: RawFileChunk.Entries) {
        enter(index, known: known)
        append(known.name(index), state)
        if state != known.states[index] { dirty[dirty.count - 1] = true }
    }

    /// Forgets a remembered name.
    mutating func drop(_ index: Int, known: RawFileChunk.Entries) {
        enter(index, known: known)
        dirty[dirty.count - 1] = true
    }

    /// Remembers a new name.
    mutating func add(_ name: some Collection<UInt8>, _ state: RawFileState) {
        append(name, state)
        dirty[dirty.count - 1] = true
    }

    private mutating func append(_ name: some Collection<UInt8>, _ state: RawFileState) {
        names.append(contentsOf: name)
        entries.append(Entry(nameEnd: names.count, state: state))
    }

    /// Moves on to the chunk of a remembered name.
    private mutating func enter(_ index: Int, known: RawFileChunk.Entries) {
        while dirty.count < known.chunkStarts.count, known.chunkStarts[dirty.count] <= index {
            chunkEnds.append(entries.count)
            dirty.append(false)
        }
    }

    /// Appends the edits that bring the folder's rows to the new state.
    mutating func finish(
        folder: [UInt8], known: RawFileChunk.Entries, into edits: inout [RawFileEdit]
    ) {
        chunkEnds.append(entries.count)
        var start = 0
        for chunk in chunkEnds.indices {
            let end = chunkEnds[chunk]
            defer { start = end }
            guard dirty[chunk] else { continue }
            writer.removeAll()
            for index in start..<end {
                let nameStart = index == 0 ? 0 : entries[index - 1].nameEnd
                writer.append(
                    name: names[nameStart..<entries[index].nameEnd], state: entries[index].state)
            }
            writer.endChunk()
            let removed =
                chunk < known.chunkStarts.count
                ? Array(known.name(known.chunkStarts[chunk])) : nil
            guard removed != nil || !writer.chunks.isEmpty else { continue }
            edits.append(RawFileEdit(folder: folder, removed: removed, added: writer.chunks))
        }
    }
}
