import Columnar
import Glibc

/// An account's files in the raw folder: found by their paths or by their rows, and unlinked.
struct AccountRawFiles {
    let root: RawRootHandle
    let account: String

    /// What lies in the raw folder.
    struct Found: Sendable {
        /// Raw paths that a capture tells to be the account's.
        var captured: [String] = []
        /// Folders that bear the account's id, or lie below one that does; the deepest last.
        var folders: [String] = []
    }

    /// What could not be removed, and why.
    struct Left: Hashable, Sendable {
        var path: String
        var reason: String
    }

    /// What became of them.
    struct Removed: Sendable {
        var count = 0
        var left: [Left] = []
    }

    // MARK: Finding

    /// Lists the files of a table whose path tells the account.
    func find(_ paths: AccountPaths) throws(LakeError) -> Found {
        var found = Found()
        guard !paths.captures.isEmpty else { return found }
        try descend("", level: 0, isOwn: false, paths, &found)
        return found
    }

    private func descend(
        _ folder: String, level: Int, isOwn: Bool, _ paths: AccountPaths, _ found: inout Found
    ) throws(LakeError) {
        let component = paths.layout.components[level]
        let isLast = level == paths.layout.components.count - 1
        for name in try names(in: folder, component, paths, areFolders: !isLast) {
            var ranges = Array(repeating: 0..<0, count: paths.layout.captureNames.count)
            let bytes = Array(name.utf8)
            let (fits, tells) = bytes.withUnsafeBytes { bytes in
                (
                    paths.layout.matches(component: bytes, at: level, into: &ranges),
                    component.contains { piece in
                        guard case .capture(let number) = piece,
                            paths.captures.contains(number)
                        else { return false }
                        return bytes[ranges[number]].elementsEqual(paths.account)
                    }
                )
            }
            guard fits else { continue }
            // Another account's branch; one without a telling capture yet is gone through.
            if !tells, !isOwn, component.contains(where: { isTelling($0, paths) }) { continue }
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            if isLast {
                if tells || isOwn { found.captured.append(path) }
            } else {
                if tells || isOwn { found.folders.append(path) }
                try descend(path, level: level + 1, isOwn: isOwn || tells, paths, &found)
            }
        }
    }

    private func isTelling(_ piece: RawLayout.Piece, _ paths: AccountPaths) -> Bool {
        if case .capture(let number) = piece { return paths.captures.contains(number) }
        return false
    }

    /// The names in a folder that may fit; of a component that is the account alone, only that one.
    private func names(
        in folder: String, _ component: [RawLayout.Piece], _ paths: AccountPaths, areFolders: Bool
    ) throws(LakeError) -> [String] {
        let place = folder.isEmpty ? root.path : "\(root.path)/\(folder)"
        var only: String?
        if component.count == 1 {
            switch component[0] {
            case .literal(let bytes): only = String(decoding: bytes, as: UTF8.self)
            case .capture(let number): only = paths.captures.contains(number) ? account : nil
            }
        }
        guard let only else {
            return areFolders
                ? try FolderNames.folders(in: place) : try FolderNames.files(in: place)
        }
        var status = stat()
        guard lstat("\(place)/\(only)", &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw .io(operation: "stat", path: "\(place)/\(only)", errorNumber: errno)
        }
        let kind = status.st_mode & S_IFMT
        return kind == (areFolders ? S_IFDIR : S_IFREG) ? [only] : []
    }

    // MARK: Removing

    /// Unlinks files that are the account's by their path.
    func remove(_ paths: [String]) throws(LakeError) -> Removed {
        var removed = Removed()
        for path in paths { try remove(path, into: &removed) }
        return removed
    }

    /// Unlinks files that are the account's by their row, if they still hold what was read, or the id.
    func remove(
        contents: [String: ContentHash], search: AccountSearch, pool: BufferPool
    ) throws(LakeError) -> Removed {
        var removed = Removed()
        for (path, content) in contents.sorted(by: { $0.key < $1.key }) {
            guard let bytes = try self.bytes(of: path, pool) else { continue }
            let isRead = bytes.withUnsafeBytes { ContentHash($0) } == content
            // Another record has taken its place: the next run reads it, and turns away what is suppressed.
            guard isRead || bytes.withUnsafeBytes({ search.count(inText: $0) }) > 0 else {
                continue
            }
            try remove(path, into: &removed)
        }
        return removed
    }

    private func bytes(of path: String, _ pool: BufferPool) throws(LakeError) -> [UInt8]? {
        guard let stream = try RawFileStream.open(path, in: root).file,
            stream.stat.sizeBytes <= Int64(Limits.rawFileBytes)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(stream.stat.sizeBytes))
        do throws(ColumnarError) {
            var done = 0
            while done < bytes.count {
                let rest = bytes.count - done
                var block = [UInt8](repeating: 0, count: min(rest, 1 << 20))
                let count = try read(stream, &block)
                if count == 0 { break }
                bytes.replaceSubrange(done..<done + count, with: block[..<count])
                done += count
            }
        } catch {
            throw .columnar(error)
        }
        return bytes
    }

    private func read(
        _ stream: RawFileStream, _ block: inout [UInt8]
    ) throws(ColumnarError) -> Int {
        var failure: ColumnarError?
        let count = block.withUnsafeMutableBytes { target in
            do throws(ColumnarError) {
                return try stream.read(into: target)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return count
    }

    private func remove(_ path: String, into removed: inout Removed) throws(LakeError) {
        let (folder, name) = RowLedger.parts(of: path)
        let (descriptor, failure) = root.openWithoutLinks(Array(folder.utf8))
        guard descriptor >= 0 else {
            if failure == ENOENT || failure == ENOTDIR { return }
            removed.left.append(Left(path: path, reason: String(cString: strerror(failure))))
            return
        }
        defer { close(descriptor) }
        guard unlinkat(descriptor, name, 0) == 0 else {
            if errno == ENOENT { return }
            removed.left.append(Left(path: path, reason: String(cString: strerror(errno))))
            return
        }
        _ = fsync(descriptor)
        removed.count += 1
    }

    /// Removes emptied folders that bear the id, the deepest first; tells those that hold other files.
    func removeFolders(_ folders: [String]) -> [Left] {
        var left: [Left] = []
        for folder in folders.sorted(by: { $0.utf8.count > $1.utf8.count }) {
            let (parent, name) = RowLedger.parts(of: folder)
            let (descriptor, failure) = root.openWithoutLinks(Array(parent.utf8))
            guard descriptor >= 0 else {
                if failure != ENOENT {
                    left.append(Left(path: folder, reason: String(cString: strerror(failure))))
                }
                continue
            }
            defer { close(descriptor) }
            guard unlinkat(descriptor, name, AT_REMOVEDIR) != 0 else {
                _ = fsync(descriptor)
                continue
            }
            switch errno {
            case ENOENT: continue
            case ENOTEMPTY, EEXIST:
                left.append(Left(path: folder, reason: "it holds files of no table"))
            default:
                left.append(Left(path: folder, reason: String(cString: strerror(errno))))
            }
        }
        return left
    }
}
