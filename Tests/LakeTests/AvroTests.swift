import Foundation
import Testing

import Lake

@Suite struct AvroTests {
    private static let schema = """
        {"type":"record","name":"sample","fields":[\
        {"name":"number","type":"long","field-id":1},\
        {"name":"text","type":["null","string"],"default":null,"field-id":2},\
        {"name":"list","type":{"type":"array","items":"int","element-id":4},"field-id":3}]}
        """

    private struct Sample: Hashable {
        var number: Int64 = 0
        var text: String?
        var list: [Int64] = []
    }

    private static let samples: [Sample] = (0..<5000).map { (index: Int) -> Sample in
        let power: Int64 = 1 << Int64(index % 63)
        return Sample(
            number: index % 2 == 0 ? power : -power,
            text: index % 3 == 0 ? nil : "text \(index)", list: Array(0..<Int64(index % 5)))
    }

    private static func write(_ samples: [Sample], codec: AvroCodec) throws -> [UInt8] {
        var avro = AvroContainerWriter(
            schema: schema, metadata: [("format", "sample")], codec: codec,
            sync: [UInt8](repeating: 7, count: 16))
        for sample in samples {
            try avro.append { encoder in
                encoder.long(sample.number)
                encoder.branch(isPresent: sample.text != nil)
                if let text = sample.text { encoder.string(text) }
                encoder.beginArray(count: sample.list.count)
                for item in sample.list { encoder.long(item) }
                encoder.endArray()
            }
        }
        return try avro.finish()
    }

    /// Finds fields by id, whatever their order, and passes over the others.
    private static func read(_ bytes: [UInt8]) throws(LakeError) -> [Sample] {
        let avro = try AvroContainer(bytes, path: "sample.avro")
        guard case .record(let fields) = avro.schema else { return [] }
        var samples: [Sample] = []
        try avro.forEachRecord { (cursor) throws(LakeError) in
            var sample = Sample()
            for field in fields {
                switch field.id {
                case 1: sample.number = try cursor.long(field.schema) ?? 0
                case 2: sample.text = try cursor.string(field.schema)
                case 3:
                    guard case (let item, var count)? = try cursor.beginArray(field.schema)
                    else { continue }
                    while count > 0 {
                        for _ in 0..<count { sample.list.append(try cursor.long(item) ?? 0) }
                        count = try cursor.blockCount(item)
                    }
                default: try cursor.skip(field.schema)
                }
            }
            samples.append(sample)
        }
        return samples
    }

    @Test(arguments: [AvroCodec.null, .deflate])
    func recordsRoundTrip(codec: AvroCodec) throws {
        let bytes = try Self.write(Self.samples, codec: codec)
        #expect(try Self.read(bytes) == Self.samples)
        #expect(try AvroContainer(bytes, path: "").metadata["format"] == Array("sample".utf8))
        #expect(try Self.read(Self.write([], codec: codec)).isEmpty)
    }

    @Test func integersTakeTheFewestBytes() {
        func bytes(_ value: Int64) -> [UInt8] {
            var encoder = AvroEncoder()
            encoder.long(value)
            return encoder.bytes
        }
        // From the specification's table.
        #expect(bytes(0) == [0])
        #expect(bytes(-1) == [1])
        #expect(bytes(1) == [2])
        #expect(bytes(-64) == [0x7F])
        #expect(bytes(64) == [0x80, 1])
        #expect(bytes(.min) == [UInt8](repeating: 0xFF, count: 9) + [1])
    }

    @Test(arguments: [AvroCodec.null, .deflate])
    func anyFlippedOrMissingByteGivesATypedError(codec: AvroCodec) throws {
        let bytes = try Self.write(Array(Self.samples.prefix(20)), codec: codec)
        var failures = 0
        for index in bytes.indices {
            for bit in [UInt8(0x01), 0x10, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] ^= bit
                do throws(LakeError) { _ = try Self.read(damaged) } catch { failures += 1 }
            }
            // An end between blocks is a shorter file, and nothing tells.
            do throws(LakeError) { _ = try Self.read(Array(bytes[..<index])) } catch {
                failures += 1
            }
        }
        #expect(failures > bytes.count * 3)
    }

    @Test(arguments: [
        #"{"type":"record","name":"a","fields":[{"name":"x","type":"nothing"}]}"#,
        #"{"type":"record","name":"a","fields":[{"name":"x","type":["null","a"]}]}"#,
        #"{"type":"record","name":"a","fields":[{"type":"int"}]}"#, #"{"type":"fixed"}"#, "[",
        String(repeating: #"{"type":"array","items":"#, count: 100) + "\"int\""
            + String(repeating: "}", count: 100),
    ])
    func impossibleSchemasAreRefused(schema: String) throws {
        var avro = AvroContainerWriter(
            schema: schema, metadata: [], sync: [UInt8](repeating: 0, count: 16))
        let bytes = try avro.finish()
        #expect(throws: LakeError.self) { _ = try AvroContainer(bytes, path: "x.avro") }
    }

    @Test func aBombStopsAtTheLimit() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let packed = try AvroCodec.deflate.compress(zeros)
        #expect(throws: LakeError.self) {
            _ = try AvroCodec.deflate.decompress(
                packed[...], limitBytes: 1 << 19, location: .init(path: "x"))
        }
    }

    @Test(.enabled(if: Peers.areHere, "make peers"))
    func fastavroAndWeReadEachOther() throws {
        let folder = try TemporaryFolder()
        _ = try Peers.run("avro_files.py", ["write", folder.path])
        for codec in [AvroCodec.null, .deflate, .zstandard] {
            let bytes = try DurableFile.read("\(folder.path)/\(codec.rawValue).avro")
            let samples = try Self.read(bytes)
            #expect(samples.count == 5000)
            #expect(samples == Self.samples, "\(codec)")
        }
        try folder.write(Self.write(Array(Self.samples.prefix(2)), codec: .deflate), to: "ours")
        let seen = try Peers.run("avro_files.py", ["read", folder.path + "/ours"])
        #expect(
            seen == """
                {"schema": "sample", "metadata": "sample"}
                {"list": [], "number": 1, "text": null}
                {"list": [0], "number": -2, "text": "text 1"}

                """)
    }
}
