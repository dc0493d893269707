import Columnar
import Glibc
import Synchronization

/// Writes the packs of a plan and reads them back from the disk.
extension RawPacking {
    /// Packs, many at a time; nothing points to them yet.
    ///
    /// On an error none is left. A file is packed only with the bytes of which the state knows the row. Throws `corrupt` if a pack
    /// does not read back as it was written.
    func write(_ plan: Plan) throws(LakeError) -> Written {
        var result = Written(plan: plan)
        result.changed += try compareReturned(plan)
        let tasks = try plan.spool.tasks(buckets: tier.settings.buckets)
        for month in Set(tasks.map(\.month)) {
            try DurableFile.makeFolder(
                tier.absolute(Self.folder(table: table.definition.name, month: month)))
        }
        let done = Mutex<(packs: [Int: Packs.Record], changed: Int)>(([:], 0))
        let written = WrittenFiles()
        let packing = BucketPacking(
            table: table.definition.name, source: table.source,
            holdsMany: table.definition.raw.format.holdsMany, spool: plan.spool, root: root,
            tier: tier, identity: identity, pool: pool, isCancelled: isCancelled)
        do throws(LakeError) {
            try Workers.forEach(tasks.count, workers: workers) { (number) throws(LakeError) in
                let (pack, changed) = try packing.write(tasks[number], number, into: written)
                done.withLock { done in
                    done.packs[number] = pack
                    done.changed += changed
                }
            }
        } catch {
            for path in written.paths { try? DurableFile.remove(path) }
            throw error
        }
        done.withLock { done in
            result.packs = done.packs.sorted { $0.key < $1.key }.map(\.value)
            result.changed += done.changed
        }
        return result
    }

    // MARK: Files that only leave

    /// Compares returned files with the packs that hold them; what no pack has is packed again.
    ///
    /// Returns how many changed meanwhile.
    private func compareReturned(_ plan: Plan) throws(LakeError) -> Int {
        guard plan.counts.returned > 0 else { return 0 }
        var changed = 0
        let folders = RawFolders(root: root)
        let frames = try PackFrameBuffer()
        // Later packs have later versions.
        for pack in try Packs.list(database, source: table.source).reversed() {
            let files = try plan.spool.returned(to: pack)
            guard !files.isEmpty else { continue }
            let reader: PackReader
            do throws(LakeError) {
                reader = try PackReader(path: tier.absolute(pack.path))
            } catch .corrupt, .io {
                // Its files are packed again; verification tells of the damage.
                continue
            }
            for file in files {
                if isCancelled() { throw .columnar(.cancelled) }
                guard let position = reader.find(file.path) else { continue }
                let entry = reader.entry(position)
                guard entry.content == file.content else { continue }
                guard let digest = try digest(of: file, folders) else {
                    try plan.spool.change(file, to: .changed)
                    changed += 1
                    continue
                }
                // The pack's own bytes are read too: what its index says proves nothing.
                if digest == entry.sha256, try isSound(position, of: reader, frames) {
                    try plan.spool.change(file, to: .verified)
                }
            }
        }
        try plan.spool.change(all: .returned, to: .pack)
        return changed
    }

    /// Whether a file of a pack can still be read, every byte as it was packed.
    private func isSound(
        _ position: Int, of reader: PackReader, _ frames: PackFrameBuffer
    ) throws(LakeError) -> Bool {
        do throws(ColumnarError) {
            let file: PackedFile
            do throws(LakeError) {
                file = try reader.stream(position, through: frames, pool: pool)
            } catch {
                return false
            }
            let room = try pool.allocate(bytes: 60 << 10)
            let target = UnsafeMutableRawBufferPointer(start: room.base, count: room.capacityBytes)
            while try file.read(into: target) > 0 { continue }
            return true
        } catch .corrupt, .io {
            return false
        } catch {
            throw .columnar(error)
        }
    }

    /// SHA-256 of a file's bytes; nil if it is not the file that was planned.
    private func digest(
        of file: SpooledFile, _ folders: RawFolders
    ) throws(LakeError) -> [UInt8]? {
        guard let opened = try folders.open(file.name, in: file.folder).file,
            opened.stat == file.stat
        else { return nil }
        var sha256 = SHA256.Stream()
        do throws(ColumnarError) {
            let room = try pool.allocate(bytes: 60 << 10)
            while true {
                let count = try opened.read(
                    into: UnsafeMutableRawBufferPointer(
                        start: room.base, count: room.capacityBytes))
                if count == 0 { break }
                sha256.update(UnsafeRawBufferPointer(start: room.base, count: count))
            }
        } catch .io {
            return nil
        } catch {
            throw .columnar(error)
        }
        return opened.isUnchanged ? sha256.finish() : nil
    }
}
