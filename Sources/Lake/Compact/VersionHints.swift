/// Keeps each table's `version-hint.text` at what the catalog says.
///
/// The hint is written after the commit, for readers that open a folder without the catalog. A run that is
/// killed between the two leaves an older hint, or the hint's temporary file; the next run mends both.
struct VersionHints {
    let lake: String
    let database: Database

    /// Rewrites the hints that differ from the catalog; the caller holds the lake's lock.
    func mend() throws(LakeError) {
        let catalog = SQLCatalog(database)
        for table in try catalog.list() {
            let folder = "\(lake)/tables/\(table)/metadata"
            guard let location = try catalog.load(table), DurableFile.exists(folder) else {
                continue
            }
            let path = folder + "/version-hint.text"
            let temporary = path + ".tmp"
            if DurableFile.exists(temporary) { try DurableFile.remove(temporary) }
            let wanted = Array(MetadataFile.hint(of: location).utf8)
            let limit = wanted.count + 1
            let held =
                DurableFile.exists(path) ? try? DurableFile.read(path, limitBytes: limit) : nil
            if held != wanted {
                try DurableFile.write(wanted, to: path)
                try DurableFile.syncFolder(folder)
            }
        }
    }
}
