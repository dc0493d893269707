import Columnar
import Glibc

/// Which files are due: one pass over the state, with a stat for each that might go.
extension RawPacking {
    func plan(_ fates: RawFates) throws(LakeError) -> Plan {
        var plan = Plan(spool: try RawSpool(isCancelled: isCancelled))
        var digest = SHA256.Stream()
        let folders = RawFolders(root: root)
        let records = RecordFiles.Reader(database.path, source: table.source)
        let cursor = try RawFiles.Cursor(database, source: table.source)
        var entries = RawFileChunk.Entries()
        while let row = try cursor.peek() {
            cursor.advance()
            if isCancelled() { throw .columnar(.cancelled) }
            entries.removeAll()
            guard row.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
                throw RawFileChunk.damaged(folder: row.folder)
            }
            let folder = String(decoding: row.folder, as: UTF8.self)
            let hash = PackBucket.hash(ofFolder: row.folder)
            for index in 0..<entries.count {
                let state = entries.states[index]
                guard state.flags.contains(.hasRow),
                    state.flags.isDisjoint(with: [.isQuarantined, .isExpired])
                else { continue }
                let name = String(decoding: entries.name(index), as: UTF8.self)
                guard
                    let due = try due(state, folder + name, fates, records, &plan.counts),
                    let file = try spooled(
                        state, due, folder: folder, name: name, folders, &plan.counts)
                else { continue }
                try plan.spool.add(file, folderHash: hash)
                Self.update(&digest, file)
            }
        }
        plan.digest = digest.finish()
        return plan
    }

    /// What is due for a file.
    private struct Due {
        var storageClass: StorageClass
        /// The latest of its rows' partitions.
        var partition: Int32?

        /// nil if it is not to be packed: what expires is removed with its rows.
        init?(_ action: RetentionRule.Action?, _ partition: Int32?) {
            guard case .transition(let storage)? = action else { return nil }
            storageClass = storage
            self.partition = partition
        }
    }

    private func due(
        _ state: RawFileState, _ path: String, _ fates: RawFates, _ records: RecordFiles.Reader,
        _ counts: inout Counts
    ) throws(LakeError) -> Due? {
        let hash = { Touches.hash(ofPath: path, seed: keySeed) }
        guard table.definition.raw.format.holdsMany else {
            let fate = try fates.partition(state.partition)
            let action =
                fate.exceptions.isEmpty ? fate.common : fate.action(hash())
            if action == nil, fate.isHeld || fate.common != nil, !isPacked(state) {
                counts.held += 1
            }
            return Due(action, state.partition)
        }
        let known = try records.entries(of: path)
        guard !known.isEmpty else { return nil }
        var least: RetentionRule.Action??
        var partition: Int32?
        var isHeld = false
        for entry in known.entries {
            guard let value = known.partition(of: entry) else { return nil }
            if value == partition { continue }
            let fate = try fates.partition(value)
            least = RawFates.least(least, fate.action(hash()))
            isHeld = isHeld || fate.isHeld
            partition = max(partition ?? value, value)
        }
        guard let least, let action = least else {
            if isHeld, !isPacked(state) { counts.held += 1 }
            return nil
        }
        return Due(action, partition)
    }

    private func isPacked(_ state: RawFileState) -> Bool {
        state.flags.contains(.isCold) && !state.flags.contains(.isReturned)
    }

    /// What is to be done with a due file; nil: nothing, or nothing yet.
    private func spooled(
        _ state: RawFileState, _ due: Due, folder: String, name: String, _ folders: RawFolders,
        _ counts: inout Counts
    ) throws(LakeError) -> SpooledFile? {
        var file = SpooledFile(
            kind: state.flags.contains(.isCold) ? .returned : .pack, storageClass: due.storageClass,
            month: Self.month(of: due.partition, table.definition), partition: due.partition,
            folder: folder, name: name,
            stat: FileStat(sizeBytes: 0, modifiedNanos: 0, changedNanos: 0, inode: 0),
            content: state.content)
        // What is packed, or gone for other reasons, is done with.
        if isPacked(state) || state.flags.contains(.isVanished) { return nil }
        guard let stat = try folders.look(at: name, in: folder).stat,
            state.hint == .none || state.hint == StatHint(stat)
        else {
            counts.changed += 1
            return nil
        }
        guard isQuiet(stat) else {
            counts.waiting += 1
            return nil
        }
        file.stat = stat
        counts.add(file)
        return file
    }

    /// Whether a file was left alone for the quiet period; one with a time in the future was not.
    private func isQuiet(_ stat: FileStat) -> Bool {
        let (limit, overflow) = identity.startedMicros.subtractingReportingOverflow(quietMicros)
        return !overflow && stat.modifiedNanos / 1_000 < limit
    }

    /// Months since 1970 of a partition; of none, that of the epoch.
    static func month(of partition: Int32?, _ definition: TableDefinition) -> Int32 {
        let lifecycle = Lifecycle(definition, source: nil, holds: [], nowMicros: 0)
        guard let partition, let days = lifecycle.days(of: partition) else { return 0 }
        let date = CivilTime.date(fromDays: Int64(days.lowerBound))
        return Int32(clamping: (date.year - 1970) * 12 + Int64(date.month) - 1)
    }

    private static func update(_ digest: inout SHA256.Stream, _ file: SpooledFile) {
        var bytes: [UInt8] = []
        bytes.append(number: file.kind.rawValue)
        bytes.append(contentsOf: file.storageClass.rawValue.utf8)
        for number in [
            Int64(file.month), file.stat.sizeBytes, file.stat.modifiedNanos,
            file.stat.changedNanos, Int64(bitPattern: file.stat.inode),
        ] {
            bytes.append(number: number)
        }
        bytes.append(number: file.content.low)
        bytes.append(number: file.content.high)
        bytes.append(varint: UInt64(file.path.utf8.count))
        bytes.append(contentsOf: file.path.utf8)
        bytes.withUnsafeBytes { digest.update($0) }
    }
}

extension RawPacking.Counts {
    fileprivate mutating func add(_ file: SpooledFile) {
        switch file.kind {
        case .returned, .verified:
            returned += 1
            returnedBytes += file.stat.sizeBytes
        case .changed: break
        case .pack:
            packed += 1
            packedBytes += file.stat.sizeBytes
            oldestNanos = min(oldestNanos ?? .max, file.stat.modifiedNanos)
            newestNanos = max(newestNanos ?? .min, file.stat.modifiedNanos)
            guard let partition = file.partition else { return }
            firstPartition = min(firstPartition ?? .max, partition)
            lastPartition = max(lastPartition ?? .min, partition)
        }
    }
}
