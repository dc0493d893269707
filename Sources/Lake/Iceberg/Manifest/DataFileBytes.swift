import CXXHash
import Columnar

/// One data file's line as bytes of its own: for files that no manifest names.
///
/// ```
///  XXH3-64 of the rest   the struct data_file in Avro, in the field order of ManifestSchema.entry
///          8             n bytes
/// ```
enum DataFileBytes {
    private static let checksumBytes = 8

    static func encode(
        _ file: DataFile, spec: PartitionSpec, metadata: TableMetadata
    ) -> [UInt8] {
        var encoder = AvroEncoder()
        ManifestWriter.encode(file, types: metadata.resultTypes(of: spec), to: &encoder)
        let body = encoder.bytes
        let sum = body.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
        return withUnsafeBytes(of: sum.littleEndian) { Array($0) } + body
    }

    /// The data file; throws `corrupt` with `path` if the bytes are not what was encoded.
    static func decode(
        _ bytes: [UInt8], specID: Int, metadata: TableMetadata, path: String
    ) throws(LakeError) -> DataFile {
        try Decoder(specID: specID, metadata: metadata, path: path).decode(bytes, path: path)
    }

    /// Decodes many files of one partition spec.
    struct Decoder {
        private let schema: AvroSchema
        private let spec: PartitionSpec
        private let types: [DataType]

        /// Throws `corrupt` with `path` if the metadata does not know the spec.
        init(specID: Int, metadata: TableMetadata, path: String) throws(LakeError) {
            guard let spec = metadata.partitionSpec(id: specID) else {
                throw .corrupt(
                    .init(path: path), reason: "no partition spec \(specID) in the metadata")
            }
            self.spec = spec
            types = metadata.resultTypes(of: spec)
            let json = try ManifestSchema.entry(spec: spec, types: types)
            let schema = try AvroSchema.parse(
                parseJSON(Array(json.utf8), path: path), path: path)
            guard case .record(let fields) = schema,
                let field = fields.first(where: { $0.name == "data_file" })
            else { throw .corrupt(.init(path: path), reason: "a manifest without data files") }
            self.schema = field.schema
        }

        /// The data file; throws `corrupt` with `path` if the bytes are not what was encoded.
        func decode(_ bytes: [UInt8], path: String) throws(LakeError) -> DataFile {
            let body = Array(bytes.dropFirst(checksumBytes))
            let sum = body.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
            guard bytes.count > checksumBytes,
                withUnsafeBytes(of: sum.littleEndian, { bytes.starts(with: $0) })
            else {
                throw .corrupt(
                    .init(path: path),
                    reason: "what is remembered of it does not match its checksum")
            }
            var cursor = AvroCursor(body, path: path)
            return try ManifestReader(spec: spec, types: types, path: path)
                .dataFile(schema, &cursor)
        }
    }
}
