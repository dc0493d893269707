import Columnar

/// Reads manifests that anybody wrote: any field order, missing optional fields, any of three codecs.
///
/// Fields are found by `field-id`. Sequence numbers and snapshot ids that a writer left to inheritance
/// come from the manifest list. Refuses delete files and formats other than Parquet.
package struct ManifestReader {
    private let manifest: ManifestFile
    private let path: String
    private let spec: PartitionSpec
    private let types: [DataType]

    /// For one line of a manifest list; `path` is where the manifest really lies.
    package init(
        _ manifest: ManifestFile, path: String, metadata: TableMetadata
    ) throws(LakeError) {
        guard manifest.content == .data else {
            throw .unsupported(.init(path: path), feature: "Iceberg delete files")
        }
        guard let spec = metadata.partitionSpec(id: manifest.specID) else {
            throw .corrupt(
                .init(path: path), reason: "no partition spec \(manifest.specID) in the metadata")
        }
        self.manifest = manifest
        self.path = path
        self.spec = spec
        types = metadata.resultTypes(of: spec)
    }

    /// For data files of one spec that lie outside of manifests.
    init(spec: PartitionSpec, types: [DataType], path: String) {
        manifest = ManifestFile(
            path: path, lengthBytes: 0, specID: spec.id, sequenceNumber: 0, minSequenceNumber: 0,
            addedSnapshotID: 0)
        self.path = path
        self.spec = spec
        self.types = types
    }

    /// All entries, deleted ones too, in writing order.
    package func entries(_ bytes: [UInt8]) throws(LakeError) -> [ManifestEntry] {
        let avro = try AvroContainer(bytes, path: path)
        guard case .record(let fields) = avro.schema else {
            throw .corrupt(.init(path: path), reason: "a manifest that is not of records")
        }
        var entries: [ManifestEntry] = []
        try avro.forEachRecord { (cursor) throws(LakeError) in
            entries.append(try entry(fields, &cursor))
        }
        return entries
    }

    private func entry(
        _ fields: [AvroField], _ cursor: inout AvroCursor
    ) throws(LakeError) -> ManifestEntry {
        var status: EntryStatus?
        var snapshotID: Int64?
        var sequenceNumber: Int64?
        var fileSequenceNumber: Int64?
        var file: DataFile?
        for field in fields {
            switch field.id ?? Self.ids[field.name] {
            case 0: status = try cursor.long(field.schema).flatMap(EntryStatus.init)
            case 1: snapshotID = try cursor.long(field.schema)
            case 3: sequenceNumber = try cursor.long(field.schema)
            case 4: fileSequenceNumber = try cursor.long(field.schema)
            case 2: file = try dataFile(field.schema, &cursor)
            default: try cursor.skip(field.schema)
            }
        }
        guard let status, let file else {
            throw cursor.corrupt("a manifest entry without status or data file")
        }
        // Only ADDED entries may inherit; 0 is what version 1 files have.
        let inherited = status == .added ? manifest.sequenceNumber : 0
        return ManifestEntry(
            status: status, snapshotID: snapshotID ?? manifest.addedSnapshotID,
            sequenceNumber: sequenceNumber ?? inherited,
            fileSequenceNumber: fileSequenceNumber ?? sequenceNumber ?? inherited, file: file)
    }

    /// The data file at the cursor.
    func dataFile(
        _ schema: AvroSchema, _ cursor: inout AvroCursor
    ) throws(LakeError) -> DataFile {
        guard case .record(let fields) = schema else {
            throw cursor.corrupt("a data file that is no record")
        }
        var file = DataFile(
            path: "", specID: spec.id, partition: spec.fields.map { _ in .null },
            recordCount: -1, fileSizeBytes: -1)
        for field in fields {
            let type = field.schema
            switch field.id ?? Self.ids[field.name] {
            case 134:
                guard try cursor.long(type) ?? 0 == 0 else {
                    throw .unsupported(.init(path: path), feature: "Iceberg delete files")
                }
            case 100: file.path = try cursor.string(type) ?? ""
            case 101:
                let format = try cursor.string(type) ?? ""
                guard format.lowercased() == "parquet" else {
                    throw .unsupported(.init(path: path), feature: "data files in \(format)")
                }
            case 102: file.partition = try partition(type, &cursor)
            case 103: file.recordCount = try cursor.long(type) ?? -1
            case 104: file.fileSizeBytes = try cursor.long(type) ?? -1
            case 108: file.columnSizes = try counts(type, &cursor)
            case 109: file.valueCounts = try counts(type, &cursor)
            case 110: file.nullCounts = try counts(type, &cursor)
            case 137: file.nanCounts = try counts(type, &cursor)
            case 125: file.lowerBounds = try bounds(type, &cursor)
            case 128: file.upperBounds = try bounds(type, &cursor)
            case 132: file.splitOffsets = try longs(type, &cursor)
            case 140:
                file.sortOrderID = try cursor.long(type).flatMap { Int32(exactly: $0) }
                    .map(Int.init)
            default: try cursor.skip(type)
            }
        }
        guard !file.path.isEmpty, file.recordCount >= 0, file.fileSizeBytes >= 0 else {
            throw cursor.corrupt("a data file without path, row count or size")
        }
        return file
    }

    private func partition(
        _ schema: AvroSchema, _ cursor: inout AvroCursor
    ) throws(LakeError) -> [Value] {
        guard case .record(let fields) = schema else {
            throw cursor.corrupt("a partition that is no record")
        }
        var values = spec.fields.map { _ in Value.null }
        for field in fields {
            let index = spec.fields.firstIndex { wanted in
                field.id.map { $0 == wanted.fieldID } ?? (field.name == wanted.name)
            }
            guard let index else {
                try cursor.skip(field.schema)
                continue
            }
            let type = types[index]
            switch try cursor.scalar(field.schema) {
            case .null: values[index] = .null
            case .boolean(let bit): values[index] = .boolean(bit)
            case .long(let number):
                if case .timestampTZ = type {
                    values[index] = .int128(ZonedTime(micros: number).bits)
                } else {
                    values[index] = .int(number)
                }
            case .blob(let bytes):
                guard let value = SingleValue.decode(bytes[...], as: type) else {
                    throw cursor.corrupt("a partition value that is no \(type)")
                }
                values[index] = value
            }
        }
        return values
    }

    /// A map of ints to longs; both Iceberg's array of pairs and its key order are the writer's.
    private func counts(
        _ schema: AvroSchema, _ cursor: inout AvroCursor
    ) throws(LakeError) -> [FieldCount] {
        var result: [FieldCount] = []
        guard case (let pair, var count)? = try cursor.beginArray(schema) else { return result }
        while count > 0 {
            result.reserveCapacity(count)
            for _ in 0..<count {
                var id: Int64?
                var value: Int64?
                for (position, part) in try Self.parts(of: pair, cursor).enumerated() {
                    if position == 0 {
                        id = try cursor.long(part.schema)
                    } else {
                        value = try cursor.long(part.schema)
                    }
                }
                guard let id = id.flatMap({ Int32(exactly: $0) }), let value else {
                    throw cursor.corrupt("a pair without key or value")
                }
                result.append(FieldCount(fieldID: Int(id), count: value))
            }
            count = try cursor.blockCount(pair)
        }
        return result
    }

    private func bounds(
        _ schema: AvroSchema, _ cursor: inout AvroCursor
    ) throws(LakeError) -> [FieldBound] {
        var result: [FieldBound] = []
        guard case (let pair, var count)? = try cursor.beginArray(schema) else { return result }
        while count > 0 {
            result.reserveCapacity(count)
            for _ in 0..<count {
                var id: Int64?
                var value: ArraySlice<UInt8>?
                for (position, part) in try Self.parts(of: pair, cursor).enumerated() {
                    if position == 0 {
                        id = try cursor.long(part.schema)
                    } else {
                        value = try cursor.blob(part.schema)
                    }
                }
                guard let id = id.flatMap({ Int32(exactly: $0) }), let value else {
                    throw cursor.corrupt("a pair without key or value")
                }
                result.append(FieldBound(fieldID: Int(id), bytes: value))
            }
            count = try cursor.blockCount(pair)
        }
        return result
    }

    private func longs(
        _ schema: AvroSchema, _ cursor: inout AvroCursor
    ) throws(LakeError) -> [Int64] {
        var result: [Int64] = []
        guard case (let item, var count)? = try cursor.beginArray(schema) else { return result }
        while count > 0 {
            for _ in 0..<count { result.append(try cursor.long(item) ?? 0) }
            count = try cursor.blockCount(item)
        }
        return result
    }

    private static func parts(
        of pair: AvroSchema, _ cursor: AvroCursor
    ) throws(LakeError) -> [AvroField] {
        guard case .record(let fields) = pair, fields.count == 2 else {
            throw cursor.corrupt("a map that is no list of pairs")
        }
        return fields
    }

    /// For writers that left `field-id` out.
    private static let ids: [String: Int] = [
        "status": 0, "snapshot_id": 1, "sequence_number": 3, "file_sequence_number": 4,
        "data_file": 2, "content": 134, "file_path": 100, "file_format": 101, "partition": 102,
        "record_count": 103, "file_size_in_bytes": 104, "column_sizes": 108, "value_counts": 109,
        "null_value_counts": 110, "nan_value_counts": 137, "lower_bounds": 125,
        "upper_bounds": 128, "split_offsets": 132, "sort_order_id": 140,
    ]
}
