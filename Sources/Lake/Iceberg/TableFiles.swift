import Columnar
import Glibc

/// The files that a table's metadata names, held against those that are there.
package struct TableFiles {
    /// Something that a snapshot names and that is not as it says.
    package struct Problem: Hashable, Sendable {
        package var path: String
        package var reason: String
        /// False: only an older snapshot needs it.
        package var isCurrent: Bool
    }

    package private(set) var problems: [Problem] = []
    /// Absolute paths of all files of all snapshots, manifests and metadata included.
    package private(set) var reachable: Set<String> = []
    /// Of the current snapshot, as its manifests say.
    package private(set) var liveRows: Int64 = 0
    package private(set) var liveFiles = 0
    package private(set) var liveBytes: Int64 = 0
    /// Files of any snapshot below `unmounted`.
    package private(set) var passedOver = 0

    private let table: IcebergTable
    private let unmounted: String?
    private let errorText: (LakeError) -> String
    /// Data files that were looked at for another snapshot.
    private var known: Set<String> = []

    /// Looks at every snapshot, the current one first; `errorText` words an error for a problem's reason.
    ///
    /// - unmounted: a folder whose files cannot be looked at now; nil: there is none.
    package init(
        _ table: IcebergTable, unmounted: String? = nil,
        errorText: @escaping (LakeError) -> String
    ) {
        self.table = table
        self.unmounted = unmounted
        self.errorText = errorText
        addMetadata()
        let current = table.metadata.currentSnapshot
        if let current { examine(current, isCurrent: true) }
        if current == nil, table.metadata.currentSnapshotID != nil {
            problems.append(
                Problem(
                    path: table.metadataLocation ?? table.name,
                    reason: "the current snapshot is not among the snapshots", isCurrent: true))
        }
        for snapshot in table.metadata.snapshots where snapshot.id != current?.id {
            examine(snapshot, isCurrent: false)
        }
    }

    private mutating func addMetadata() {
        let entries = table.metadata.metadataLog.map(\.file)
        for stored in entries + [table.metadataLocation].compactMap({ $0 }) {
            if let path = try? table.location.resolve(stored) { reachable.insert(path) }
        }
        let folder = table.location.folder + "/metadata"
        reachable.insert(folder + "/version-hint.text")
    }

    private mutating func examine(_ snapshot: Snapshot, isCurrent: Bool) {
        do throws(LakeError) {
            reachable.insert(try table.location.resolve(snapshot.manifestList))
            var rows: Int64 = 0
            var files: [String] = []
            var bytes: Int64 = 0
            for manifest in try table.manifests(of: snapshot) {
                for file in try live(manifest, isCurrent: isCurrent) {
                    rows &+= file.recordCount
                    bytes &+= file.fileSizeBytes
                    files.append(file.path)
                }
            }
            if isCurrent { (liveRows, liveFiles, liveBytes) = (rows, files.count, bytes) }
            if Set(files).count != files.count {
                add(snapshot.manifestList, "it names a file twice", isCurrent)
            }
            compare(snapshot, "total-records", rows, isCurrent)
            compare(snapshot, "total-data-files", Int64(files.count), isCurrent)
            compare(snapshot, "total-files-size", bytes, isCurrent)
        } catch {
            add(snapshot.manifestList, errorText(error), isCurrent)
        }
    }

    /// The live files of a manifest, each looked at.
    private mutating func live(
        _ manifest: ManifestFile, isCurrent: Bool
    ) throws(LakeError) -> [DataFile] {
        let path = try table.location.resolve(manifest.path)
        let isKnown = !reachable.insert(path).inserted
        if !isKnown { look(path, manifest.path, sizeBytes: manifest.lengthBytes, isCurrent) }
        guard manifest.mayHaveLiveFiles else { return [] }
        let files: [DataFile]
        do throws(LakeError) {
            files = try table.entries(of: manifest).filter(\.isLive).map(\.file)
        } catch {
            add(manifest.path, errorText(error), isCurrent)
            return []
        }
        if manifest.hasCounts, Int64(files.count) != manifest.added.files + manifest.existing.files
        {
            add(
                manifest.path, "it holds \(files.count) live files, its list says otherwise",
                isCurrent)
        }
        for file in files where known.insert(file.path).inserted {
            let path = try table.location.resolve(file.path)
            reachable.insert(path)
            look(path, file.path, sizeBytes: file.fileSizeBytes, isCurrent)
        }
        return files
    }

    private mutating func look(
        _ path: String, _ stored: String, sizeBytes: Int64, _ isCurrent: Bool
    ) {
        if let unmounted, path.hasPrefix(unmounted + "/") {
            passedOver += 1
            return
        }
        var status = stat()
        guard stat(path, &status) == 0 else {
            add(path, errno == ENOENT ? "the file is missing" : "errno \(errno)", isCurrent)
            return
        }
        if Int64(status.st_size) != sizeBytes {
            add(path, "it has \(status.st_size) bytes, the table says \(sizeBytes)", isCurrent)
        }
    }

    private mutating func compare(
        _ snapshot: Snapshot, _ key: String, _ found: Int64, _ isCurrent: Bool
    ) {
        guard let said = snapshot.summary[key].flatMap({ Int64($0) }), said != found else { return }
        add(
            snapshot.manifestList, "its files come to \(key) \(found), its snapshot says \(said)",
            isCurrent)
    }

    private mutating func add(_ path: String, _ reason: String, _ isCurrent: Bool) {
        problems.append(Problem(path: path, reason: reason, isCurrent: isCurrent))
    }
}
