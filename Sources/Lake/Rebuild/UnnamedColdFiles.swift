import Glibc

/// What lies in the cold tier of a lake whose `lake.db` is made anew, and whom the folder belongs to.
struct UnnamedColdFiles {
    let lake: String
    let database: Database

    /// Makes the folder's marker say what the new database expects, where that may be done.
    ///
    /// The folder in the lake is nobody else's. Of another one with a marker nothing can be said without the old
    /// seed: throws `invalidLocation`; one with files and without a marker is believed to be meant.
    func claim(isSeedKnown: Bool) throws(LakeError) {
        let tier = try ColdTier(lake: lake, database: database)
        let marker = tier.absolute(ColdTier.markerName)
        let isMarked = try DurableFile.isThere(marker)
        if tier.settings.folder == nil {
            guard isMarked, (try? tier.isMounted()) != true else { return }
            try DurableFile.remove(marker)
            return try tier.prepare(isKnown: false)
        }
        guard !isSeedKnown else { return }
        guard !isMarked else {
            throw .invalidLocation(
                path: tier.path,
                reason:
                    "no catalog says that it is the cold tier of this lake: if it is, remove its "
                    + "marker \(ColdTier.markerName) and rebuild once more")
        }
        if try !all(in: tier).isEmpty { try tier.prepare(isKnown: false) }
    }

    /// Absolute paths of the files that neither the database nor `named` names; none where it is not mounted.
    func paths(named: Set<String>) throws(LakeError) -> [String] {
        let tier = try ColdTier(lake: lake, database: database)
        guard (try? tier.isMounted()) == true else { return [] }
        var named = named
        for file in try ColdFiles.list(database, hasEntries: false) where file.place == .cold {
            named.insert(tier.absolute(file.path))
        }
        for pack in try Packs.list(database) { named.insert(tier.absolute(pack.path)) }
        return try all(in: tier).filter { !named.contains($0) }
    }

    /// Those of runs before the one that wrote the adopted catalog: it would name what is still needed.
    static func expired(_ paths: [String], beforeMicros: Int64) -> [String] {
        paths.filter { path in
            var status = stat()
            guard Orphans.isOurs(path) || Orphans.isOurPack(path), lstat(path, &status) == 0
            else { return false }
            return Int64(status.st_mtim.tv_sec) &* 1_000_000 < beforeMicros
        }
    }

    /// Whether a pack of the catalog is not there, or packs are there without any catalog.
    static func arePacksLost(_ cold: ColdAdoption?, lake: String) throws(LakeError) -> Bool {
        if let cold { return cold.lacksPacks }
        let tier = try ColdSettings.read(lake: lake).folder(ofLake: lake)
        return try !FolderNames.allFiles(below: "\(tier)/\(ColdTier.packFolder)").isEmpty
    }

    private func all(in tier: ColdTier) throws(LakeError) -> [String] {
        var paths: [String] = []
        for folder in [ColdTier.tableFolder, ColdTier.packFolder] {
            paths += try FolderNames.allFiles(below: tier.absolute(folder))
        }
        return paths
    }
}
