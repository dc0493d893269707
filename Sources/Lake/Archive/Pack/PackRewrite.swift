import Columnar
import Glibc

/// Writes a pack anew without some of its files: for erasure and expiry.
///
/// ```
///  prepare: copy, sync, read back ─► a transaction: publish ─► remove the old file
/// ```
/// With the transaction the old pack is retired, long ago: what a crash has left of it the next run removes.
struct PackRewrite {
    let database: Database
    let tier: ColdTier
    let identity: RunIdentity
    let pool: BufferPool
    var isCancelled: @Sendable () -> Bool = { false }

    /// A pack and its successor.
    struct Prepared: Sendable {
        let old: Packs.Record
        /// Absolute.
        let oldPath: String
        /// Not filed yet; nil if nothing is left.
        let new: Packs.Record?
        /// Files that are left out, and their bytes.
        let droppedFiles: Int
        let droppedBytes: Int64

        /// Puts the new pack in the old one's place; inside a transaction.
        func publish(_ database: Database) throws(LakeError) {
            if let new { try Packs.add(database, new) }
            try Packs.remove(database, id: old.id)
            try RetiredFiles.add(database, path: oldPath, atMicros: 0)
        }

        /// Removes the old pack; after the transaction.
        func removeOld(_ database: Database) throws(LakeError) {
            try DurableFile.remove(oldPath)
            try RetiredFiles.remove(database, path: oldPath)
        }

        /// Removes the new pack: there was no transaction.
        func discard(_ tier: ColdTier) {
            if let new { try? DurableFile.remove(tier.absolute(new.path)) }
        }
    }

    /// Copies what is to stay; nil if all of it is.
    ///
    /// Nothing changes before `publish`. Each file that stays is held against its SHA-256 on the way.
    /// `isDamage` tells whether what is thrown is the old pack's fault.
    func prepare(
        _ pack: Packs.Record, dropping: (PackEntry) throws(LakeError) -> Bool
    ) throws(LakeError) -> Prepared? {
        let reader = try reader(of: pack)
        var kept: [Int] = []
        var droppedBytes: Int64 = 0
        for position in 0..<reader.count {
            let entry = reader.entry(position)
            if try dropping(entry) {
                droppedBytes += entry.stat.sizeBytes
            } else {
                kept.append(position)
            }
        }
        guard kept.count < reader.count else { return nil }
        let dropped = reader.count - kept.count
        guard !kept.isEmpty else {
            return Prepared(
                old: pack, oldPath: reader.path, new: nil, droppedFiles: dropped,
                droppedBytes: droppedBytes)
        }
        let folder = RawPacking.folder(table: reader.header.table, month: pack.month)
        let relative =
            "\(folder)/\(pack.bucket)-\(identity.uuid)-r\(pack.id)\(PackFormat.nameEnd)"
        try DurableFile.makeFolder(tier.absolute(folder))
        var header = reader.header
        header.run = identity.uuid
        let writer = try PackWriter(
            path: tier.absolute(relative), header: header, level: tier.settings.packLevel,
            pool: pool)
        let frames = try PackFrameBuffer()
        for position in kept {
            if isCancelled() { throw .columnar(.cancelled) }
            let file = try reader.stream(position, through: frames, pool: pool)
            let taken: PackWriter.Taken
            do throws(LakeError) {
                taken = try writer.add(
                    path: file.entry.path, stat: file.entry.stat, content: file.entry.content,
                    sha256: file.entry.sha256, from: file)
            } catch .columnar(.corrupt(_, let reason)) {
                // Only the bytes' source throws it.
                throw .corrupt(FileLocation(path: reader.path), reason: reason)
            }
            guard taken == .packed else {
                throw .corrupt(
                    FileLocation(path: reader.path),
                    reason: "\(file.entry.path) in the pack does not match its hashes")
            }
        }
        var record = pack
        record.id = 0
        record.path = relative
        do throws(LakeError) {
            try RawPacking.finish(writer, &record, pool: pool, isCancelled: isCancelled)
        } catch {
            try? DurableFile.remove(tier.absolute(relative))
            throw error
        }
        return Prepared(
            old: pack, oldPath: reader.path, new: record, droppedFiles: dropped,
            droppedBytes: droppedBytes)
    }

    private func reader(of pack: Packs.Record) throws(LakeError) -> PackReader {
        let path = tier.absolute(pack.path)
        do throws(LakeError) {
            return try PackReader(path: path)
        } catch .io(let operation, _, let number)
            where ![EMFILE, ENFILE, ENOMEM, EINTR].contains(number)
        {
            throw .corrupt(
                FileLocation(path: path),
                reason: "\(operation): \(String(cString: strerror(number)))")
        }
    }

    /// Whether an error of `prepare` tells that the old pack cannot be read; others are of the new one or of the system.
    func isDamage(_ error: LakeError, of pack: Packs.Record) -> Bool {
        guard case .corrupt(let location, _) = error else { return false }
        return location.path == tier.absolute(pack.path)
    }
}
