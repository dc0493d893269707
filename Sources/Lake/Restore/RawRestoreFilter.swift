import Columnar

/// Which files of packs a raw restore is about: by path first, then by what the state remembers of them.
final class RawRestoreFilter {
    private let request: RawRestore.Request
    private let definition: TableDefinition
    private let lifecycle: Lifecycle
    /// Position among the layout's captures; nil if no account is asked for.
    private var accountCapture: Int?
    /// Of the only folder that can hold the account's files; nil if there may be several.
    private var folderHash: Int64?
    /// Short hash of the key that is asked for.
    private var key: UInt64?
    private var gate: SuppressionGate?
    private let finder: RawFiles.Finder
    private let records: RecordFiles.Reader
    private var folder = ""
    private var known = RawFileChunk.Entries()

    init(
        _ request: RawRestore.Request, _ definition: TableDefinition, source: Int64,
        keySeed: UInt64, suppressions: Suppressions, database: Database
    ) throws(LakeError) {
        self.request = request
        self.definition = definition
        lifecycle = Lifecycle(definition, source: source, holds: [], nowMicros: 0)
        gate = SuppressionGate(definition, suppressions)
        finder = try RawFiles.Finder(database, source: source)
        records = RecordFiles.Reader(database.path, source: source)
        if let account = request.account { try restrict(toAccount: account) }
        if let text = request.key {
            let keys = definition.keyColumns
            guard keys.count == 1,
                let value = ColumnLiteral.value(ofText: text, definition.columns[keys[0]].type)
            else {
                throw .invalidLocation(
                    path: definition.name, reason: "'\(text)' is no key of this table")
            }
            let bytes = RowBytes.encoded(value, definition.columns[keys[0]].type)
            key = bytes.withUnsafeBytes { RowKeys.hash(of: $0, seed: keySeed).low }
        }
    }

    private func restrict(toAccount account: String) throws(LakeError) {
        guard let column = definition.settings.accountColumn,
            case .capture(let capture) = definition.columns[column].source
        else {
            throw .invalidLocation(
                path: definition.name,
                reason: "its raw paths do not name the account; restore by key or by date")
        }
        accountCapture = capture
        var text = ""
        for component in definition.raw.components.dropLast() {
            for piece in component {
                switch piece {
                case .literal(let bytes): text += String(decoding: bytes, as: UTF8.self)
                case .capture(capture): text += account
                case .capture: return
                }
            }
            text += "/"
        }
        folderHash = PackBucket.hash(ofFolder: Array(text.utf8))
    }

    /// Whether a pack can hold a file that is asked for.
    func mayBe(in pack: Packs.Record) -> Bool {
        if let number = request.pack, number != pack.id { return false }
        if let folderHash, !pack.mayHold(folderHash: folderHash) { return false }
        // Packs of files of many records do not say their days; what is out of order says nothing.
        guard !definition.raw.format.holdsMany, let first = pack.firstPartition,
            let last = pack.lastPartition, first <= last,
            let low = lifecycle.days(of: first), let high = lifecycle.days(of: last)
        else { return true }
        return overlaps(low.lowerBound...high.upperBound)
    }

    private func overlaps(_ days: ClosedRange<Int32>) -> Bool {
        request.firstDay.map { $0 <= days.upperBound } ?? true
            && request.lastDay.map { $0 >= days.lowerBound } ?? true
    }

    /// Whether a file is asked for, and is the version that counts.
    func takes(_ entry: PackEntry) throws(LakeError) -> Bool {
        if gate?.refuses(path: entry.path) == true { return false }
        if let accountCapture, let account = request.account {
            var path = entry.path
            let isHis = path.withUTF8 { utf8 in
                let bytes = UnsafeRawBufferPointer(utf8)
                guard let ranges = definition.raw.captures(in: bytes) else { return false }
                return bytes[ranges[accountCapture]].elementsEqual(account.utf8)
            }
            guard isHis else { return false }
        }
        guard let state = try state(of: entry.path), state.flags.contains(.isCold),
            !state.flags.contains(.isExpired), state.content == entry.content
        else { return false }
        if definition.raw.format.holdsMany {
            guard key != nil || request.firstDay != nil || request.lastDay != nil else {
                return true
            }
            let known = try records.entries(of: entry.path)
            return known.entries.contains { record in
                (key.map { $0 == record.key } ?? true) && isAsked(known.partition(of: record))
            }
        }
        return (key.map { $0 == state.keyHash } ?? true) && isAsked(state.partition)
    }

    private func isAsked(_ partition: Int32?) -> Bool {
        guard request.firstDay != nil || request.lastDay != nil else { return true }
        guard let partition, let days = lifecycle.days(of: partition) else { return false }
        return overlaps(days)
    }

    /// What is remembered of a file; the chunk that held the last one is asked first.
    private func state(of path: String) throws(LakeError) -> RawFileState? {
        let (folder, name) = RowLedger.parts(of: path)
        if folder == self.folder, let state = find(name) { return state }
        self.folder = folder
        known.removeAll()
        let row = try finder.chunk(of: Array(folder.utf8), owning: Array(name.utf8))
        guard let row else { return nil }
        guard row.entries.withUnsafeBytes({ known.append(chunk: $0) }) else {
            throw RawFileChunk.damaged(folder: row.folder)
        }
        return find(name)
    }

    private func find(_ name: String) -> RawFileState? {
        for index in 0..<known.count where known.name(index).elementsEqual(name.utf8) {
            return known.states[index]
        }
        return nil
    }
}
