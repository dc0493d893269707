import Glibc

/// Files below the tables that nothing names: of crashed runs, or of other programs at work.
enum Orphans {
    /// A file that nothing names.
    struct Orphan: Hashable, Sendable {
        var path: String
        var sizeBytes: Int64
        var modifiedMicros: Int64
    }

    /// The files below a table's folder that are not among `named`, in order.
    static func below(_ folder: String, named: Set<String>) throws(LakeError) -> [Orphan] {
        var orphans: [Orphan] = []
        for path in try FolderNames.allFiles(below: folder) where !named.contains(path) {
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            let micros = Int64(status.st_mtim.tv_sec) &* 1_000_000
            orphans.append(
                Orphan(path: path, sizeBytes: Int64(status.st_size), modifiedMicros: micros))
        }
        return orphans
    }

    /// Whether a file is named as our runs name theirs: `<uuid>-00007.parquet`, `<uuid>-m0.avro`,
    /// `snap-<number>-0-<uuid>.avro`, `00003-<uuid>.metadata.json`, each also with `.tmp`.
    static func isOurs(_ path: String) -> Bool {
        var name = (path.split(separator: "/").last ?? "")[...]
        if name.hasSuffix(".tmp") { name = name.dropLast(4) }
        if name.hasSuffix(".parquet") {
            let digits = name.dropLast(".parquet".count).suffix(5)
            return isIdentity(name.prefix(36)) && name.count == 36 + 1 + 5 + 8
                && digits.allSatisfy(\.isNumber)
        }
        if name.hasSuffix(".metadata.json") {
            return isIdentity(name.dropLast(".metadata.json".count).suffix(36))
        }
        guard name.hasSuffix(".avro") else { return false }
        let stem = name.dropLast(".avro".count)
        return isIdentity(stem.prefix(36)) || stem.hasPrefix("snap-") && isIdentity(stem.suffix(36))
    }

    /// Whether a file is named as our packs: `<bucket>-<uuid>.json.zst`, also with `.tmp`.
    static func isOurPack(_ path: String) -> Bool {
        var name = (path.split(separator: "/").last ?? "")[...]
        if name.hasSuffix(".tmp") { name = name.dropLast(4) }
        guard name.hasSuffix(PackFormat.nameEnd) else { return false }
        return isIdentity(name.dropLast(PackFormat.nameEnd.count).suffix(36))
    }

    /// Whether a text is a UUID in lower case.
    private static func isIdentity(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return false }
        return bytes.enumerated().allSatisfy { index, byte in
            [8, 13, 18, 23].contains(index)
                ? byte == UInt8(ascii: "-")
                : (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
        }
    }
}
