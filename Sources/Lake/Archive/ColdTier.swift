import Columnar
import Glibc

/// The cold tier: a folder of its own, perhaps on another file system, that holds what was archived.
///
/// ```
/// COLD/
///   .lake-cold                                  marker with the lake's identity
///   tables/NAME/PARTITION/RUN-n.parquet         rows that left their table's snapshot, and GLACIER_IR
///   packs/NAME/2026-01/BUCKET-RUN.json.zst      raw files
///   catalog/00000057-000001-RUN.json            what lake.db knows of all this: `ColdCatalog`
/// ```
/// Without its marker the folder is taken for an unmounted disk: nothing is written, deleted or concluded.
/// Every file bears the name (UUID) of the run that wrote it, so that a crashed run's are found.
package struct ColdTier: Sendable {
    /// Absolute, without a slash at the end.
    package let path: String
    package let settings: ColdSettings
    /// What the marker must hold.
    private let identity: String

    package static let markerName = ".lake-cold"
    /// Beside the tables of a lake that names no other folder.
    package static let standardFolder = "cold"
    static let tableFolder = "tables"
    static let packFolder = "packs"

    /// The cold tier of a lake as its `cold.json` says; not looked at yet.
    package init(lake: String, database: Database) throws(LakeError) {
        settings = try ColdSettings.read(lake: lake)
        path = settings.folder(ofLake: lake)
        let seed = try Settings.get(.keySeed, database) ?? ""
        let digest = SHA256.digest(Array("cold tier of \(seed)".utf8)).prefix(16)
        identity = digest.map { byte in
            let digits = Array("0123456789abcdef")
            return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }.joined()
    }

    /// Whether anything is filed that lies here: then a folder without marker is an unmounted disk.
    func isKnown(_ database: Database) throws(LakeError) -> Bool {
        guard database.version >= ColdFiles.version else { return false }
        let filed = try database.integer(
            """
            SELECT EXISTS (SELECT 1 FROM cold_files WHERE place = 'cold')
              + EXISTS (SELECT 1 FROM packs)
            """)
        return filed > 0
    }

    /// Whether an absolute path lies in the folder.
    func holds(_ absolute: String) -> Bool { absolute.hasPrefix(path + "/") }

    /// Whether a lake's cold tier has a marker, whosesoever; its folder if not.
    static func unmarkedFolder(ofLake lake: String) throws(LakeError) -> String? {
        let folder = try ColdSettings.read(lake: lake).folder(ofLake: lake)
        return try DurableFile.isThere("\(folder)/\(markerName)") ? nil : folder
    }

    /// The absolute path of a file of the cold tier.
    package func absolute(_ relative: String) -> String { "\(path)/\(relative)" }

    /// Whether the folder is there and ours; throws `invalidLocation` if it is another lake's.
    package func isMounted() throws(LakeError) -> Bool {
        let marker = absolute(Self.markerName)
        guard try DurableFile.isThere(marker) else { return false }
        let bytes = try DurableFile.read(marker, limitBytes: 4_096)
        guard String(decoding: bytes, as: UTF8.self) == identity + "\n" else {
            throw .invalidLocation(path: path, reason: "it is the cold tier of another lake")
        }
        return true
    }

    /// Throws `invalidLocation` where the folder's files cannot be counted on.
    package func requireMounted() throws(LakeError) {
        guard try isMounted() else {
            throw .invalidLocation(
                path: path,
                reason: "its marker \(Self.markerName) is gone: is the cold tier mounted?")
        }
    }

    /// Makes sure that files can be written: makes a folder that holds nothing yet ours.
    ///
    /// - isKnown: whether anything was ever archived, so that an empty folder is an unmounted one.
    package func prepare(isKnown: Bool) throws(LakeError) {
        if isKnown {
            try requireMounted()
        } else {
            try DurableFile.makeFolder(path)
            if try !isMounted() {
                try DurableFile.write(Array("\(identity)\n".utf8), to: absolute(Self.markerName))
                try DurableFile.syncFolder(path)
            }
        }
        guard access(path, W_OK) == 0 else {
            let number = errno
            if number == EROFS {
                throw .invalidLocation(path: path, reason: "the cold tier is mounted read-only")
            }
            throw .io(operation: "write to the cold tier", path: path, errorNumber: number)
        }
    }
}
