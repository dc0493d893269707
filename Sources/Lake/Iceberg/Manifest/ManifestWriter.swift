import Columnar

/// Writes one manifest: an Avro file of entries in the field order of `ManifestSchema.entry`.
struct ManifestWriter {
    private let spec: PartitionSpec
    private let types: [DataType]
    private var avro: AvroContainerWriter
    private var partitions: Set<[Value]> = []
    private var summary: ManifestFile

    /// A manifest at a stored location for files of one spec, written for one snapshot; `types` are those
    /// of the spec's partition values.
    init(
        path: String, spec: PartitionSpec, schema: TableSchema, types: [DataType],
        snapshotID: Int64, sequenceNumber: Int64, sync: [UInt8]
    ) throws(LakeError) {
        self.spec = spec
        self.types = types
        var fields = JSONWriter()
        spec.writeFields(to: &fields)
        avro = AvroContainerWriter(
            schema: try ManifestSchema.entry(spec: spec, types: types),
            metadata: [
                ("schema", String(decoding: schema.json, as: UTF8.self)),
                ("schema-id", String(schema.id)),
                ("partition-spec", fields.text),
                ("partition-spec-id", String(spec.id)),
                ("format-version", "2"),
                ("content", "data"),
            ], sync: sync)
        summary = ManifestFile(
            path: path, lengthBytes: 0, specID: spec.id, sequenceNumber: sequenceNumber,
            minSequenceNumber: sequenceNumber, addedSnapshotID: snapshotID)
    }

    /// Adds an entry; ADDED ones inherit their numbers, others must bring both.
    mutating func append(_ entry: ManifestEntry) throws(LakeError) {
        precondition(
            entry.status == .added
                || entry.sequenceNumber != nil && entry.fileSequenceNumber != nil,
            "only added files inherit sequence numbers")
        let file = entry.file
        guard file.partition.count == spec.fields.count else {
            throw .corrupt(
                .init(path: file.path), reason: "partition values do not fit the partition spec")
        }
        switch entry.status {
        case .added: try summary.added.add(file)
        case .existing: try summary.existing.add(file)
        case .deleted: try summary.deleted.add(file)
        }
        if entry.isLive, let number = entry.sequenceNumber {
            summary.minSequenceNumber = min(summary.minSequenceNumber, number)
        }
        partitions.insert(file.partition)
        let types = types
        try avro.append { (encoder) throws(LakeError) in
            encoder.long(entry.status.rawValue)
            encoder.optionalLong(entry.snapshotID)
            encoder.optionalLong(entry.status == .added ? nil : entry.sequenceNumber)
            encoder.optionalLong(entry.status == .added ? nil : entry.fileSequenceNumber)
            Self.encode(file, types: types, to: &encoder)
        }
    }

    /// The file's bytes and its line for the manifest list.
    mutating func finish() throws(LakeError) -> (bytes: [UInt8], manifest: ManifestFile) {
        let bytes = try avro.finish()
        summary.lengthBytes = Int64(bytes.count)
        summary.partitions = PartitionSummary.summarise(Array(partitions), types: types)
        return (bytes, summary)
    }

    /// A data file in the field order of `ManifestSchema.entry`.
    static func encode(
        _ file: DataFile, types: [DataType], to encoder: inout AvroEncoder
    ) {
        encoder.long(ManifestFile.Content.data.rawValue)
        encoder.string(file.path)
        encoder.string("PARQUET")
        for (value, type) in zip(file.partition, types) {
            encode(value, type: type, to: &encoder)
        }
        encoder.long(file.recordCount)
        encoder.long(file.fileSizeBytes)
        encode(file.columnSizes, to: &encoder)
        encode(file.valueCounts, to: &encoder)
        encode(file.nullCounts, to: &encoder)
        encode(file.nanCounts, to: &encoder)
        encode(file.lowerBounds, to: &encoder)
        encode(file.upperBounds, to: &encoder)
        encoder.branch(isPresent: false)
        encoder.branch(isPresent: !file.splitOffsets.isEmpty)
        if !file.splitOffsets.isEmpty {
            encoder.beginArray(count: file.splitOffsets.count)
            for offset in file.splitOffsets { encoder.long(offset) }
            encoder.endArray()
        }
        encoder.branch(isPresent: false)
        encoder.optionalLong(file.sortOrderID.map(Int64.init))
    }

    private static func encode(
        _ value: Value, type: DataType, to encoder: inout AvroEncoder
    ) {
        guard let bytes = SingleValue.encode(value, as: type) else {
            encoder.branch(isPresent: false)
            return
        }
        encoder.branch(isPresent: true)
        switch value {
        case .boolean(let bit): encoder.boolean(bit)
        case .int(let number): encoder.long(number)
        case .int128(let bits): encoder.long(ZonedTime(bits: bits).micros)
        case .float, .double: encoder.fixed(bytes)
        default: encoder.blob(bytes)
        }
    }

    private static func encode(_ counts: [FieldCount], to encoder: inout AvroEncoder) {
        encoder.branch(isPresent: !counts.isEmpty)
        guard !counts.isEmpty else { return }
        encoder.beginArray(count: counts.count)
        for entry in counts {
            encoder.long(Int64(entry.fieldID))
            encoder.long(entry.count)
        }
        encoder.endArray()
    }

    private static func encode(_ bounds: [FieldBound], to encoder: inout AvroEncoder) {
        encoder.branch(isPresent: !bounds.isEmpty)
        guard !bounds.isEmpty else { return }
        encoder.beginArray(count: bounds.count)
        for entry in bounds {
            encoder.long(Int64(entry.fieldID))
            encoder.blob(entry.bytes)
        }
        encoder.endArray()
    }
}
