import Columnar
import Glibc

/// A folder to scan, by its path with a closing slash, and what is remembered of it.
struct FolderTask: Sendable {
    var folder: [UInt8]
    var chunks: [RawFiles.Row]
    /// Sorted names to look at, the rest is left alone; nil: list the folder and look at everything.
    var names: [[UInt8]]?
}

/// Scans folders one by one: lists, compares with the state, reads what may have changed.
///
/// One per thread; all buffers are reused from folder to folder. What it reads piles up in its own buffer;
/// only for what is in there it borrows one of the few sinks (`settle`).
struct FolderScan<Sink: RawFileSink>: ~Copyable {
    let root: RawRootHandle
    let clock: ScanClock
    let audit: RawAudit
    /// The row of a file that is gone leaves the table (`on_delete: delete`).
    let forgetsVanished: Bool
    let sinks: SinkPool<Sink>
    let layout: RawLayout
    private var accepted: RawNames
    let listing = DirectoryListing()
    var reader: RawFileReader
    var known = RawFileChunk.Entries()
    private var changes: [FileChange] = []
    /// Names of the listing that the pattern accepts.
    var names: [DirectoryListing.Entry] = []
    /// What came of the files read since the last settling, in the order of their changes.
    var reads: [RawFileReader.Outcome] = []
    var writer = FolderStateWriter()

    init(_ scan: RawScan, sinks: SinkPool<Sink>) throws(LakeError) {
        root = scan.root
        layout = scan.layout
        accepted = RawNames(scan.layout)
        clock = scan.clock
        audit = scan.audit
        forgetsVanished = scan.forgetsVanished
        self.sinks = sinks
        // Files of many records are only hashed here: their sink streams them.
        reader = try RawFileReader(
            pool: scan.pool, limitBytes: layout.limitBytes,
            keepsBytes: !layout.format.holdsMany)
    }

    /// Scans one folder and adds to `result`.
    mutating func scan(
        _ task: FolderTask, into result: inout ScanResult
    ) throws(LakeError) {
        try decode(task)
        names.removeAll(keepingCapacity: true)
        var (descriptor, failure) = open(task)
        defer { if descriptor >= 0 { close(descriptor) } }
        if let listed = task.names {
            listing.load(listed)
            names.append(contentsOf: listing.entries)
        } else if failure == 0 {
            failure = list(descriptor, into: &result.counts)
        }
        switch failure {
        case 0: merge(descriptor, isListed: task.names != nil)
        case ENOENT, ENOTDIR: mergeWithNothing(isListed: task.names != nil)
        case EMFILE, ENFILE, ENOMEM:
            throw .io(
                operation: "list raw folder", path: Self.text(task.folder), errorNumber: failure)
        default:
            // Nothing is known of its files: they stay as they are.
            result.unreadable.append(.init(path: Self.text(task.folder), errorNumber: failure))
            return
        }
        try act(task, folder: descriptor, into: &result)
    }

    /// A folder's path without its closing slash: behind it, a link would be followed.
    private static func text(_ folder: [UInt8]) -> String {
        String(decoding: folder.dropLast(), as: UTF8.self)
    }

