import Columnar
import Glibc

/// The cold tier against what is known of it: its files with their sizes, copies, amendments, orphans.
extension Doctor {
    func examineCold(_ database: Database, _ diagnosis: inout Diagnosis) throws(LakeError) {
        guard database.version >= ColdFiles.version else { return }
        let tier = try ColdTier(lake: lake, database: database)
        let files = try ColdFiles.list(database)
        let packs = try packFiles(database)
        diagnosis.facts.coldFiles = files.count
        diagnosis.facts.coldRows = files.reduce(0) { $0 &+ $1.rowCount }
        diagnosis.facts.packs = packs.count
        diagnosis.facts.coldBytes =
            files.reduce(0) { $0 &+ $1.sizeBytes } &+ packs.reduce(0) { $0 &+ $1.sizeBytes }
        let isMounted = try tier.isMounted()
        if !isMounted, diagnosis.isColdTierNeeded || !files.isEmpty {
            diagnosis.add(
                .warning, tier.path,
                "the cold tier is not mounted: none of its files was looked at",
                advice: "mount it; queries skip what is archived, sweeps and restores wait")
        }
        var named = diagnosis.reachable
        for file in files {
            let path =
                file.place == .cold ? tier.absolute(file.path) : "\(lake)/\(file.path)"
            named.insert(path)
            guard isMounted || file.place == .lake else { continue }
            look(path, file.sizeBytes, advice: Self.coldAdvice, &diagnosis)
        }
        for pack in packs { named.insert(tier.absolute(pack.path)) }
        try examineEntries(files, database, &diagnosis)
        try examineCopies(database, files, &diagnosis)
        examineAmendments(files, &diagnosis)
        if isMounted { try examineColdOrphans(tier, named, database, &diagnosis) }
    }

    /// Every pack that is filed, dropped ones too.
    private func packFiles(
        _ database: Database
    ) throws(LakeError) -> [(path: String, sizeBytes: Int64)] {
        let statement = try database.prepare("SELECT path, size_bytes FROM packs ORDER BY id")
        var files: [(path: String, sizeBytes: Int64)] = []
        while try statement.step() { files.append((statement.text(0), statement.integer(1))) }
        return files
    }

    static let coldAdvice =
        "restore it from a copy; lake verify says where else its rows are"

    private func look(
        _ path: String, _ sizeBytes: Int64, advice: String, _ diagnosis: inout Diagnosis
    ) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            diagnosis.add(
                .damage, path, errno == ENOENT ? "the file is missing" : "errno \(errno)",
                advice: advice)
            return
        }
        guard Int64(status.st_size) != sizeBytes else { return }
        diagnosis.add(
            .damage, path, "it has \(status.st_size) bytes, lake.db says \(sizeBytes)",
            advice: advice)
    }

    /// What is remembered for pruning can be read.
    private func examineEntries(
        _ files: [ColdFiles.Record], _ database: Database, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let catalog = SQLCatalog(database)
        let names = try Sources.names(database)
        for (source, files) in Dictionary(grouping: files, by: \.source) {
            guard let name = names[source],
                let table = try? IcebergTable.open(name, in: catalog, lakeFolder: lake)
            else {
                diagnosis.add(
                    .damage, database.path,
                    "\(files.count) archived files are of a table that is not there",
                    advice: "lake rebuild --force adopts tables and archive anew")
                continue
            }
            for file in files {
                do throws(LakeError) {
                    _ = try DataFileBytes.decode(
                        file.entry, specID: file.specID, metadata: table.metadata, path: file.path)
                } catch {
                    try report(
                        error, at: file.path,
                        advice: "nothing is lost, queries only prune less; restore lake.db from a "
                            + "copy, or lake rebuild --force", &diagnosis)
                }
            }
        }
    }

    /// Each temporary copy is in its table's snapshot, and of rows that are archived.
    private func examineCopies(
        _ database: Database, _ files: [ColdFiles.Record], _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let copies = try RestoredFiles.list(database)
        guard !copies.isEmpty else { return }
        let catalog = SQLCatalog(database)
        let names = try Sources.names(database)
        var live: [Int64: Set<String>] = [:]
        for copy in copies {
            if live[copy.source] == nil, let name = names[copy.source] {
                let table = try? IcebergTable.open(name, in: catalog, lakeFolder: lake)
                let paths = (try? table?.currentSnapshot?.liveFiles().map(\.file.path)) ?? []
                live[copy.source] = Set(paths)
            }
            if live[copy.source]?.contains(copy.path) != true {
                diagnosis.add(
                    .damage, copy.path, "it is known as a restored copy, and no snapshot names it",
                    advice: "nothing is lost: the rows are archived; lake restore them once more")
            } else if !files.contains(where: {
                $0.source == copy.source && $0.partition == copy.partition
            }) {
                diagnosis.add(
                    .damage, copy.path,
                    "it is known as a restored copy, and nothing of its partition is archived",
                    advice:
                        "its rows would go when it expires: keep a copy of the file, and report "
                        + "it as a defect")
            } else if isOld(micros: copy.expiresMicros) {
                diagnosis.add(
                    .warning, copy.path, "the restored copy has expired and is still there",
                    advice: "the next lake sweep or lake compact takes it out; queries pass it over"
                )
            }
        }
    }

    /// What an amendment amends is archived too.
    private func examineAmendments(
        _ files: [ColdFiles.Record], _ diagnosis: inout Diagnosis
    ) {
        struct Place: Hashable {
            var source: Int64
            var partition: Int32?
        }
        let archived = Set(
            files.filter { $0.kind == .partition }.map {
                Place(source: $0.source, partition: $0.partition)
            })
        for file in files where file.kind == .amendment {
            let place = Place(source: file.source, partition: file.partition)
            guard !archived.contains(place) else { continue }
            diagnosis.add(
                .warning, file.path, "it amends a partition of which nothing is archived",
                advice: "nothing: a restore brings its rows back like others")
        }
    }

    private func examineColdOrphans(
        _ tier: ColdTier, _ named: Set<String>, _ database: Database,
        _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let retired = Set(try RetiredFiles.due(database, beforeMicros: .max))
        var orphans: [Orphans.Orphan] = []
        for folder in [ColdTier.tableFolder, ColdTier.packFolder] {
            orphans += try Orphans.below(tier.absolute(folder), named: named.union(retired))
        }
        orphans.removeAll { !isOld(micros: $0.modifiedMicros) }
        guard let first = orphans.first else { return }
        let bytes = orphans.reduce(Int64(0)) { $0 &+ $1.sizeBytes }
        diagnosis.add(
            .warning, first.path,
            orphans.count == 1
                ? "lake.db does not know the file (\(bytes) bytes)"
                : "lake.db does not know it, nor \(orphans.count - 1) other files of the cold tier "
                    + "(\(bytes) bytes)",
            advice: "of a killed sweep the next one removes them; others are nobody's")
    }
}
