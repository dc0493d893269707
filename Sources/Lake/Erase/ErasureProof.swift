import Columnar
import Glibc
import Synchronization

/// Looks for an account's id in every byte that the lake, its cold tier and its raw folder hold.
///
/// Each file is searched as it is stored and as it reads: Parquet column by column, manifests block by block,
/// compressed texts and packs decompressed, the database value by value. The id only: names are not looked for.
struct ErasureProof: Sendable {
    /// One folder with all that lies below it.
    struct Root: Sendable {
        /// What paths in the receipt begin with: `raw/`; empty for the lake itself.
        var label: String
        var path: String
    }

    let roots: [Root]
    let search: AccountSearch
    let workers: Int
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    private static let batchFiles = 4_096

    func run() throws(LakeError) -> ErasureReceipt.Proof {
        var proof = ErasureReceipt.Proof()
        proof.searchedUndecoded = search.isDistinctive
        for root in roots { try search(root, folder: "", depth: 0, &proof) }
        proof.found.sort { ($0.path, $0.reason) < ($1.path, $1.reason) }
        return proof
    }

    private func search(
        _ root: Root, folder: String, depth: Int, _ proof: inout ErasureReceipt.Proof
    ) throws(LakeError) {
        guard depth < Limits.folderDepth else {
            proof.found.append(place(root, folder, "deeper folders were not searched"))
            return
        }
        let absolute = folder.isEmpty ? root.path : "\(root.path)/\(folder)"
        let others = roots.filter { $0.path != root.path }.map(\.path)
        let handle = try open(absolute)
        let files = try FolderNames.files(in: absolute).filter { $0 != LakeLock.fileName }
        var start = 0
        while start < files.count {
            let names = Array(files[start..<min(files.count, start + Self.batchFiles)])
            let results = Mutex<[ErasureReceipt.Proof?]>(Array(repeating: nil, count: names.count))
            try Workers.forEach(names.count, workers: workers) { (index) throws(LakeError) in
                if isCancelled() { throw .columnar(.cancelled) }
                let path = folder.isEmpty ? names[index] : "\(folder)/\(names[index])"
                let found = try look(at: names[index], handle, root, path)
                results.withLock { $0[index] = found }
            }
            for case let found? in results.withLock({ $0 }) {
                proof.files += found.files
                proof.storedBytes += found.storedBytes
                proof.decodedBytes += found.decodedBytes
                proof.found += found.found
            }
            start += names.count
        }
        for name in try FolderNames.folders(in: absolute) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            if others.contains("\(root.path)/\(path)") { continue }
            if search.count(inText: name) > 0 {
                proof.found.append(place(root, path, "the folder's name is the account's id"))
            }
            try search(root, folder: path, depth: depth + 1, &proof)
        }
    }

    private func open(_ path: String) throws(LakeError) -> RawRootHandle {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .io(operation: "open", path: path, errorNumber: errno)
        }
        return RawRootHandle(path: path, descriptor: descriptor)
    }

    private func place(
        _ root: Root, _ path: String, _ reason: String
    ) -> ErasureReceipt.Place {
        ErasureReceipt.Place(path: search.masked(root.label + path), reason: reason)
    }

    // MARK: One file

    /// Searches a file of an open folder; one that vanishes meanwhile holds nothing.
    private func look(
        at name: String, _ folder: RawRootHandle, _ root: Root, _ path: String
    ) throws(LakeError) -> ErasureReceipt.Proof {
        var found = ErasureReceipt.Proof()
        if search.count(inText: path) > 0 {
            found.found.append(place(root, path, "the path holds the account's id"))
        }
        let (opened, failure) = try RawFileStream.open(name, in: folder)
        guard let opened else {
            if failure == ENOENT { return found }
            found.found.append(
                place(root, path, "it cannot be read: \(String(cString: strerror(failure)))"))
            return found
        }
        found.files = 1
        let format = Format(of: name)
        let stored = try count(in: opened, asText: format == .text)
        found.storedBytes = stored.bytes
        if stored.count > 0 {
            found.found.append(place(root, path, Self.times(stored.count, "as it is stored")))
        }
        let absolute = "\(folder.path)/\(name)"
        do throws(LakeError) {
            for (part, count, bytes) in try decoded(absolute, name, folder, format) {
                found.decodedBytes += bytes
                if count > 0 { found.found.append(place(root, path, Self.times(count, part))) }
            }
        } catch .columnar(.cancelled) {
            throw .columnar(.cancelled)
        } catch {
            // A quarantined raw file may be anything; what it holds as stored was searched.
            found.found.append(place(root, path, "it cannot be decoded"))
        }
        return found
    }

    private static func times(_ count: Int, _ part: String) -> String {
        "\(part), it holds the account's id \(count == 1 ? "once" : "\(count) times")"
    }

    /// How a file is decoded.
    private enum Format: Equatable {
        case text, parquet, avro, database
        case compressed(TextCompression)
        case bytes

        init(of name: String) {
            if name.hasSuffix(".parquet") {
                self = .parquet
            } else if name.hasSuffix(".avro") {
                self = .avro
            } else if name == Lake.databaseName {
                self = .database
            } else if RawLayout.compression(ofName: name) != .none {
                self = .compressed(RawLayout.compression(ofName: name))
            } else if name.hasSuffix(".json") || name.hasSuffix(".jsonl") {
                self = .text
            } else {
                self = .bytes
            }
        }
    }

    /// The parts of a decoded file: what they are, how often they hold the id, their bytes.
    private func decoded(
        _ path: String, _ name: String, _ folder: RawRootHandle, _ format: Format
    ) throws(LakeError) -> [(part: String, count: Int, bytes: Int64)] {
        switch format {
        case .text, .bytes: return []
        case .parquet:
            return try ParquetSearch(search: search, pool: pool, isCancelled: isCancelled).run(path)
        case .avro:
            var (count, bytes) = (0, Int64(0))
            let container = try AvroContainer(DurableFile.read(path), path: path)
            try container.forEachBlock { (block, _, _) throws(LakeError) in
                bytes += Int64(block.count)
                count += block.withUnsafeBytes {
                    search.isDistinctive ? search.count(inBytes: $0) : search.count(inText: $0)
                }
            }
            return [("decoded", count, bytes)]
        case .database: return try DatabaseSearch(search: search).run(path)
        case .compressed(let compression):
            guard let stream = try RawFileStream.open(name, in: folder).file else { return [] }
            let found: (count: Int, bytes: Int64)
            do throws(ColumnarError) {
                let text = try compression.decoded(
                    stream, location: FileLocation(path: path), pool: pool)
                found = try count(text, asText: true)
            } catch {
                throw .columnar(error)
            }
            return [("decompressed", found.count, found.bytes)] + index(of: path)
        }
    }

    /// The paths in a pack's index, which a zstd program skips; nothing of another file.
    private func index(of path: String) -> [(part: String, count: Int, bytes: Int64)] {
        guard path.hasSuffix(PackFormat.nameEnd), let pack = try? PackReader(path: path) else {
            return []
        }
        var (count, bytes) = (0, Int64(0))
        for position in 0..<pack.count {
            let name = pack.entry(position).path
            count += search.count(inText: name)
            bytes += Int64(name.utf8.count)
        }
        return [("in its index", count, bytes)]
    }

    private func count(
        in stream: RawFileStream, asText: Bool
    ) throws(LakeError) -> (count: Int, bytes: Int64) {
        do throws(ColumnarError) {
            return try count(stream, asText: asText)
        } catch {
            throw .columnar(error)
        }
    }

    /// Searches a stream block by block; what stands across two blocks is found too.
    private func count(
        _ stream: any ByteStream, asText: Bool
    ) throws(ColumnarError) -> (count: Int, bytes: Int64) {
        let room = try pool.allocate(bytes: Self.blockBytes)
        // The end of the block before, one byte more than the id: what stands before it decides too.
        let kept = search.byteCount + 1
        var held = 0
        var total: Int64 = 0
        var count = 0
        while true {
            if isCancelled() { throw .cancelled }
            let target = UnsafeMutableRawBufferPointer(
                start: room.base + held, count: Self.blockBytes - held)
            let got = try stream.fill(target)
            total += Int64(got)
            let bytes = UnsafeRawBufferPointer(start: room.base, count: held + got)
            let isEnd = got < target.count
            // Occurrences that begin in the last bytes are the next block's.
            let whole = asText ? search.count(inText: bytes) : search.count(inBytes: bytes)
            guard !isEnd else { return (count + whole, total) }
            let tail = UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - kept)...])
            let again = asText ? search.count(inText: tail) : search.count(inBytes: tail)
            count += whole - again
            memmove(room.base, room.base + (bytes.count - kept), kept)
            held = kept
        }
    }

    private static let blockBytes = (1 << 20) - Buffer.padding
}
