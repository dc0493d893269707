import Columnar
import Glibc

/// What the records of files are read with, besides the files themselves.
struct RecordSources: Sendable {
    let root: RawRootHandle
    let remembered: RecordFiles.Reader
    let journal: StateJournal
    let cold: ColdRawFiles

    /// A remembered file as it is in the raw folder, or as it was swept; nil if it is nowhere.
    func open(_ path: String) throws(LakeError) -> (any RecordBytes)? {
        let (file, failure) = try RawFileStream.open(path, in: root)
        if let file { return file }
        guard failure == ENOENT || failure == ENOTDIR else { return nil }
        return try cold.recordFile(path)
    }
}

/// Files of many records: streamed, each record weighed against what is remembered of its key.
extension RowIntake {
    mutating func take(
        records path: String, stat: FileStat, state: RawFileState?, isYoung: Bool
    ) throws(LakeError) -> RecordsVerdict {
        if gate?.refuses(path: path) == true {
            if state?.flags.contains(.hasRow) == true { _ = try leave(records: path) }
            return .suppressed
        }
        let (opened, failure) = try RawFileStream.open(path, in: sources.root)
        guard let opened else {
            // Gone since it was listed, or another kind of thing: the next run sees.
            let isGone = [ENOENT, ENOTDIR, ELOOP, EINVAL].contains(failure)
            return isGone ? .waiting : .unreadable(errorNumber: failure)
        }
        guard opened.stat == stat else { return .waiting }
        let hasRows = state?.flags.contains(.hasRow) == true
        var taking = RecordTaking(
            known: hasRows ? try sources.remembered.entries(of: path) : RecordEntries())
        var faults = RecordFaults()
        let refused = touches.suppressedRecords
        let file = target.rows.files.begin(path)
        let end = try read(opened, path, file, &taking, &faults)
        let isTorn = faults.isTailBroken && isYoung
        guard opened.isUnchanged, !isTorn, end == .whole else {
            target.rows.files.withdraw(file)
            guard opened.isUnchanged, !isTorn else { return .waiting }
            if case .unreadable(let number) = end { return .unreadable(errorNumber: number) }
            return .rejected(reason: faults.text(good: 0))
        }
        if taking.count == 0, !faults.isEmpty { return .rejected(reason: faults.text(good: 0)) }
        if taking.count == 0, touches.suppressedRecords > refused, taking.known.isEmpty {
            return .suppressed
        }
        let good = taking.count
        return try settle(
            taking.finish(), of: taking.known, path, file, good: good, faults, isYoung: isYoung)
    }

    /// Remembers the records of a file that was read to its end.
    private mutating func settle(
        _ outcome: RecordTaking.Outcome, of known: RecordEntries, _ path: String, _ file: UInt32,
        good: Int, _ faults: RecordFaults, isYoung: Bool
    ) throws(LakeError) -> RecordsVerdict {
        // A file that has bad records, or is still being written, does not say what it lost.
        let forgets = definition.settings.onDelete == .delete && faults.isEmpty && !isYoung
        let merged = forgets ? outcome.last : known.merged(with: outcome.last)
        guard merged.count <= Limits.batchRecords else {
            target.rows.files.withdraw(file)
            return .rejected(reason: Self.tooMany)
        }
        target.rows.files.withdraw(outcome.withdrawn, of: file)
        let name = Touches.hash(ofPath: path, seed: keySeed)
        touches.settled.insert(name.low)
        for entry in outcome.replaced { touches.old.insert(known.partition(of: entry)) }
        for entry in forgets ? outcome.missing : [] {
            touches.old.insert(known.partition(of: entry))
            touches.leftKeys.insert(entry.key)
            touches.departedRecords.insert(DepartedRecord(path: name.low, key: entry.key))
        }
        if merged != known.entries {
            let entries = RecordEntries(merged, hasPartitions: definition.partition != nil)
            try sources.journal.add(
                RecordFileEdit(path: path, records: merged.isEmpty ? nil : entries.encoded()))
        }
        return .taken(
            changed: outcome.changedCount + (forgets ? outcome.missing.count : 0),
            hasRows: !merged.isEmpty, faults: faults.isEmpty ? nil : faults.text(good: good))
    }

    /// Forgets a file that is gone, and the rows of its records.
    mutating func leave(records path: String) throws(LakeError) -> Int {
        let known = try sources.remembered.entries(of: path)
        let name = Touches.hash(ofPath: path, seed: keySeed)
        touches.settled.insert(name.low)
        touches.departed.insert(name)
        for entry in known.entries {
            touches.old.insert(known.partition(of: entry))
            touches.leftKeys.insert(entry.key)
        }
        try sources.journal.add(RecordFileEdit(path: path, records: nil))
        return known.entries.count
    }

