import Columnar
import Glibc

/// Where else the content of a damaged file is: what decides between lost and recoverable.
final class OtherCopies {
    /// What is known of the raw files of a partition's rows.
    private struct RawFiles {
        var there = 0
        var packed = 0
        var gone = 0

        var isWhole: Bool { gone == 0 && there + packed > 0 }

        var text: String {
            var parts: [String] = []
            if there > 0 { parts.append("\(there) in the raw folder") }
            if packed > 0 { parts.append("\(packed) in packs") }
            if gone > 0 { parts.append("\(gone) gone") }
            return parts.isEmpty
                ? "no raw file of its rows is known"
                : "of the raw files of its rows are " + parts.joined(separator: ", ")
        }
    }

    private let lake: Lake
    private let nowMicros: Int64
    private let errorText: (LakeError) -> String
    /// By source and partition, once for each source.
    private var rawFiles: [Int64: [Int32?: RawFiles]] = [:]

    init(_ lake: Lake, nowMicros: Int64, errorText: @escaping (LakeError) -> String) {
        self.lake = lake
        self.nowMicros = nowMicros
        self.errorText = errorText
    }

    /// Puts what was found of a file into its class.
    func finding(_ target: ScrubTarget, _ reason: String) throws(LakeError) -> ScrubReport.Finding {
        func finding(
            _ damage: ScrubReport.Damage, _ elsewhere: String?, _ remedy: String
        ) -> ScrubReport.Finding {
            ScrubReport.Finding(
                damage: damage, kind: target.kind, path: target.path,
                what: reason + (elsewhere.map { "; \($0)" } ?? ""), remedy: remedy)
        }
        switch target.kind {
        case .database:
            return finding(
                .recoverable, nil, "lake rebuild makes a new one from the tables and catalogs")
        case .catalog:
            return finding(.recoverable, nil, "the next sweep writes a new one: nothing")
        case .metadata, .manifests:
            if target.isHistory {
                return finding(
                    .recoverable, "only an older snapshot needs it", "nothing: it expires")
            }
            return try metadata(target) { finding($0, $1, $2) }
        case .data: return try data(target) { finding($0, $1, $2) }
        case .cold: return try cold(target) { finding($0, $1, $2) }
        case .packs: return try pack(target) { finding($0, $1, $2) }
        }
    }

    private typealias Word = (ScrubReport.Damage, String?, String) -> ScrubReport.Finding

    private func metadata(
        _ target: ScrubTarget, _ word: Word
    ) throws(LakeError) -> ScrubReport.Finding {
        let table = target.table ?? ""
        let adoption = TableAdoption(
            folder: "\(lake.path)/tables/\(table)", name: table, errorText: errorText)
        if case .table = try adoption.newest() {
            return word(
                .recoverable, "an older state of \(table) is whole",
                "restore it from a copy; else lake rebuild --force adopts that state, and "
                    + "lake compact adds what came later")
        }
        let raw = try rawFiles(table: table, partition: nil, isWholeTable: true)
        return word(
            raw.isWhole ? .recoverable : .lost, raw.text,
            "restore it from a copy; else lake rebuild --force and lake compact make the table anew "
                + "from raw files")
    }

    private func data(
        _ target: ScrubTarget, _ word: Word
    ) throws(LakeError) -> ScrubReport.Finding {
        let table = target.table ?? ""
        if let source = try Sources.known(table, lake.database) {
            let copies = try RestoredFiles.list(lake.database, source: source)
            let open = try IcebergTable.open(table, in: lake.catalog, lakeFolder: lake.path)
            for copy in copies where try open.location.resolve(copy.path) == target.path {
                return word(
                    .recoverable, "it is a temporary copy of archived rows",
                    "lake restore \(table) once more, when it has expired")
            }
        }
        let raw = try rawFiles(table: table, partition: target.partition)
        return word(
            raw.isWhole ? .recoverable : .lost, raw.text,
            "restore it from a copy; else lake rebuild --force and lake compact make the table anew "
                + "from the raw files")
    }

    private func cold(
        _ target: ScrubTarget, _ word: Word
    ) throws(LakeError) -> ScrubReport.Finding {
        let table = target.table ?? ""
        guard case .cold(_, let rowCount) = target.expectation else {
            preconditionFailure("a cold file without its digest")
        }
        let open = try? IcebergTable.open(table, in: lake.catalog, lakeFolder: lake.path)
        if let open, let path = try original(target, rowCount: rowCount, open) {
            return word(
                .recoverable, "its original is still there: \(path)",
                "copy that over it before it expires, and verify again")
        }
        if let source = try Sources.known(table, lake.database) {
            let copies = try RestoredFiles.list(lake.database, source: source).filter {
                $0.partition == target.partition && nowMicros < $0.expiresMicros
            }
            if copies.reduce(0, { $0 + $1.rowCount }) >= rowCount {
                return word(
                    .recoverable, "its rows are in the table as restored copies",
                    "read them out before they expire: lake query … -o FILE")
            }
        }
        let raw = try rawFiles(table: table, partition: target.partition)
        return word(
            raw.isWhole ? .recoverable : .lost, raw.text,
            "restore it from a copy; else bring its raw files back (lake restore --raw --to the raw "
                + "folder), then lake rebuild --force and lake compact")
    }

