import Glibc

/// The names in one folder, sorted by bytes.
struct FolderNames {
    enum Kind {
        case file
        case folder
        /// A link, to a file or to a folder.
        case linkToFile, linkToFolder
    }

    var entries: [(name: String, kind: Kind)] = []

    /// Lists a folder; pipes, devices and links to nothing are left out, nil: there is no such folder.
    static func read(_ path: String) throws(ColumnarError) -> FolderNames? {
        guard let directory = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .io(operation: "open", path: path, errorNumber: errno)
        }
        defer { closedir(directory) }
        var names = FolderNames()
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                if errno != 0 { throw .io(operation: "read", path: path, errorNumber: errno) }
                break
            }
            guard let name = name(of: entry), name != ".", name != ".." else { continue }
            if let kind = kind(Int(entry.pointee.d_type), path + "/" + name) {
                names.entries.append((name, kind))
            }
        }
        names.entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return names
    }

    /// What a path leads to, links followed; nil: nothing, or neither file nor folder.
    static func kind(ofPath path: String) throws(ColumnarError) -> Kind? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return nil }
            throw .io(operation: "stat", path: path, errorNumber: errno)
        }
        return kind(status)
    }

    private static func kind(_ status: stat) -> Kind? {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: nil
        }
    }

    private static func kind(_ listed: Int, _ path: String) -> Kind? {
        switch listed {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .folder
        case Int(DT_LNK), Int(DT_UNKNOWN):
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            guard status.st_mode & S_IFMT == S_IFLNK else { return kind(status) }
            guard stat(path, &status) == 0, let target = kind(status) else { return nil }
            return target == .folder ? .linkToFolder : .linkToFile
        default: return nil
        }
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
        // The name field has no address of its own in Swift: its offset does.
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
        let chars = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
        return String(cString: chars)
    }
}
