import Columnar

/// Finds the files that only expired snapshots of a table used.
///
/// The rules come from deletions that destroyed live tables elsewhere (iceberg#2890, #4346, #4194): only
/// files that an expired snapshot names, only below the table's own folder, compared as resolved
/// paths, and never one that any snapshot still in the metadata names. Statistics files are left alone.
/// Files of GLACIER_IR lie in the table's folder of the cold tier.
package enum ExpiredFiles {
    /// Absolute paths that `old` uses and `new` does not, sorted; call it after `new` was published.
    ///
    /// Both are states of one table, `old` the earlier. The caller deletes, and must hold the lake's
    /// lock: a reader of `old` may still be at work, so snapshots expire days after they were replaced.
    ///
    /// - coldFolder: of the cold tier; its files may be archived ones by now, which the caller must look up.
    package static func between(
        _ old: IcebergTable, _ new: IcebergTable, coldFolder: String? = nil
    ) throws(LakeError) -> [String] {
        guard old.metadata.uuid == new.metadata.uuid else {
            throw .conflict(table: new.name)
        }
        let kept = Set(new.metadata.snapshots.map(\.id))
        let expired = old.metadata.snapshots.filter { !kept.contains($0.id) }
        var unused = try metadataFiles(old, without: new)
        if !expired.isEmpty {
            var live = Reachable()
            for snapshot in new.metadata.snapshots { try live.addManifests(of: snapshot, new) }
            var dead = Reachable()
            for snapshot in expired { try dead.addManifests(of: snapshot, old) }
            let deadManifests = dead.manifests.filter { live.manifests[$0.key] == nil }
            let candidates = try dataFiles(of: deadManifests, old)
            unused.formUnion(dead.lists.subtracting(live.lists))
            unused.formUnion(deadManifests.keys)
            if !candidates.isEmpty {
                unused.formUnion(candidates.subtracting(try dataFiles(of: live.manifests, new)))
            }
        }
        var own = [new.location.folder + "/"]
        if let coldFolder {
            own.append("\(coldFolder)/\(ColdTier.tableFolder)/\(new.name)/")
        }
        return unused.filter { path in
            own.contains { path.hasPrefix($0) } && !path.contains("/../")
        }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }

    /// Absolute paths of the data files that any snapshot of a table names.
    static func named(by table: IcebergTable) throws(LakeError) -> Set<String> {
        var live = Reachable()
        for snapshot in table.metadata.snapshots { try live.addManifests(of: snapshot, table) }
        return try dataFiles(of: live.manifests, table)
    }

    /// Metadata files that fell out of the log.
    private static func metadataFiles(
        _ old: IcebergTable, without new: IcebergTable
    ) throws(LakeError) -> Set<String> {
        var kept: Set<String> = []
        for entry in new.metadata.metadataLog { kept.insert(try new.location.resolve(entry.file)) }
        if let current = new.metadataLocation { kept.insert(try new.location.resolve(current)) }
        var unused: Set<String> = []
        for entry in old.metadata.metadataLog {
            let path = try old.location.resolve(entry.file)
            if !kept.contains(path) { unused.insert(path) }
        }
        return unused
    }

    private static func dataFiles(
        of manifests: [String: ManifestFile], _ table: IcebergTable
    ) throws(LakeError) -> Set<String> {
        var paths: Set<String> = []
        for manifest in manifests.values where manifest.mayHaveLiveFiles {
            for entry in try table.entries(of: manifest) where entry.isLive {
                paths.insert(try table.location.resolve(entry.file.path))
            }
        }
        return paths
    }

    /// What some snapshots name, as absolute paths.
    private struct Reachable {
        var lists: Set<String> = []
        var manifests: [String: ManifestFile] = [:]

        mutating func addManifests(
            of snapshot: Snapshot, _ table: IcebergTable
        ) throws(LakeError) {
            lists.insert(try table.location.resolve(snapshot.manifestList))
            for manifest in try table.manifests(of: snapshot) {
                manifests[try table.location.resolve(manifest.path)] = manifest
            }
        }
    }
}
