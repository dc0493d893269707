import Columnar
import Glibc

/// Turns the bytes of a raw file into a row; the one thing that a scan asks of the layers above.
protocol RawFileSink: SendableMetatype {
    /// Takes a file whose bytes are new or changed; `state` is what is remembered of it.
    mutating func take(
        bytes: UnsafeRawBufferPointer, path: String, stat: FileStat, state: RawFileState?
    ) throws(LakeError) -> RawFileVerdict
}

/// What a sink made of a file.
enum RawFileVerdict {
    /// A row that differs from the one before; it is staged.
    case staged(rowHash: UInt64, keyHash: UInt64, partition: Int32?)
    /// The same row as before; nothing is staged.
    case same
    case rejected(reason: String)
}

/// A file that cannot be taken, and why.
package struct QuarantinedFile: Hashable, Sendable {
    package var path: String
    package var reason: String
    package var sizeBytes: Int64
    package var modifiedNanos: Int64

    package init(path: String, reason: String, sizeBytes: Int64, modifiedNanos: Int64) {
        self.path = path
        self.reason = reason
        self.sizeBytes = sizeBytes
        self.modifiedNanos = modifiedNanos
    }
}

/// A folder to scan, by its path with a closing slash, and what is remembered of it.
struct FolderTask: Sendable {
    var folder: [UInt8]
    var chunks: [RawFiles.Row]
}

/// What a scan of some folders gives, besides the rows that its sink staged.
struct ScanResult: Sendable {
    var counts = FileCounts()
    var edits: [RawFileEdit] = []
    var quarantined: [QuarantinedFile] = []
    /// Paths that were in the quarantine and are good again.
    var released: [String] = []
    var unreadable: [RawWalk.Unreadable] = []
}

/// When a stat is old enough to be believed; times in nanoseconds since 1970.
package struct ScanClock: Hashable, Sendable {
    package var nowNanos: Int64
    /// Younger stats are not remembered: the file is read again next time.
    package var settleNanos: Int64
    /// Younger files that cannot be flattened are taken for half-written.
    package var inFlightNanos: Int64

    package init(nowNanos: Int64, settleNanos: Int64, inFlightNanos: Int64) {
        self.nowNanos = nowNanos
        self.settleNanos = settleNanos
        self.inFlightNanos = inFlightNanos
    }
}

/// Scans folders one by one: lists, compares with the state, reads what may have changed.
///
/// One per worker; all buffers are reused from folder to folder.
struct FolderScan: ~Copyable {
    private let root: RawRootHandle
    private var accepted: RawNames
    private let clock: ScanClock
    private let listing = DirectoryListing()
    private var reader: RawFileReader
    private var known = RawFileChunk.Entries()
    private var changes: [FileChange] = []
    /// Names of the listing that the pattern accepts.
    private var names: [DirectoryListing.Entry] = []
    private var writer = FolderStateWriter()

    init(
        root: RawRootHandle, layout: RawLayout, clock: ScanClock, pool: BufferPool
    ) throws(LakeError) {
        self.root = root
        accepted = RawNames(layout)
        self.clock = clock
        reader = try RawFileReader(pool: pool)
    }

    /// Scans one folder and adds to `result`.
    mutating func scan<Sink: RawFileSink>(
        _ task: FolderTask, sink: inout Sink, into result: inout ScanResult
    ) throws(LakeError) {
        try decode(task)
        // Without the closing slash: behind it, a link would be followed.
        let path = String(decoding: task.folder.dropLast(), as: UTF8.self)
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor = openat(root.descriptor, path.isEmpty ? "." : path, flags)
        var failure = descriptor < 0 ? errno : 0
        defer { if descriptor >= 0 { close(descriptor) } }
        names.removeAll(keepingCapacity: true)
        if failure == 0 { failure = list(descriptor, into: &result.counts) }
        switch failure {
        case 0, ENOENT, ENOTDIR: break
        case EMFILE, ENFILE, ENOMEM:
            throw .io(operation: "list raw folder", path: path, errorNumber: failure)
        default:
            // Nothing is known of its files: they stay as they are.
            result.unreadable.append(.init(path: path, errorNumber: failure))
            return
        }
        merge(descriptor)
        result.counts.seen += names.count
        try settle(task, folder: descriptor, path: path, sink: &sink, into: &result)
    }

    private mutating func decode(_ task: FolderTask) throws(LakeError) {
        known.removeAll()
        for chunk in task.chunks {
            let isIntact = chunk.entries.withUnsafeBytes { known.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: task.folder) }
        }
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

    private mutating func merge(_ descriptor: Int32) {
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
            hint: { known.states[$0].hint },
            look: { Self.look(at: listing.chars(names[$0]), in: descriptor) },
            into: &changes)
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

    /// Acts on the changes and writes the folder's new state.
    private mutating func settle<Sink: RawFileSink>(
        _ task: FolderTask, folder: Int32, path: String, sink: inout Sink,
        into result: inout ScanResult
    ) throws(LakeError) {
        let isQuiet = changes.allSatisfy { change in
            if case .unchanged(_, let state) = change {
                return !known.states[state].flags.contains(.isVanished)
            }
            return false
        }
        if isQuiet {
            result.counts.unchangedByStat += changes.count
            return
        }
        writer.begin(known: known)
        for change in changes {
            switch change {
            case .unchanged(let name, let state):
                result.counts.unchangedByStat += 1
                var entry = known.states[state]
                entry.flags.remove(.isVanished)
                keep(name: name, state: state, as: entry)
            case .vanished(let state):
                vanish(state, into: &result)
            case .unknown(let state):
                result.counts.unreadable += 1
                writer.keep(state, as: known.states[state], known: known)
            case .new(let name):
                let read = try take(
                    name, state: nil, folder: folder, path: path, sink: &sink, &result)
                guard let entry = read else { continue }
                writer.add(listing.name(names[name]), entry)
            case .suspect(let name, let state):
                let old = known.states[state]
                let read = try take(
                    name, state: old, folder: folder, path: path, sink: &sink, &result)
                keep(name: name, state: state, as: read ?? old)
            }
        }
        writer.finish(folder: task.folder, known: known, into: &result.edits)
    }

