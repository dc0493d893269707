import Columnar
import Testing

import Lake

/// Damaged and foreign files end in typed errors, never in a trap or in endless work.
@Suite struct IcebergDamageTests {
    /// A small table's metadata, manifest list and manifest.
    private static func files() throws -> (metadata: TableMetadata, list: [UInt8], entry: [UInt8]) {
        let lake = try IcebergFixture()
        var file = lake.imagined(day: 3, name: "a")
        file.lowerBounds = [FieldBound(fieldID: 1, bytes: [1, 0, 0, 0, 0, 0, 0, 0])]
        file.nullCounts = [FieldCount(fieldID: 1, count: 0)]
        file.splitOffsets = [4]
        _ = try lake.commit(TableChange(operation: .append, added: [file]))
        let snapshot = try #require(lake.table.metadata.currentSnapshot)
        let manifest = try #require(try lake.table.manifests(of: snapshot).first)
        return (
            lake.table.metadata,
            try DurableFile.read(lake.table.location.resolve(snapshot.manifestList)),
            try DurableFile.read(lake.table.location.resolve(manifest.path))
        )
    }

    private static func damaged(_ bytes: [UInt8], _ body: ([UInt8]) throws(LakeError) -> Void)
        -> Int
    {
        var failures = 0
        for index in bytes.indices {
            var variants = [Array(bytes[..<index])]
            for bit in [UInt8(1), 0x80, 0xFF] {
                var flipped = bytes
                flipped[index] ^= bit
                variants.append(flipped)
            }
            for variant in variants {
                do throws(LakeError) { try body(variant) } catch { failures += 1 }
            }
        }
        return failures
    }

    /// Without compression and checksum, so that every damage reaches the decoder.
    private static func plain(_ bytes: [UInt8]) throws -> [UInt8] {
        let avro = try AvroContainer(bytes, path: "x")
        var metadata = avro.metadata.filter { !$0.key.hasPrefix("avro.") && $0.key != Seal.key }
            .map { (key: $0.key, value: String(decoding: $0.value, as: UTF8.self)) }
        metadata.sort { $0.key < $1.key }
        let schema = String(decoding: avro.metadata["avro.schema"] ?? [], as: UTF8.self)
        var writer = AvroContainerWriter(
            schema: schema, metadata: metadata, codec: .null,
            sync: [UInt8](repeating: 3, count: 16))
        try avro.forEachRecord { (cursor) throws(LakeError) in
            let record = try cursor.rawBytes(Int64(cursor.remainingBytes))
            try writer.append { $0.fixed(record) }
        }
        var bytes = try writer.finish()
        let key = try #require(bytes.firstRange(of: Seal.key.utf8))
        bytes.replaceSubrange(key, with: "not.checksum".utf8 + [UInt8(ascii: "s")])
        return bytes
    }

    @Test func damagedManifestsAreRefused() throws {
        let (metadata, list, entry) = try Self.files()
        let manifest = try ManifestList.read(list, path: "list")[0]
        let reader = try ManifestReader(manifest, path: "m", metadata: metadata)
        let plainEntry = try Self.plain(entry)
        #expect(try reader.entries(plainEntry) == reader.entries(entry))
        let failures = Self.damaged(plainEntry) { (bytes) throws(LakeError) in
            _ = try reader.entries(bytes)
        }
        #expect(failures > plainEntry.count)
    }

    @Test func damagedManifestListsAreRefused() throws {
        let (_, list, _) = try Self.files()
        let plainList = try Self.plain(list)
        #expect(try ManifestList.read(plainList, path: "x") == ManifestList.read(list, path: "x"))
        let failures = Self.damaged(plainList) { (bytes) throws(LakeError) in
            _ = try ManifestList.read(bytes, path: "x")
        }
        #expect(failures > plainList.count)
    }

    @Test func damagedMetadataIsRefused() throws {
        let (metadata, _, _) = try Self.files()
        let bytes = metadata.json()
        let failures = Self.damaged(bytes) { (bytes) throws(LakeError) in
            _ = try TableMetadata(json: bytes, path: "x")
        }
        #expect(failures > bytes.count)
    }

    @Test(arguments: [
        "format-version", "location", "last-updated-ms", "last-column-id", "schemas",
        "current-schema-id", "default-spec-id",
    ])
    func everyRequiredKeyIsMissed(key: String) throws {
        let text = String(decoding: try Self.files().metadata.json(), as: UTF8.self)
        let without = text.replacing("\"\(key)\":", with: "\"other\":")
        #expect(throws: LakeError.self) {
            _ = try TableMetadata(json: Array(without.utf8), path: "x")
        }
    }

    @Test func laterVersionsAndDeleteFilesAreRefused() throws {
        let (metadata, list, entry) = try Self.files()
        let text = String(decoding: metadata.json(), as: UTF8.self)
        let third = text.replacing("\"format-version\":2", with: "\"format-version\":3")
        #expect(
            throws: LakeError.unsupported(.init(path: "x"), feature: "Iceberg format version 3")
        ) {
            _ = try TableMetadata(json: Array(third.utf8), path: "x")
        }
        var manifest = try ManifestList.read(list, path: "list")[0]
        manifest.content = .deletes
        #expect(throws: LakeError.unsupported(.init(path: "m"), feature: "Iceberg delete files")) {
            _ = try ManifestReader(manifest, path: "m", metadata: metadata).entries(entry)
        }
    }

    @Test func oldMetadataIsRead() throws {
        let text = """
            {"format-version":1,"location":"/t","last-updated-ms":5,"last-column-id":1,
            "schema":{"type":"struct","fields":[{"id":1,"name":"a","required":false,"type":"date"}]},
            "partition-spec":[{"source-id":1,"transform":"month","name":"a_month"}],
            "current-snapshot-id":-1}
            """
        let metadata = try TableMetadata(json: Array(text.utf8), path: "x")
        #expect(metadata.currentSnapshotID == nil)
        #expect(metadata.schema.fields.map(\.type) == [.date])
        #expect(metadata.partitionSpec.fields.map(\.fieldID) == [1000])
        #expect(metadata.partitionSpec.fields.map(\.transform) == [.month])
    }
}