    /// Stages records of an unchanged file again, for a contest about their keys.
    ///
    /// What the file no longer holds as it is remembered has no say: the next run sees that it changed.
    mutating func restage(
        records path: String, _ wanted: [UInt64: RecordEntries.Entry]
    ) throws(LakeError) {
        guard let opened = try sources.open(path) else { return }
        let file = target.rows.files.begin(path)
        var faults = RecordFaults()
        var picked = RecordPick(wanted: wanted)
        _ = try read(opened, path, file, &picked, &faults)
        if !opened.isUnchanged { target.rows.files.withdraw(file) }
    }

    private static let tooMany =
        "more than \(Limits.batchRecords) records in one file; write them to several"

    /// How the reading of a file ended, as far as its records go.
    private enum End: Equatable {
        case whole, refused
        case unreadable(errorNumber: Int32)
    }

    /// Streams a file and stages the records that differ.
    private mutating func read(
        _ opened: any RecordBytes, _ path: String, _ file: UInt32,
        _ choice: inout some RecordChoice, _ faults: inout RecordFaults
    ) throws(LakeError) -> End {
        var stream: RecordStream?
        let isLines = definition.raw.format == .jsonl
        var ordinal: UInt32 = 0
        while true {
            let record: RecordStream.Record?
            do throws(ColumnarError) {
                if stream == nil { stream = try records(of: opened, path) }
                record = try stream?.next()
            } catch {
                return try end(error, &faults)
            }
            guard let record else { return .whole }
            ordinal &+= 1
            if ordinal & 0xFFF == 0, isCancelled() { throw .columnar(.cancelled) }
            let outcome = try flattener.stage(
                bytes: record.bytes, path: path, ingestedAtMicros: ingestedAtMicros)
            switch outcome {
            case .rejected(let reason):
                faults.add(reason, at: "\(isLines ? "line" : "record") \(record.number)")
                if record.isUnended, case .json = reason { faults.isTailBroken = true }
            case .row(let row):
                if gate?.refusesRow(of: flattener) == true {
                    touches.suppressedRecords += 1
                    continue
                }
                let key = RowKeys.hash(of: row.key, seed: keySeed)
                let partition = row.partitionValue
                let hash = volatileMatters ? flattener.stagedHash : row.rowHash
                let entry = RecordEntries.Entry(
                    key: key.low, row: hash, partition: partition ?? 0)
                guard choice.count < Limits.batchRecords else {
                    faults.rest = Self.tooMany
                    return .refused
                }
                if !checks.isEmpty, choice.isNews(entry),
                    let reason = checks.judge(flattener, path: path)
                {
                    faults.add(reason, at: "\(isLines ? "line" : "record") \(record.number)")
                    continue
                }
                guard choice.takes(entry) else { continue }
                try put(
                    StagedRow(
                        key: key, modifiedNanos: opened.stat.modifiedNanos, partition: partition,
                        place: RecordPlace(file: file, ordinal: ordinal)),
                    path: path)
            }
        }
    }

    private func records(
        of opened: any RecordBytes, _ path: String
    ) throws(ColumnarError) -> RecordStream {
        let stored = Int(opened.stat.sizeBytes)
        let (text, overflow) = stored.multipliedReportingOverflow(by: Limits.batchExpansion)
        let limit = (overflow ? Int.max / 2 : text) + Limits.rawFileBytes
        let decoded = try definition.raw.compression.decoded(
            opened, location: FileLocation(path: path), pool: pool)
        let isPlain = definition.raw.compression == .none
        return RecordStream(
            BoundedStream(decoded, limitName: "batchExpansion", limitBytes: limit),
            layout: definition.raw.format == .jsonl
                ? .lines : .array(path: definition.raw.recordPath),
            name: path,
            blockBytes: min(
                Limits.textBlockBytes, max(60 << 10, isPlain ? stored + 1 : 16 * stored)),
            pool: pool)
    }

    /// What an error of the stream means for the file.
    private func end(
        _ error: ColumnarError, _ faults: inout RecordFaults
    ) throws(LakeError) -> End {
        switch error {
        case .corrupt(_, let reason):
            faults.rest = reason
            faults.isTailBroken = true
            return .whole
        case .io(_, _, let number): return .unreadable(errorNumber: number)
        case .limit(let name, _, let limit, _):
            faults.rest =
                name == "recordBytes"
                ? "a record has more than \(limit) bytes"
                : "it decodes to more than \(limit) bytes, which no table does"
            return .refused
        default: throw .columnar(error)
        }
    }
}
