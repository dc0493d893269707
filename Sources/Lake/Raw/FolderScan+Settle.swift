import Columnar

/// From what was read to new state: hash, flatten, quarantine.
extension FolderScan {
    /// How a name's state goes on.
    enum Settled {
        case state(RawFileState)
        /// As it was; a new name stays unknown.
        case asBefore
        /// The file is gone.
        case gone
    }

    /// Settles some changes of a folder, in order; `reads` has an element for each file among them.
    ///
    /// - sink: one that the caller took from the pool already; given back here, as is one taken here.
    mutating func settle(
        _ changes: ArraySlice<FileChange>, path: String, sink taken: consuming Sink?,
        into result: inout ScanResult
    ) throws(LakeError) {
        var sink = taken
        do throws(LakeError) {
            var next = 0
            for change in changes {
                try settle(change, &next, path: path, sink: &sink, into: &result)
            }
        } catch {
            if let sink { sinks.give(sink) }
            throw error
        }
        if let sink { sinks.give(sink) }
    }

    private mutating func settle(
        _ change: FileChange, _ next: inout Int, path: String, sink: inout Sink?,
        into result: inout ScanResult
    ) throws(LakeError) {
        switch change {
        case .unchanged(_, let state):
            result.counts.unchangedByStat += 1
            var entry = known.states[state]
            entry.flags.remove(.isVanished)
            writer.keep(state, as: entry, known: known)
        case .vanished(let state):
            try vanish(state, path: path, sink: &sink, into: &result)
        case .unknown(let state):
            result.counts.unreadable += 1
            writer.keep(state, as: known.states[state], known: known)
        case .unlisted(let state):
            writer.keep(state, as: known.states[state], known: known)
        case .new(let name):
            let outcome = reads[next]
            next += 1
            let settled = try take(
                outcome, name, state: nil, path: path, sink: &sink, &result)
            if case .state(let entry) = settled { writer.add(listing.name(names[name]), entry) }
        case .suspect(let name, let state), .audited(let name, let state):
            let outcome = reads[next]
            next += 1
            let old = known.states[state]
            if case .audited = change, !countAudit(outcome, old, &result.counts) {
                writer.keep(state, as: old, known: known)
                return
            }
            switch try take(outcome, name, state: old, path: path, sink: &sink, &result) {
            case .state(let entry): writer.keep(state, as: entry, known: known)
            case .asBefore: writer.keep(state, as: old, known: known)
            case .gone: try vanish(state, path: path, sink: &sink, into: &result)
            }
        }
    }

    /// Counts a file read for the audit; false if it holds what its stat had promised.
    private func countAudit(
        _ outcome: RawFileReader.Outcome, _ old: RawFileState, _ counts: inout FileCounts
    ) -> Bool {
        counts.audited += 1
        if case .read(_, let content, _) = outcome, content == old.content {
            counts.unchangedByStat += 1
            return false
        }
        // What is too large to read was so before.
        if case .tooLarge = outcome, old.content == .none, old.flags.contains(.isQuarantined) {
            counts.unchangedByStat += 1
            return false
        }
        if case .read = outcome { counts.auditChanged += 1 }
        return true
    }

    private mutating func vanish(
        _ state: Int, path: String, sink: inout Sink?, into result: inout ScanResult
    ) throws(LakeError) {
        var entry = known.states[state]
        if entry.flags.contains(.isCold) {
            // Swept: that it is not there is as it should be.
            result.counts.cold += 1
            entry.flags.subtract([.isReturned, .isVanished])
            writer.keep(state, as: entry, known: known)
            return
        }
        let hasRow = entry.flags.contains(.hasRow)
        if !entry.flags.contains(.isVanished) { result.counts.vanished += 1 }
        guard hasRow, !forgetsVanished else {
            // A file without a row leaves nothing behind to remember.
            let file = Self.join(path, String(decoding: known.name(state), as: UTF8.self))
            if hasRow {
                if sink == nil { sink = try sinks.take() }
                result.counts.deleted += try sink?.leave(path: file, state: entry) ?? 0
            }
            if entry.flags.contains(.isQuarantined) { result.released.append(file) }
            writer.drop(state, known: known)
            return
        }
        entry.flags.insert(.isVanished)
        entry.hint = .none
        if entry.flags.contains(.isQuarantined) {
            result.released.append(
                Self.join(path, String(decoding: known.name(state), as: UTF8.self)))
            entry.flags.remove(.isQuarantined)
            entry.content = .none
        }
        writer.keep(state, as: entry, known: known)
    }

