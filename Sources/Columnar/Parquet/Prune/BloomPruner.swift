/// A chunk's filter in its file: the header is read, and then only the blocks that are asked for.
///
/// If the file vouches for the filter, each block is read with the stretch that was summed with it.
struct StoredBloomFilter {
    private let group: RowGroupReader
    private let start: Int
    private let blockCount: Int
    /// Of the stretches; nil: they have none.
    private let sums: ArraySlice<UInt32>?
    private let location: FileLocation
    private static let headBytes = 64

    /// nil for a filter of an unknown kind, or one that does not lie in the file.
    ///
    /// Throws if the file vouches for the filter and its header is not as it was written.
    init?(
        _ chunk: ColumnChunkMetadata, group: RowGroupReader, location: FileLocation
    ) throws(ColumnarError) {
        guard let offset = chunk.bloomFilterOffset, offset >= 4, offset < group.file.sizeBytes
        else { return nil }
        let left = group.file.sizeBytes - offset
        let headBytes = min(left, Self.headBytes)
        let head = try group.input.read(offset: offset, count: headBytes, pool: group.pool)
        defer { withExtendedLifetime(head) {} }
        var thrift = ThriftReader(
            ByteReader(
                UnsafeRawBufferPointer(start: head.base, count: headBytes), location: location))
        let read = try? Self.byteCount(&thrift)
        var place = location
        place.offset = offset
        self.location = place
        if let seal = chunk.seal {
            let stored = UnsafeRawBufferPointer(start: head.base, count: thrift.bytes.position)
            guard read != nil, seal.bloomFilter.first == ChunkSeal.sum(stored) else {
                throw Self.isAltered(place)
            }
        }
        sums = chunk.seal?.bloomFilter.dropFirst()
        guard let byteCount = read else { return nil }
        start = offset + thrift.bytes.position
        guard byteCount > 0, byteCount % BloomFilter.blockBytes == 0,
            byteCount <= BloomFilter.largestBytes,
            byteCount <= left - thrift.bytes.position
        else { return nil }
        blockCount = byteCount / BloomFilter.blockBytes
        self.group = group
        group.counters.bytesRead.wrappingAdd(headBytes, ordering: .relaxed)
    }

    static func isAltered(_ location: FileLocation) -> ColumnarError {
        .corrupt(location, reason: "the Bloom filter is not as it was written")
    }

    /// Bytes of the blocks; 0 if algorithm, hash or compression are none that we know.
    static func byteCount(_ thrift: inout ThriftReader) throws(ColumnarError) -> Int {
        var byteCount = 0
        var isKnown = true
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: byteCount = try thrift.count(field)
            case 2...4:
                try thrift.enter(field)
                var inner = 0
                while let member = try thrift.field(after: &inner) {
                    isKnown = isKnown && member.id == 1
                    try thrift.skip(member)
                }
            default: try thrift.skip(field)
            }
        }
        return isKnown ? byteCount : 0
    }

    func mayContain(hash: UInt64) throws(ColumnarError) -> Bool {
        let block = BloomFilter.block(of: hash, blockCount: blockCount)
        let stretchBlocks =
            sums == nil ? 1 : ChunkSeal.bloomStretchBytes / BloomFilter.blockBytes
        let first = block / stretchBlocks * stretchBlocks
        let byteCount = min(stretchBlocks, blockCount - first) * BloomFilter.blockBytes
        let bytes = try group.input.read(
            offset: start + first * BloomFilter.blockBytes, count: byteCount, pool: group.pool)
        defer { withExtendedLifetime(bytes) {} }
        group.counters.bytesRead.wrappingAdd(byteCount, ordering: .relaxed)
        if let sums {
            let stretch = sums.startIndex + block / stretchBlocks
            let found = ChunkSeal.sum(UnsafeRawBufferPointer(start: bytes.base, count: byteCount))
            guard stretch < sums.endIndex, sums[stretch] == found else {
                throw Self.isAltered(location)
            }
        }
        return BloomFilter.mayContain(
            hash: hash, block: bytes.span(of: UInt32.self, start: (block - first) * 8, count: 8))
    }
}

/// The hashes that a constant has in a file's physical type.
enum BloomProbe {
    /// nil: this value cannot be looked up, so it may be there.
    static func hashes(_ value: Value, node: SchemaNode, type: DataType) -> [UInt64]? {
        guard let conversion = ValueConversion.between(node.element, node.type, type) else {
            return nil
        }
        switch (conversion, value) {
        case (.text, .text(let text)):
            if case .char = type { return nil }
            return [hash(of: Array(text.utf8))]
        case (.text, .binary(let bytes)), (.fixedText, .binary(let bytes)):
            return [hash(of: bytes)]
        case (.copy(4), .int(let number)):
            return Int32(exactly: number).map { [hash(of: $0)] } ?? []
        case (.int32ToInt64(1), .int(let number)):
            return Int32(exactly: number).map { [hash(of: $0)] } ?? []
        case (.copy(8), .int(let number)): return [hash(of: number)]
        case (.instant(1, 1), .int128(let bits)): return [hash(of: ZonedTime(bits: bits).micros)]
        case (.uuid, .int128(let bits)):
            return [hash(of: (UInt128(bitPattern: bits) ^ UInt128(1) << 127).bigEndian)]
        case (.copy(4), .float(let number)):
            if number.isNaN { return nil }
            return number == 0 ? [hash(of: Float(0)), hash(of: -Float(0))] : [hash(of: number)]
        case (.copy(8), .double(let number)):
            if number.isNaN { return nil }
            return number == 0 ? [hash(of: 0.0), hash(of: -0.0)] : [hash(of: number)]
        default: return nil
        }
    }

    private static func hash(of bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { BloomFilter.hash($0) }
    }

    private static func hash<T: BitwiseCopyable>(of value: T) -> UInt64 {
        withUnsafeBytes(of: value) { BloomFilter.hash($0) }
    }
}

extension RowGroupPruner {
    /// False only if Bloom filters prove that no row satisfies every predicate.
    func bloomMayMatch(
        _ predicates: [ScanPredicate], group: RowGroupReader
    ) throws(ColumnarError) -> Bool {
        for predicate in predicates {
            switch predicate {
            case .compare(let path, .equal, let value):
                if try !mayContain([value], path, group) { return false }
            case .isIn(let path, let values):
                if try !mayContain(values, path, group) { return false }
            case .and(let parts):
                if try !bloomMayMatch(parts, group: group) { return false }
            default: continue
            }
        }
        return true
    }

    private func mayContain(
        _ values: [Value], _ path: ScanColumnPath, _ group: RowGroupReader
    ) throws(ColumnarError) -> Bool {
        guard case .leaf(let index, let node, let type) = subject(path) else { return true }
        let chunk = group.file.metadata.rowGroups[group.index].columns[index]
        guard chunk.bloomFilterOffset != nil else { return true }
        var place = group.location
        place.column = node.name
        guard let filter = try StoredBloomFilter(chunk, group: group, location: place) else {
            return true
        }
        for value in values {
            guard let hashes = BloomProbe.hashes(value, node: node, type: type) else { return true }
            for hash in hashes where try filter.mayContain(hash: hash) { return true }
        }
        return false
    }
}
