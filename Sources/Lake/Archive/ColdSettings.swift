import Columnar

/// How fast a restore is asked for: S3's tiers.
package enum RestoreTier: String, CaseIterable, Sendable {
    case expedited, standard, bulk
}

/// What `cold.json` beside the schema files says of the cold tier; all of it has defaults.
///
/// ```
/// { "folder": "/mnt/glacier",
///   "delays": { "GLACIER": { "standard": "4h", "bulk": "12h" }, "DEEP_ARCHIVE": { "standard": "12h" } },
///   "packs": { "zstd_level": 9, "buckets": 64 } }
/// ```
/// A delay is a number with s, m, h or d; what is not said takes no time, as a local disk.
package struct ColdSettings: Hashable, Sendable {
    /// Absolute; nil: `cold` in the lake's folder.
    package var folder: String?
    private var delays: [StorageClass: [RestoreTier: Int64]] = [:]
    package var packLevel = 9
    /// At most so many packs a month and sweep: an account's files lie in one of them.
    package var buckets = 64

    package static let fileName = "cold.json"

    package init() {}

    /// The cold tier's folder, absolute: that of the lake itself if no other is named.
    func folder(ofLake lake: String) -> String {
        folder ?? "\(lake)/\(ColdTier.standardFolder)"
    }

    /// How long a restore takes until its rows are there, in microseconds.
    package func delayMicros(_ storage: StorageClass, _ tier: RestoreTier) -> Int64 {
        delays[storage]?[tier] ?? 0
    }

    /// The settings of a lake; the defaults if it has no such file.
    ///
    /// Throws `schemaFile` with all mistakes.
    static func read(lake: String) throws(LakeError) -> ColdSettings {
        let path = "\(lake)/\(fileName)"
        guard try DurableFile.isThere(path) else { return ColdSettings() }
        let root = try parseJSON(
            DurableFile.read(path, limitBytes: Limits.schemaFileBytes), path: path)
        var reader = DefinitionReader(zoneFolder: "")
        let settings = reader.coldSettings(root)
        guard reader.mistakes.isEmpty else {
            throw .schemaFile(path: path, mistakes: reader.mistakesInFileOrder)
        }
        return settings
    }

    fileprivate mutating func setDelay(
        _ storage: StorageClass, _ tier: RestoreTier, micros: Int64
    ) {
        delays[storage, default: [:]][tier] = micros
    }
}

extension DefinitionReader {
    fileprivate mutating func coldSettings(_ root: JSONValue) -> ColdSettings {
        var settings = ColdSettings()
        guard isObject(root, "cold.json") else { return settings }
        checkKeys(root, ["folder", "delays", "packs"], of: "cold.json")
        settings.folder = string(root, "folder")
        if let folder = settings.folder, folder.utf8.first != UInt8(ascii: "/") {
            report(root["folder"] ?? root, "\"folder\" must be an absolute path", nil)
        }
        if let folder = settings.folder, folder.utf8.count > 1, folder.hasSuffix("/") {
            settings.folder = String(folder.dropLast())
        }
        delays(root, into: &settings)
        if let packs = root["packs"], isObject(packs, "\"packs\"") {
            checkKeys(packs, ["zstd_level", "buckets"], of: "packs")
            settings.packLevel = integer(packs, "zstd_level", in: 1...22) ?? settings.packLevel
            settings.buckets = integer(packs, "buckets", in: 1...1_024) ?? settings.buckets
        }
        return settings
    }

    private mutating func delays(_ root: JSONValue, into settings: inout ColdSettings) {
        guard let delays = root["delays"], isObject(delays, "\"delays\"") else { return }
        let classes: [StorageClass] = [.glacier, .deepArchive]
        checkKeys(delays, classes.map(\.rawValue), of: "delays")
        for storage in classes {
            guard let tiers = delays[storage.rawValue],
                isObject(tiers, "the delays of \(storage.rawValue)")
            else { continue }
            checkKeys(tiers, RestoreTier.allCases.map(\.rawValue), of: storage.rawValue)
            for tier in RestoreTier.allCases {
                guard let value = tiers[tier.rawValue],
                    let text = string(tiers, tier.rawValue)
                else { continue }
                guard let micros = Self.micros(of: text) else {
                    report(value, "\"\(text)\" is no time", "a number with s, m, h or d: 4h")
                    continue
                }
                settings.setDelay(storage, tier, micros: micros)
            }
        }
    }

    private static func micros(of text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()),
            (0...100_000).contains(number)
        else { return nil }
        return number * unit * 1_000_000
    }
}
