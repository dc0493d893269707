/// Looks every value of a chunk up in its Bloom filter, which must know each.
struct BloomCheck {
    private let words: Buffer
    private let blockCount: Int
    private let node: SchemaNode
    /// The first value that the filter does not know.
    private(set) var missing: Value?
    /// False once a value cannot be hashed: then nothing is claimed about the chunk.
    private(set) var isConclusive = true

    /// Reads the whole filter; nil if the chunk has none, or one of an unknown kind.
    init?(
        _ chunk: ColumnChunkMetadata, node: SchemaNode, input: InputFile, location: FileLocation,
        pool: BufferPool
    ) throws(ColumnarError) {
        guard let offset = chunk.bloomFilterOffset else { return nil }
        self.node = node
        var place = location
        place.offset = offset
        guard offset >= 4, offset < input.sizeBytes else {
            throw .corrupt(place, reason: "the Bloom filter lies outside the file")
        }
        let left = input.sizeBytes - offset
        let headBytes = min(left, 64)
        let head = try input.read(offset: offset, count: headBytes, pool: pool)
        var thrift = ThriftReader(
            ByteReader(
                UnsafeRawBufferPointer(start: head.base, count: headBytes), location: place))
        let parsed = Result { () throws(ColumnarError) in
            try StoredBloomFilter.byteCount(&thrift)
        }
        let start = thrift.bytes.position
        let headSum = ChunkSeal.sum(UnsafeRawBufferPointer(start: head.base, count: start))
        withExtendedLifetime(head) {}
        if let seal = chunk.seal, seal.bloomFilter.first != headSum {
            throw StoredBloomFilter.isAltered(place)
        }
        let count = try parsed.get()
        if count == 0 { return nil }
        guard count % BloomFilter.blockBytes == 0, count <= BloomFilter.largestBytes,
            count <= left - start
        else { throw .corrupt(place, reason: "a Bloom filter of \(count) bytes") }
        words = try input.read(offset: offset + start, count: count, pool: pool)
        blockCount = count / BloomFilter.blockBytes
        let blocks = UnsafeRawBufferPointer(start: words.base, count: count)
        if let seal = chunk.seal,
            !ChunkSeal.sums(ofBlocks: blocks).elementsEqual(seal.bloomFilter.dropFirst())
        {
            throw StoredBloomFilter.isAltered(place)
        }
    }

    mutating func look(_ column: Column, _ row: Int) throws(ColumnarError) {
        guard isConclusive, missing == nil else { return }
        if case .text(let texts) = column, case .byteArray? = node.element.type {
            if !knows(BloomFilter.hash(texts.bytes(at: row))) {
                missing = try column.value(at: row, type: node.type)
            }
            return
        }
        let value = try column.value(at: row, type: node.type)
        guard let hashes = BloomProbe.hashes(value, node: node, type: node.type) else {
            // A NaN has many forms: it is never asked for, and says nothing about the others.
            if !Self.isNaN(value) { isConclusive = false }
            return
        }
        if !hashes.contains(where: knows) { missing = value }
    }

    private static func isNaN(_ value: Value) -> Bool {
        switch value {
        case .float(let number): number.isNaN
        case .double(let number): number.isNaN
        default: false
        }
    }

    private func knows(_ hash: UInt64) -> Bool {
        let block = BloomFilter.block(of: hash, blockCount: blockCount)
        let span = words.span(of: UInt32.self, start: block * 8, count: 8)
        return BloomFilter.mayContain(hash: hash, block: span)
    }
}
