import Columnar

/// The file of a table's metadata: `metadata/00003-<uuid>.metadata.json`, optionally gzipped by peers.
package enum MetadataFile {
    /// Reads the metadata file at an absolute path.
    package static func read(_ path: String) throws(LakeError) -> TableMetadata {
        guard !path.hasSuffix(".gz.metadata.json") else {
            throw .unsupported(.init(path: path), feature: "gzipped metadata")
        }
        let bytes = try DurableFile.read(path)
        _ = try Seal.check(json: bytes, path: path)
        return try TableMetadata(json: bytes, path: path)
    }

    /// The bytes of a metadata file, its checksum as the last member.
    static func bytes(of metadata: TableMetadata) -> [UInt8] {
        Seal.sealed(json: metadata.json())
    }

    /// The name of a version: five digits, so that names sort, and a random part.
    static func name(version: Int, uuid: String) -> String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            + "-\(uuid).metadata.json"
    }

    /// The number in a metadata file's name; nil in names that are not like ours.
    static func version(of location: String) -> Int? {
        let name = location.split(separator: "/").last ?? ""
        guard name.hasSuffix(".metadata.json"), let dash = name.firstIndex(of: "-") else {
            return nil
        }
        return Int(name[..<dash]).flatMap { (0...Int(Int32.max)).contains($0) ? $0 : nil }
    }

    /// What `version-hint.text` says of a metadata file: its name without the suffix.
    static func hint(of location: String) -> String {
        let name = location.split(separator: "/").last.map(String.init) ?? location
        return String(name.dropLast(".metadata.json".count))
    }
}