    private mutating func keep(name: Int, state: Int, as entry: RawFileState) {
        writer.keep(state, as: entry, known: known)
    }

    private mutating func vanish(_ state: Int, into result: inout ScanResult) {
        var entry = known.states[state]
        if !entry.flags.contains(.isVanished) {
            result.counts.vanished += 1
            entry.flags.insert(.isVanished)
            entry.hint = .none
        }
        // A file without a row leaves nothing behind to remember.
        if entry.flags.contains(.hasRow) {
            writer.keep(state, as: entry, known: known)
        } else {
            writer.drop(state, known: known)
        }
    }

    /// Reads one file; returns its new state, or nil if it stays as it was.
    private mutating func take<Sink: RawFileSink>(
        _ name: Int, state: RawFileState?, folder: Int32, path: String, sink: inout Sink,
        _ result: inout ScanResult
    ) throws(LakeError) -> RawFileState? {
        let entry = names[name]
        let outcome = try reader.read(folder: folder, name: listing.chars(entry))
        switch outcome {
        case .vanished, .notAFile:
            result.counts.seen -= 1
            if case .notAFile = outcome { result.counts.ignored += 1 }
            guard var gone = state, !gone.flags.contains(.isVanished) else { return nil }
            result.counts.vanished += 1
            gone.flags.insert(.isVanished)
            gone.hint = .none
            return gone
        case .changing:
            result.counts.inFlight += 1
            return nil
        case .unreadable(let number):
            result.counts.unreadable += 1
            result.unreadable.append(
                .init(path: filePath(entry, in: path), errorNumber: number))
            return nil
        case .tooLarge(let stat):
            let reason = "larger than \(Limits.rawFileBytes) bytes"
            return quarantine(
                filePath(entry, in: path), reason, stat, .none, state: state, &result)
        case .read(let stat, let content):
            result.counts.read += 1
            result.counts.bytesRead += Int(stat.sizeBytes)
            return try flatten(
                entry, stat, content, state: state, path: path, sink: &sink, &result)
        }
    }

    private func filePath(_ entry: DirectoryListing.Entry, in folder: String) -> String {
        let name = String(decoding: listing.name(entry), as: UTF8.self)
        return folder.isEmpty ? name : "\(folder)/\(name)"
    }

    private mutating func flatten<Sink: RawFileSink>(
        _ entry: DirectoryListing.Entry, _ stat: FileStat, _ content: ContentHash,
        state: RawFileState?, path: String, sink: inout Sink, _ result: inout ScanResult
    ) throws(LakeError) -> RawFileState? {
        let isSettled = stat.isSettled(nowNanos: clock.nowNanos, windowNanos: clock.settleNanos)
        let hint = isSettled ? StatHint(stat) : .none
        if var same = state, same.content == content {
            result.counts.unchangedByHash += 1
            same.hint = hint
            same.flags.remove(.isVanished)
            return same
        }
        let file = filePath(entry, in: path)
        let verdict = try sink.take(bytes: reader.bytes(), path: file, stat: stat, state: state)
        if case .rejected(let reason) = verdict {
            guard stat.isSettled(nowNanos: clock.nowNanos, windowNanos: clock.inFlightNanos) else {
                result.counts.inFlight += 1
                return nil
            }
            return quarantine(file, reason, stat, content, state: state, &result)
        }
        if state?.flags.contains(.isQuarantined) == true { result.released.append(file) }
        if case .staged(let rowHash, let keyHash, let partition) = verdict {
            let isKnown = state?.flags.contains(.hasRow) == true
            if isKnown { result.counts.changed += 1 } else { result.counts.new += 1 }
            return RawFileState(
                flags: .hasRow, hint: hint, content: content, rowHash: rowHash, keyHash: keyHash,
                partition: partition)
        }
        result.counts.unchangedByRow += 1
        guard var same = state else { return nil }
        same.hint = hint
        same.content = content
        same.flags.subtract([.isVanished, .isQuarantined])
        return same
    }

    /// Lists a file in the quarantine; its old row, if it has one, stays.
    private func quarantine(
        _ path: String, _ reason: String, _ stat: FileStat, _ content: ContentHash,
        state: RawFileState?, _ result: inout ScanResult
    ) -> RawFileState {
        result.counts.quarantined += 1
        result.quarantined.append(
            QuarantinedFile(
                path: path, reason: reason, sizeBytes: stat.sizeBytes,
                modifiedNanos: stat.modifiedNanos))
        var entry = state ?? RawFileState(flags: [], hint: .none, content: content)
        let isSettled = stat.isSettled(nowNanos: clock.nowNanos, windowNanos: clock.settleNanos)
        entry.flags.insert(.isQuarantined)
        entry.flags.remove(.isVanished)
        entry.hint = isSettled ? StatHint(stat) : .none
        entry.content = content
        return entry
    }
}
