import CXXHash

/// Split-block Bloom filter over XXH64 of the PLAIN bytes: proves that a value is not in a chunk.
///
/// https://github.com/apache/parquet-format/blob/master/BloomFilter.md
///
///     ┌────────────────┬─────────────────────────────────────────┐
///     │ thrift header  │ blocks of 8 little-endian 32-bit words  │
///     └────────────────┴─────────────────────────────────────────┘
struct BloomFilter {
    private(set) var words: [UInt32]

    private static let salts: [UInt32] = [
        0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d,
        0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31,
    ]
    private static let blockBytes = 32
    static let largestBytes = 128 << 20

    /// An empty filter for about `count` distinct values, 10.5...21 bits each: at most 1 % false hits.
    init(distinctCount count: Int) {
        var bytes = Self.blockBytes
        while bytes * 8 < count / 2 * 21, bytes < 1 << 20 { bytes *= 2 }
        words = Array(repeating: 0, count: bytes / 4)
    }

    private init(words: [UInt32]) {
        self.words = words
    }

    private func block(of hash: UInt64) -> Int {
        let blocks = UInt64(words.count / 8)
        return Int(((hash >> 32) &* blocks) >> 32) * 8
    }

    mutating func insert(hash: UInt64) {
        let base = block(of: hash)
        let key = UInt32(truncatingIfNeeded: hash)
        for i in 0..<8 { words[base + i] |= 1 << ((key &* Self.salts[i]) >> 27) }
    }

    func mayContain(hash: UInt64) -> Bool {
        let base = block(of: hash)
        let key = UInt32(truncatingIfNeeded: hash)
        for i in 0..<8 where words[base + i] >> ((key &* Self.salts[i]) >> 27) & 1 == 0 {
            return false
        }
        return true
    }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        XXH64(bytes.baseAddress, bytes.count, 0)
    }

    /// Header and blocks as stored.
    func written() -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.i32(1, words.count * 4)
        for id in 2...4 {
            thrift.begin(id)
            thrift.empty(1)
            thrift.end()
        }
        thrift.finish()
        var bytes = thrift.bytes
        words.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Reads a chunk's filter; nil for one of an unknown kind.
    init?(
        reading chunk: ColumnChunkMetadata, group: RowGroupReader, location: FileLocation
    ) throws(ColumnarError) {
        guard let offset = chunk.bloomFilterOffset, offset >= 4, offset < group.file.sizeBytes
        else { return nil }
        let left = group.file.sizeBytes - offset
        let headBytes = min(left, 64)
        let head = try group.input.read(offset: offset, count: headBytes, pool: group.pool)
        var thrift = ThriftReader(
            ByteReader(
                UnsafeRawBufferPointer(start: head.base, count: headBytes), location: location))
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
        withExtendedLifetime(head) {}
        let start = thrift.bytes.position
        guard isKnown, byteCount > 0, byteCount % Self.blockBytes == 0,
            byteCount <= Self.largestBytes, byteCount <= left - start
        else { return nil }
        let bits = try group.input.read(
            offset: offset + start, count: byteCount, pool: group.pool)
        group.counters.bytesRead.wrappingAdd(start + byteCount, ordering: .relaxed)
        let source = bits.span(of: UInt32.self, count: byteCount / 4)
        var words: [UInt32] = []
        words.reserveCapacity(source.count)
        for i in source.indices { words.append(source[i]) }
        self.init(words: words)
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
        guard let filter = try BloomFilter(reading: chunk, group: group, location: place) else {
            return true
        }
        for value in values {
            guard let hashes = BloomProbe.hashes(value, node: node, type: type) else { return true }
            for hash in hashes where filter.mayContain(hash: hash) { return true }
        }
        return false
    }
}
