import Columnar
import Glibc

/// What of a quarantined file is on disk now.
package enum QuarantinedContent: Sendable {
    case bytes([UInt8], FileStat)
    /// The text of a compressed file.
    case decoded([UInt8], FileStat)
    case gone
    /// A link, a pipe, a folder took its name; or it is too large, or refused to be read.
    case unreadable(reason: String)
}

extension Lake {
    /// The quarantined files of a table, or of all.
    package func quarantined(table: String? = nil) throws(LakeError) -> [Quarantine.Record] {
        try Quarantine.list(database).filter { table == nil || $0.table == table }
    }

    /// A quarantined file as it is on disk; `path` is relative to the raw folder.
    package func content(
        ofQuarantined path: String, pool: BufferPool
    ) throws(LakeError) -> QuarantinedContent {
        guard let raw = try rawRoot() else { return .gone }
        let isMarked = try Settings.get(.rawIsMarked, database) == "1"
        let root = try RawRoot.open(raw, isMarked: isMarked)
        var reader = try RawFileReader(pool: pool)
        var outcome = try reader.read(folder: root.descriptor, name: path)
        if case .noRoom(let sizeBytes) = outcome {
            try reader.reserve(sizeBytes: sizeBytes)
            outcome = try reader.read(folder: root.descriptor, name: path)
        }
        switch outcome {
        case .read(let stat, _, let range):
            let bytes = reader.bytes(range)
            let compression = RawLayout.compression(ofName: path)
            guard compression != .none else { return .bytes(Array(bytes), stat) }
            var decoder = RawFileDecoder(compression, pool: pool)
            do throws(ColumnarError) {
                return .decoded(Array(try decoder.decode(bytes)), stat)
            } catch .corrupt(_, let reason) {
                return .unreadable(reason: reason)
            } catch .limit(_, _, let limit, _) {
                return .unreadable(reason: "it decodes to more than \(limit) bytes")
            } catch {
                throw .columnar(error)
            }
        case .vanished: return .gone
        case .notAFile: return .unreadable(reason: "it is no plain file any more")
        case .changing: return .unreadable(reason: "somebody is writing to it")
        case .tooLarge(let stat): return .unreadable(reason: "it has \(stat.sizeBytes) bytes")
        case .unreadable(let number):
            return .unreadable(reason: String(cString: strerror(number)))
        case .noRoom: return .unreadable(reason: "it grew while it was read")
        }
    }

    /// Forgets what is known of quarantined files' contents; their rows stay.
    ///
    /// The next run that looks at them reads and flattens them again, even if not one byte changed.
    package func forgetContents(
        of records: [Quarantine.Record], lock request: LakeLock.Request
    ) throws(LakeError) {
        let lock = try takeLock(request)
        defer { withExtendedLifetime(lock) {} }
        try database.transaction { () throws(LakeError) in
            let editor = try RawFiles.Editor(database)
            for record in records {
                guard let source = try Sources.known(record.table, database) else { continue }
                let (folder, name) = RowLedger.parts(of: record.file.path)
                try editor.forgetContent(
                    folder: Array(folder.utf8), name: Array(name.utf8), source: source)
            }
        }
    }
}

extension RawFiles.Editor {
    /// Forgets the content and stat of one file, if it is remembered; row, key and partition stay.
    fileprivate func forgetContent(
        folder: [UInt8], name: [UInt8], source: Int64
    ) throws(LakeError) {
        guard let row = try finder(source).chunk(of: folder, owning: name) else { return }
        var entries = RawFileChunk.Entries()
        guard row.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
            throw RawFileChunk.damaged(folder: row.folder)
        }
        var writer = RawFileChunk.Writer()
        for index in 0..<entries.count {
            var state = entries.states[index]
            if entries.name(index).elementsEqual(name) { state.distrust(rowHash: state.rowHash) }
            writer.append(name: entries.name(index), state: state)
        }
        writer.endChunk()
        try apply(
            RawFileEdit(folder: folder, removed: row.first, added: writer.chunks), source: source)
    }
}
