import Columnar

/// An Avro object container file in memory: header read, blocks decoded one after the other.
///
/// Source: avro.apache.org/docs/1.11.1/specification, "Object Container Files":
///
///     ┌──────────────┬───────────────────────┬───────────┐
///     │ 'O' 'b' 'j' 1│ map<bytes>: metadata  │ 16 B sync │   metadata: avro.schema, avro.codec, …
///     ├──────────────┴───┬───────────────┬───┴──┬────────┴──┐
///     │ long: records    │ long: bytes   │ data │ 16 B sync │   repeated to the end of the file
///     └──────────────────┴───────────────┴──────┴───────────┘
///
/// Errors: `corrupt` with an offset for anything that does not fit, `unsupported` for other codecs.
package struct AvroContainer {
    package static let magic: [UInt8] = [0x4F, 0x62, 0x6A, 1]
    package static let syncBytes = 16

    package let path: String
    /// Header keys as they were written.
    package let metadata: [String: [UInt8]]
    /// The writer's schema.
    package let schema: AvroSchema
    private let codec: AvroCodec
    private let bytes: [UInt8]
    private let sync: ArraySlice<UInt8>
    private let bodyStart: Int

    package init(_ bytes: [UInt8], path: String) throws(LakeError) {
        guard bytes.starts(with: Self.magic) else {
            throw .corrupt(.init(path: path, offset: 0), reason: "not an Avro file")
        }
        var cursor = AvroCursor(bytes, path: path)
        _ = try cursor.rawBytes(Int64(Self.magic.count))
        var metadata: [String: [UInt8]] = [:]
        while true {
            let count = try cursor.blockCount(.string)
            if count == 0 { break }
            for _ in 0..<count {
                guard let key = try cursor.string(.string), let value = try cursor.blob(.bytes)
                else { continue }
                metadata[key] = Array(value)
                if key == Seal.key, value.count == Seal.blank.count {
                    try Seal.check(bytes, at: cursor.offset - value.count, path: path)
                }
            }
        }
        sync = try cursor.rawBytes(Int64(Self.syncBytes))
        bodyStart = cursor.offset
        self.bytes = bytes
        self.path = path
        self.metadata = metadata
        let name = metadata["avro.codec"].map { String(decoding: $0, as: UTF8.self) } ?? "null"
        guard let codec = AvroCodec(rawValue: name) else {
            throw .unsupported(.init(path: path), feature: "Avro codec \(name)")
        }
        self.codec = codec
        guard let schema = metadata["avro.schema"] else {
            throw .corrupt(.init(path: path), reason: "an Avro header without a schema")
        }
        self.schema = try AvroSchema.parse(parseJSON(schema, path: path), path: path)
    }

    /// Calls `body` once per record with a cursor that stands at its first byte.
    ///
    /// `body` must read the whole record; bytes left over at the end of a block are corrupt.
    package func forEachRecord(
        _ body: (inout AvroCursor) throws(LakeError) -> Void
    ) throws(LakeError) {
        try forEachBlock { (data, count, location) throws(LakeError) in
            guard count >= 0, count <= Int64(data.count) else {
                throw .corrupt(location, reason: "Avro: \(count) records in \(data.count) bytes")
            }
            var cursor = AvroCursor(data, path: path)
            for _ in 0..<count { try body(&cursor) }
            guard cursor.isAtEnd else {
                throw .corrupt(location, reason: "Avro: bytes behind a block's last record")
            }
        }
    }

    /// Calls `body` with the decompressed bytes of each block, the records that it says to hold, and its place.
    func forEachBlock(
        _ body: ([UInt8], Int64, FileLocation) throws(LakeError) -> Void
    ) throws(LakeError) {
        var file = AvroCursor(bytes, path: path)
        _ = try file.rawBytes(Int64(bodyStart))
        var restoredBytes = 0
        while !file.isAtEnd {
            let count = try file.rawLong()
            let size = try file.rawLong()
            let location = FileLocation(path: path, offset: file.offset)
            let data = try codec.decompress(
                file.rawBytes(size), limitBytes: Limits.metadataFileBytes - restoredBytes,
                location: location)
            restoredBytes += data.count
            guard try file.rawBytes(Int64(Self.syncBytes)) == sync else {
                throw .corrupt(location, reason: "Avro: a block without its sync marker")
            }
            try body(data, count, location)
        }
    }
}

/// Parses metadata JSON; a syntax error is the file's fault.
func parseJSON(_ bytes: [UInt8], path: String) throws(LakeError) -> JSONValue {
    do throws(ColumnarError) {
        return try JSONValue.parse(bytes)
    } catch {
        guard case .json(let reason, let position, _) = error else { throw .columnar(error) }
        let place = position.map { " at \($0)" } ?? ""
        throw .corrupt(.init(path: path), reason: "JSON: \(reason)\(place)")
    }
}
