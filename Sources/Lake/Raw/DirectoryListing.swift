import Glibc

/// The names in one folder, sorted, in one buffer that is reused from folder to folder.
///
/// Links, pipes, devices and sockets are counted, never returned.
final class DirectoryListing {
    /// What the folder itself says of a name; `unknown` on file systems that do not tell.
    enum Kind: UInt8 {
        case file, folder, unknown
    }

    /// How names are sorted.
    enum Order {
        /// By bytes.
        case files
        /// By bytes as if each name ended in `/`: walking down in this order gives rising paths.
        case folders
    }

    /// One name, as a place in `bytes`.
    struct Entry {
        let start: UInt32
        let length: UInt16
        let kind: Kind
    }

    /// NUL-terminated names, one after another.
    private var bytes: UnsafeMutableRawPointer
    private var byteCount = 0
    private var capacity = 4_096
    private(set) var entries: [Entry] = []
    /// Names of the last folder that cannot be raw data: links, pipes, devices, sockets.
    private(set) var specialCount = 0

    init() {
        bytes = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit {
        bytes.deallocate()
    }

    /// Lists the folder behind a descriptor and closes it; returns 0 or an errno.
    ///
    /// After an error the listing is empty: part of a folder is not a folder.
    func read(closing descriptor: Int32, order: Order) -> Int32 {
        byteCount = 0
        entries.removeAll(keepingCapacity: true)
        specialCount = 0
        guard let directory = fdopendir(descriptor) else {
            let number = errno
            close(descriptor)
            return number
        }
        defer { closedir(directory) }
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else {
                    entries.removeAll(keepingCapacity: true)
                    return errno
                }
                break
            }
            append(entry)
        }
        sort(order)
        return 0
    }

    /// Takes sorted names from elsewhere instead of from a folder.
    func load(_ names: [[UInt8]]) {
        byteCount = 0
        entries.removeAll(keepingCapacity: true)
        specialCount = 0
        for name in names {
            name.withUnsafeBytes { append($0, kind: .unknown) }
        }
    }

    private func append(_ entry: UnsafeMutablePointer<dirent>) {
        // The name field has no address of its own in Swift: its offset does.
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return }
        let name = UnsafeRawPointer(entry) + offset
        let length = strlen(name.assumingMemoryBound(to: CChar.self))
        let first = name.load(as: UInt8.self)
        if first == UInt8(ascii: ".") {
            let isSelf = length == 1
            let isParent = length == 2 && name.load(fromByteOffset: 1, as: UInt8.self) == first
            if isSelf || isParent { return }
        }
        let kind: Kind
        switch Int(entry.pointee.d_type) {
        case Int(DT_REG): kind = .file
        case Int(DT_DIR): kind = .folder
        case Int(DT_UNKNOWN): kind = .unknown
        default:
            specialCount += 1
            return
        }
        append(UnsafeRawBufferPointer(start: name, count: length), kind: kind)
    }

    private func append(_ name: UnsafeRawBufferPointer, kind: Kind) {
        reserve(name.count + 1)
        UnsafeMutableRawBufferPointer(start: bytes + byteCount, count: name.count)
            .copyMemory(from: name)
        bytes.storeBytes(of: 0, toByteOffset: byteCount + name.count, as: UInt8.self)
        entries.append(
            Entry(start: UInt32(byteCount), length: UInt16(name.count), kind: kind))
        byteCount += name.count + 1
    }

    private func reserve(_ extra: Int) {
        guard byteCount + extra > capacity else { return }
        let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity * 2, alignment: 1)
        grown.copyMemory(from: bytes, byteCount: byteCount)
        bytes.deallocate()
        bytes = grown
        capacity *= 2
    }

    private func sort(_ order: Order) {
        let end: Int = order == .folders ? Int(UInt8(ascii: "/")) : -1
        let bytes = bytes
        entries.sort { a, b in
            let common = Int(min(a.length, b.length))
            let compared = memcmp(bytes + Int(a.start), bytes + Int(b.start), common)
            if compared != 0 { return compared < 0 }
            func next(_ entry: Entry) -> Int {
                guard Int(entry.length) > common else { return end }
                return Int(bytes.load(fromByteOffset: Int(entry.start) + common, as: UInt8.self))
            }
            return next(a) < next(b)
        }
    }

    /// The bytes of one name, valid until the next `read`; a NUL follows them.
    func name(_ entry: Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + Int(entry.start), count: Int(entry.length))
    }

    /// The same as a C string.
    func chars(_ entry: Entry) -> UnsafePointer<CChar> {
        UnsafePointer((bytes + Int(entry.start)).assumingMemoryBound(to: CChar.self))
    }
}