    /// Takes one file that was read.
    private func take(
        _ outcome: RawFileReader.Outcome, _ name: Int, state: RawFileState?, path: String,
        sink: inout Sink?, _ result: inout ScanResult
    ) throws(LakeError) -> Settled {
        let entry = names[name]
        switch outcome {
        case .vanished, .notAFile:
            result.counts.seen -= 1
            if case .notAFile = outcome { result.counts.ignored += 1 }
            return .gone
        case .changing, .noRoom:
            result.addInFlight(filePath(entry, in: path))
            return .asBefore
        case .unreadable(let number):
            result.counts.unreadable += 1
            result.unreadable.append(
                .init(path: filePath(entry, in: path), errorNumber: number))
            return .asBefore
        case .tooLarge(let stat):
            let reason = "larger than \(layout.limitBytes) bytes"
            return .state(
                quarantine(filePath(entry, in: path), reason, stat, .none, state: state, &result))
        case .read(let stat, let content, let range):
            result.counts.read += 1
            result.counts.bytesRead += Int(stat.sizeBytes)
            if var same = state, same.content == content {
                result.counts.unchangedByHash += 1
                same.hint = hint(stat)
                same.flags.remove(.isVanished)
                if same.flags.contains(.isCold) { same.flags.insert(.isReturned) }
                return .state(same)
            }
            let file = filePath(entry, in: path)
            if sink == nil { sink = try sinks.take() }
            guard layout.format.holdsMany else {
                return try flatten(
                    file, stat, content, range, state: state, sink: &sink, &result)
            }
            return try takeRecords(file, stat, content, state: state, sink: &sink, &result)
        }
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }

    private func filePath(_ entry: DirectoryListing.Entry, in folder: String) -> String {
        Self.join(folder, String(decoding: listing.name(entry), as: UTF8.self))
    }

    /// What to remember of a stat: nothing of one that is too young.
    func hint(_ stat: FileStat) -> StatHint {
        stat.isSettled(nowNanos: clock.nowNanos, windowNanos: clock.settleNanos)
            ? StatHint(stat) : .none
    }

    private func flatten(
        _ file: String, _ stat: FileStat, _ content: ContentHash, _ range: Range<Int>,
        state: RawFileState?, sink: inout Sink?, _ result: inout ScanResult
    ) throws(LakeError) -> Settled {
        let verdict = try sink?.take(
            bytes: reader.bytes(range), path: file, stat: stat, state: state)
        switch verdict {
        case .rejected(let reason):
            guard stat.isSettled(nowNanos: clock.nowNanos, windowNanos: clock.inFlightNanos) else {
                result.addInFlight(file)
                return .asBefore
            }
            return .state(quarantine(file, reason, stat, content, state: state, &result))
        case .staged(let rowHash, let keyHash, let partition):
            if state?.flags.contains(.isQuarantined) == true { result.released.append(file) }
            let isKnown = state?.flags.contains(.hasRow) == true
            if isKnown { result.counts.changed += 1 } else { result.counts.new += 1 }
            return .state(
                RawFileState(
                    flags: .hasRow, hint: hint(stat), content: content, rowHash: rowHash,
                    keyHash: keyHash, partition: partition))
        case .suppressed: return .state(suppressed(file, stat, content, state: state, &result))
        case .same, nil:
            if state?.flags.contains(.isQuarantined) == true { result.released.append(file) }
            result.counts.unchangedByRow += 1
            guard var same = state else { return .asBefore }
            same.hint = hint(stat)
            same.content = content
            same.flags.subtract([.isVanished, .isQuarantined, .isCold, .isReturned])
            return .state(same)
        }
    }

    /// What to remember of a suppressed account's file: only what saves reading it again.
    func suppressed(
        _ file: String, _ stat: FileStat, _ content: ContentHash, state: RawFileState?,
        _ result: inout ScanResult
    ) -> RawFileState {
        if state?.flags.contains(.isQuarantined) == true { result.released.append(file) }
        result.counts.suppressed += 1
        return RawFileState(flags: [], hint: hint(stat), content: content)
    }

    /// Lists a file in the quarantine; its old row, if it has one, stays.
    func quarantine(
        _ path: String, _ reason: String, _ stat: FileStat, _ content: ContentHash,
        state: RawFileState?, _ result: inout ScanResult
    ) -> RawFileState {
        result.counts.quarantined += 1
        result.quarantined.append(
            QuarantinedFile(
                path: path, reason: reason, sizeBytes: stat.sizeBytes,
                modifiedNanos: stat.modifiedNanos))
        var entry = state ?? RawFileState(flags: [], hint: .none, content: content)
        entry.flags.insert(.isQuarantined)
        entry.flags.subtract([.isVanished, .isCold, .isReturned])
        entry.hint = hint(stat)
        entry.content = content
        return entry
    }
}
