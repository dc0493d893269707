import Columnar

/// A snapshot's manifest list: an Avro file with one record per manifest.
package enum ManifestList {
    /// The bytes of a list; `sync` has 16 random bytes.
    package static func write(
        _ manifests: [ManifestFile], snapshot: Snapshot, sync: [UInt8]
    ) throws(LakeError) -> [UInt8] {
        var avro = AvroContainerWriter(
            schema: ManifestSchema.list,
            metadata: [
                ("snapshot-id", String(snapshot.id)),
                ("parent-snapshot-id", snapshot.parentID.map(String.init) ?? "null"),
                ("sequence-number", String(snapshot.sequenceNumber)),
                ("format-version", "2"),
            ], sync: sync)
        for manifest in manifests {
            try avro.append { (encoder) throws(LakeError) in encode(manifest, to: &encoder) }
        }
        return try avro.finish()
    }

    private static func encode(_ manifest: ManifestFile, to encoder: inout AvroEncoder) {
        encoder.string(manifest.path)
        encoder.long(manifest.lengthBytes)
        encoder.long(Int64(manifest.specID))
        encoder.long(manifest.content.rawValue)
        encoder.long(manifest.sequenceNumber)
        encoder.long(manifest.minSequenceNumber)
        encoder.long(manifest.addedSnapshotID)
        for tally in [manifest.added, manifest.existing, manifest.deleted] {
            encoder.long(tally.files)
        }
        for tally in [manifest.added, manifest.existing, manifest.deleted] {
            encoder.long(tally.rows)
        }
        encoder.branch(isPresent: manifest.partitions != nil)
        if let partitions = manifest.partitions {
            encoder.beginArray(count: partitions.count)
            for summary in partitions {
                encoder.boolean(summary.containsNull)
                encoder.branch(isPresent: summary.containsNaN != nil)
                if let containsNaN = summary.containsNaN { encoder.boolean(containsNaN) }
                for bound in [summary.lower, summary.upper] {
                    encoder.branch(isPresent: bound != nil)
                    if let bound { encoder.blob(bound) }
                }
            }
            encoder.endArray()
        }
        encoder.branch(isPresent: manifest.keyMetadata != nil)
        if let keyMetadata = manifest.keyMetadata { encoder.blob(keyMetadata) }
    }

    /// Reads a list that anybody wrote; `path` is where it really lies.
    package static func read(_ bytes: [UInt8], path: String) throws(LakeError) -> [ManifestFile] {
        let avro = try AvroContainer(bytes, path: path)
        guard case .record(let fields) = avro.schema else {
            throw .corrupt(.init(path: path), reason: "a manifest list that is not of records")
        }
        var manifests: [ManifestFile] = []
        try avro.forEachRecord { (cursor) throws(LakeError) in
            manifests.append(try manifest(fields, &cursor))
        }
        return manifests
    }

    private static func manifest(
        _ fields: [AvroField], _ cursor: inout AvroCursor
    ) throws(LakeError) -> ManifestFile {
        var manifest = ManifestFile(
            path: "", lengthBytes: 0, specID: 0, sequenceNumber: 0, minSequenceNumber: 0,
            addedSnapshotID: 0)
        var countsFound = 0
        for field in fields {
            let type = field.schema
            let id = field.id ?? ids[field.name]
            switch id {
            case 500: manifest.path = try cursor.string(type) ?? ""
            case 507:
                manifest.partitions = try summaries(type, &cursor)
            case 519: manifest.keyMetadata = try cursor.blob(type).map { Array($0) }
            case 501, 502, 503, 515, 516, 517, 504, 505, 506, 512, 513, 514:
                guard let id, let number = try cursor.long(type) else { continue }
                if id == 504 || id == 505 { countsFound += 1 }
                try set(id, number, &manifest, cursor)
            default: try cursor.skip(type)
            }
        }
        manifest.hasCounts = countsFound == 2
        guard !manifest.path.isEmpty else { throw cursor.corrupt("a manifest without a path") }
        return manifest
    }

    private static func set(
        _ id: Int, _ number: Int64, _ manifest: inout ManifestFile, _ cursor: AvroCursor
    ) throws(LakeError) {
        switch id {
        case 501: manifest.lengthBytes = number
        case 502:
            guard let specID = Int32(exactly: number) else {
                throw cursor.corrupt("partition spec \(number)")
            }
            manifest.specID = Int(specID)
        case 503: manifest.addedSnapshotID = number
        case 515: manifest.sequenceNumber = number
        case 516: manifest.minSequenceNumber = number
        case 517:
            guard let content = ManifestFile.Content(rawValue: number) else {
                throw cursor.corrupt("manifest content \(number)")
            }
            manifest.content = content
        case 504: manifest.added.files = number
        case 505: manifest.existing.files = number
        case 506: manifest.deleted.files = number
        case 512: manifest.added.rows = number
        case 513: manifest.existing.rows = number
        default: manifest.deleted.rows = number
        }
        // Sums over manifests must not overflow, and no count is that great.
        let isCount = (504...506).contains(id) || (512...514).contains(id) || id == 501
        guard !isCount || (0...1 << 48).contains(number) else {
            throw cursor.corrupt("a count of \(number)")
        }
    }

    private static func summaries(
        _ schema: AvroSchema, _ cursor: inout AvroCursor
    ) throws(LakeError) -> [PartitionSummary]? {
        guard case (let item, var count)? = try cursor.beginArray(schema) else { return nil }
        guard case .record(let fields) = item else {
            throw cursor.corrupt("a partition summary that is no record")
        }
        var result: [PartitionSummary] = []
        while count > 0 {
            for _ in 0..<count {
                var summary = PartitionSummary(containsNull: true)
                for field in fields {
                    let type = field.schema
                    switch field.id ?? ids[field.name] {
                    case 509: summary.containsNull = try cursor.boolean(type) ?? true
                    case 518: summary.containsNaN = try cursor.boolean(type)
                    case 510: summary.lower = try cursor.blob(type).map { Array($0) }
                    case 511: summary.upper = try cursor.blob(type).map { Array($0) }
                    default: try cursor.skip(type)
                    }
                }
                result.append(summary)
            }
            count = try cursor.blockCount(item)
        }
        return result
    }

    /// For writers that left `field-id` out.
    private static let ids: [String: Int] = [
        "manifest_path": 500, "manifest_length": 501, "partition_spec_id": 502, "content": 517,
        "sequence_number": 515, "min_sequence_number": 516, "added_snapshot_id": 503,
        "added_files_count": 504, "existing_files_count": 505, "deleted_files_count": 506,
        "added_rows_count": 512, "existing_rows_count": 513, "deleted_rows_count": 514,
        "added_data_files_count": 504, "existing_data_files_count": 505,
        "deleted_data_files_count": 506, "partitions": 507, "key_metadata": 519,
        "contains_null": 509, "contains_nan": 518, "lower_bound": 510, "upper_bound": 511,
    ]
}