    /// The file that was archived, as long as an older snapshot names it; nil if it is gone.
    private func original(
        _ target: ScrubTarget, rowCount: Int64, _ table: IcebergTable
    ) throws(LakeError) -> String? {
        for snapshot in table.metadata.snapshots {
            guard let files = try? TableSnapshot(table: table, snapshot: snapshot).liveFiles()
            else { continue }
            for live in files
            where live.file.recordCount == rowCount && live.file.fileSizeBytes == target.sizeBytes {
                let path = try table.location.resolve(live.file.path)
                if path != target.path, digest(path) == digest(of: target) { return path }
            }
        }
        return nil
    }

    private func digest(of target: ScrubTarget) -> [UInt8]? {
        if case .cold(let sha256, _) = target.expectation { sha256 } else { nil }
    }

    private func digest(_ path: String) -> [UInt8]? {
        try? FileDigest.ofFile(path, isCancelled: { false }).sha256
    }

    private func pack(
        _ target: ScrubTarget, _ word: Word
    ) throws(LakeError) -> ScrubReport.Finding {
        let table = target.table ?? ""
        // A pack of files of many records does not say its days.
        let statement = try lake.database.prepare(
            """
            SELECT EXISTS (SELECT 1 FROM cold_files c WHERE c.source = p.source
                AND (d.is_unknown OR c.partition BETWEEN p.first_partition AND p.last_partition)),
              p.first_partition, p.last_partition, p.file_count, d.is_unknown
            FROM packs p JOIN (SELECT id,
                ?2 OR NOT coalesce(first_partition <= last_partition, 0) AS is_unknown
              FROM packs) d ON d.id = p.id
            WHERE p.path = ?1
            """)
        try statement.bind(isOfManyRecords(table) ? 1 : 0, at: 2)
        try statement.bind(String(target.name.dropFirst(ScrubTarget.coldPrefix.count)), at: 1)
        var hasRows = false
        var files: Int64 = 0
        if try statement.step() {
            hasRows = statement.integer(0) != 0
            files = statement.integer(3)
            let (first, last) = (statement.integer(1), statement.integer(2))
            let isUnknown = statement.integer(4) != 0
            statement.reset()
            let open = try? IcebergTable.open(table, in: lake.catalog, lakeFolder: lake.path)
            for live in (try? open?.currentSnapshot?.liveFiles()) ?? [] {
                if isUnknown {
                    hasRows = true
                } else if case .int(let value)? = live.file.partition.first, first <= value,
                    value <= last
                {
                    hasRows = true
                }
            }
        }
        return word(
            hasRows ? .recoverable : .lost,
            hasRows
                ? "the rows of its \(files) raw files are in Parquet, but what is damaged of them cannot be "
                    + "restored byte for byte"
                : "no Parquet holds the rows of its \(files) raw files",
            "restore it from a copy")
    }

    // MARK: Raw files

    private func rawFiles(
        table: String, partition: Int32?, isWholeTable: Bool = false
    ) throws(LakeError) -> RawFiles {
        guard let source = try Sources.known(table, lake.database) else { return RawFiles() }
        if rawFiles[source] == nil { rawFiles[source] = try count(source) }
        let known = rawFiles[source] ?? [:]
        guard isWholeTable || isOfManyRecords(table) else { return known[partition] ?? RawFiles() }
        return known.values.reduce(into: RawFiles()) { sum, files in
            sum.there += files.there
            sum.packed += files.packed
            sum.gone += files.gone
        }
    }

    /// The state knows partitions of records only within their files.
    private func isOfManyRecords(_ table: String) -> Bool {
        ((try? lake.definition(of: table)) ?? nil)?.raw.format.holdsMany == true
    }

    private func count(_ source: Int64) throws(LakeError) -> [Int32?: RawFiles] {
        var counts: [Int32?: RawFiles] = [:]
        let walk = try RememberedFiles(lake.database, source: source)
        while let file = try walk.next() {
            let flags = file.state.flags
            guard flags.contains(.hasRow), !flags.contains(.isExpired) else { continue }
            let partition = file.state.partition
            if flags.contains(.isVanished) {
                counts[partition, default: RawFiles()].gone += 1
            } else if flags.contains(.isCold), !flags.contains(.isReturned) {
                counts[partition, default: RawFiles()].packed += 1
            } else {
                counts[partition, default: RawFiles()].there += 1
            }
        }
        return counts
    }
}