    private mutating func decode(_ task: FolderTask) throws(LakeError) {
        known.removeAll()
        for chunk in task.chunks {
            let isIntact = chunk.entries.withUnsafeBytes { known.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: task.folder) }
        }
    }

    private func open(_ task: FolderTask) -> (descriptor: Int32, errorNumber: Int32) {
        // The walk met no link on its way here; a list of names comes from anybody.
        if task.names != nil { return root.openWithoutLinks(task.folder) }
        let path = Self.text(task.folder)
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor = openat(root.descriptor, path.isEmpty ? "." : path, flags)
        return (descriptor, descriptor < 0 ? errno : 0)
    }

    /// Lists an open folder into `names`; returns 0 or an errno.
    private mutating func list(_ descriptor: Int32, into counts: inout FileCounts) -> Int32 {
        let listed = dup(descriptor)
        guard listed >= 0 else { return errno }
        let failure = listing.read(closing: listed, order: .files)
        guard failure == 0 else { return failure }
        let level = accepted.levelCount - 1
        counts.ignored += listing.specialCount
        for entry in listing.entries {
            let name = listing.name(entry)
            if entry.kind != .folder, accepted.accepts(name, level: level) {
                names.append(entry)
            } else if level > 0 || !RawRoot.isMarker(name) {
                counts.ignored += 1
            }
        }
        return 0
    }

    private mutating func merge(_ descriptor: Int32, isListed: Bool) {
        changes.removeAll(keepingCapacity: true)
        let listing = listing
        ChangeSet.merge(
            nameCount: names.count, stateCount: known.count,
            compare: { name, state in
                let range = known.nameRange(state)
                let bytes = listing.name(names[name])
                let common = min(bytes.count, range.count)
                let order = known.names.withUnsafeBytes {
                    memcmp(bytes.baseAddress!, $0.baseAddress! + range.lowerBound, common)
                }
                return order != 0 ? Int(order) : bytes.count - range.count
            },
            // Who names a file wants it read.
            hint: { isListed ? .none : known.states[$0].hint },
            look: { Self.look(at: listing.chars(names[$0]), in: descriptor) },
            missing: { isListed ? .unlisted(state: $0) : .vanished(state: $0) }, into: &changes)
    }

    /// The folder is gone, and with it all that is asked for.
    private mutating func mergeWithNothing(isListed: Bool) {
        merge(-1, isListed: isListed)
        changes = changes.compactMap { change in
            switch change {
            case .new: nil
            case .suspect(_, let state): .vanished(state: state)
            default: change
            }
        }
        names.removeAll(keepingCapacity: true)
    }

    private static func look(
        at name: UnsafePointer<CChar>, in folder: Int32
    ) -> ChangeSet.Looked {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return errno == ENOENT ? .gone : .unreadable
        }
        return status.st_mode & S_IFMT == S_IFREG ? .stat(FileStat(status)) : .gone
    }

    /// Turns the picked ones of the unchanged files into files to read; false if nothing is to be done.
    private mutating func pickAudited(_ folder: [UInt8]) -> Bool {
        var isQuiet = true
        let seed = audit.isNone ? 0 : audit.seed(ofFolder: folder)
        for index in changes.indices {
            guard case .unchanged(let name, let state) = changes[index] else {
                isQuiet = false
                continue
            }
            if !audit.isNone, audit.picks(listing.name(names[name]), folderSeed: seed) {
                changes[index] = .audited(name: name, state: state)
                isQuiet = false
            } else if known.states[state].flags.contains(.isVanished) {
                isQuiet = false
            }
        }
        return !isQuiet
    }

    /// Acts on the changes and writes the folder's new state.
    private mutating func act(
        _ task: FolderTask, folder: Int32, into result: inout ScanResult
    ) throws(LakeError) {
        result.counts.seen += names.count
        guard pickAudited(task.folder) else {
            result.counts.unchangedByStat += changes.count
            return
        }
        let path = Self.text(task.folder)
        writer.begin(known: known)
        var start = 0
        while start < changes.count {
            let (end, largeBytes) = try read(changes[start...], folder: folder)
            if end > start {
                try settle(changes[start..<end], path: path, sink: nil, into: &result)
            } else {
                // A file larger than the buffer: so many of them are held as there are sinks.
                let sink = try sinks.take()
                do throws(LakeError) {
                    try readAlone(changes[start], sizeBytes: largeBytes, folder: folder)
                } catch {
                    sinks.give(sink)
                    throw error
                }
                try settle(changes[start...start], path: path, sink: sink, into: &result)
            }
            start = max(end, start + 1)
            try reader.removeAll()
            reads.removeAll(keepingCapacity: true)
        }
        writer.finish(folder: task.folder, known: known, into: &result.edits)
    }

    /// Reads the files among `changes` until the buffer is full.
    ///
    /// Returns the end of what was read, and the size of a file that does not even fit an empty buffer.
    private mutating func read(
        _ changes: ArraySlice<FileChange>, folder: Int32
    ) throws(LakeError) -> (end: Int, largeBytes: Int) {
        for index in changes.indices {
            guard let name = changes[index].nameToRead else { continue }
            let outcome = try reader.read(folder: folder, name: listing.chars(names[name]))
            if case .noRoom(let sizeBytes) = outcome {
                // Files settle in their order: what stands before this one goes first.
                return (index, sizeBytes)
            }
            reads.append(outcome)
        }
        return (changes.endIndex, 0)
    }

    private mutating func readAlone(
        _ change: FileChange, sizeBytes: Int, folder: Int32
    ) throws(LakeError) {
        guard let name = change.nameToRead else { return }
        try reader.reserve(sizeBytes: sizeBytes)
        var outcome = try reader.read(folder: folder, name: listing.chars(names[name]))
        // It grew since: somebody writes to it.
        if case .noRoom = outcome { outcome = .changing }
        reads.append(outcome)
    }
}
