import Columnar

/// Builds an Avro object container file in memory; the layout is drawn at `AvroContainer`.
package struct AvroContainerWriter {
    /// Bytes of a block before compression; deflate's window is 32 KiB, so more gains little.
    private static let blockBytes = 256 << 10

    private let codec: AvroCodec
    private let sync: [UInt8]
    private var output: AvroEncoder
    private var block = AvroEncoder()
    private var blockRecords = 0
    /// Where the checksum goes.
    private let sealPosition: Int

    /// `metadata` comes behind `avro.schema` and `avro.codec`, in its order; `sync` has 16 random bytes.
    package init(
        schema: String, metadata: [(key: String, value: String)], codec: AvroCodec = .deflate,
        sync: [UInt8]
    ) {
        precondition(sync.count == AvroContainer.syncBytes)
        self.codec = codec
        self.sync = sync
        output = AvroEncoder()
        output.fixed(AvroContainer.magic)
        let pairs = [("avro.schema", schema), ("avro.codec", codec.rawValue)] + metadata
        output.beginArray(count: pairs.count + 1)
        for (key, value) in pairs {
            output.string(key)
            output.string(value)
        }
        output.string(Seal.key)
        output.blob(Seal.blank)
        sealPosition = output.bytes.count - Seal.blank.count
        output.endArray()
        output.fixed(sync)
    }

    /// Adds one record, which `body` encodes field by field in the schema's order.
    package mutating func append(
        _ body: (inout AvroEncoder) throws(LakeError) -> Void
    ) throws(LakeError) {
        try body(&block)
        blockRecords += 1
        if block.bytes.count >= Self.blockBytes { try flush() }
    }

    /// The whole file.
    package mutating func finish() throws(LakeError) -> [UInt8] {
        try flush()
        var bytes = output.bytes
        Seal.close(&bytes, at: sealPosition)
        return bytes
    }

    private mutating func flush() throws(LakeError) {
        guard blockRecords > 0 else { return }
        output.long(Int64(blockRecords))
        output.blob(try codec.compress(block.bytes))
        output.fixed(sync)
        block.removeAll()
        blockRecords = 0
    }
}
