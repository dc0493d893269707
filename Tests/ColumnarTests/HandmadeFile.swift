import Testing

@testable import Columnar

/// One page laid out by hand: what our writer never writes.
struct HandmadePage {
    enum Version { case dictionary, one, two }

    var version = Version.one
    var encoding = ValueEncoding.plain.rawValue
    /// Values with NULLs, as the header says.
    var count: Int
    /// Streams of levels as they are stored: in version 1 with their length where they have one.
    var repetition: [UInt8] = []
    var definition: [UInt8] = []
    var levelEncoding = ValueEncoding.rle.rawValue
    var values: [UInt8] = []
    /// Version 2 only: says whether the values are compressed; nil leaves the field out.
    var isCompressed: Bool?
    /// The stored bytes of what is compressed, if they are not those that the codec makes.
    var stored: [UInt8]?

    func bytes(codec: Codec) throws -> [UInt8] {
        let plain = version == .two ? values : repetition + definition + values
        let packed = try stored ?? CodecTests.compress(plain, codec)
        let levels = version == .two ? repetition + definition : []
        var thrift = ThriftWriter()
        thrift.i32(1, version == .dictionary ? 2 : version == .one ? 0 : 3)
        thrift.i32(2, levels.count + plain.count)
        thrift.i32(3, levels.count + packed.count)
        switch version {
        case .dictionary:
            thrift.begin(7)
            thrift.i32(1, count)
            thrift.i32(2, encoding)
        case .one:
            thrift.begin(5)
            thrift.i32(1, count)
            thrift.i32(2, encoding)
            thrift.i32(3, levelEncoding)
            thrift.i32(4, levelEncoding)
        case .two:
            thrift.begin(8)
            thrift.i32(1, count)
            thrift.i32(2, 0)
            thrift.i32(3, count)
            thrift.i32(4, encoding)
            thrift.i32(5, definition.count)
            thrift.i32(6, repetition.count)
            if let isCompressed { thrift.bool(7, isCompressed) }
        }
        thrift.end()
        thrift.finish()
        return thrift.bytes + levels + packed
    }
}

/// A file of one row group laid out by hand.
struct HandmadeFile {
    struct Chunk {
        var codec = Codec.uncompressed
        var pages: [HandmadePage]
        /// Whether the footer names the dictionary page, or points at it as if it held data.
        var namesDictionary = true
    }

    /// Depth first, without the root.
    var elements: [SchemaElement]
    var rootChildren: Int
    var rows: Int
    var chunks: [Chunk]
    /// Changes the footer before it is written.
    var change: (inout FileMetadata) -> Void = { _ in }

    /// One column of one chunk.
    static func column(
        _ element: SchemaElement, rows: Int, codec: Codec = .uncompressed, _ pages: HandmadePage...
    ) -> HandmadeFile {
        HandmadeFile(
            elements: [element], rootChildren: 1, rows: rows,
            chunks: [Chunk(codec: codec, pages: pages)])
    }

    func bytes() throws -> [UInt8] {
        var bytes: [UInt8] = Array("PAR1".utf8)
        var footer = FileMetadata()
        var root = SchemaElement(name: "schema")
        root.childCount = rootChildren
        footer.schema = [root] + elements
        footer.rowCount = rows
        var group = RowGroupMetadata()
        group.rowCount = rows
        for (leaf, chunk) in zip(elements.filter({ $0.type != nil }), chunks) {
            var metadata = ColumnChunkMetadata()
            metadata.type = leaf.type ?? .boolean
            metadata.path = [leaf.name]
            metadata.codec = chunk.codec.rawValue
            metadata.dataPageOffset = bytes.count
            let start = bytes.count
            for page in chunk.pages {
                let place = bytes.count
                bytes += try page.bytes(codec: chunk.codec)
                if page.version != .dictionary {
                    metadata.valueCount += page.count
                } else if chunk.namesDictionary {
                    metadata.dictionaryPageOffset = place
                    metadata.dataPageOffset = bytes.count
                }
            }
            metadata.compressedBytes = bytes.count - start
            metadata.uncompressedBytes = metadata.compressedBytes
            group.columns.append(metadata)
        }
        footer.rowGroups = [group]
        change(&footer)
        var thrift = ThriftWriter()
        footer.write(to: &thrift)
        return Self.closed(bytes, footer: thrift.bytes)
    }

    /// Puts a footer, its length and the magic behind the pages.
    static func closed(_ bytes: [UInt8], footer: [UInt8]) -> [UInt8] {
        bytes + footer + Handmade.plain([UInt32(footer.count)]) + Array("PAR1".utf8)
    }

    /// The rows as lines, in the form of `PeerRows`.
    func lines(_ folder: ScratchFolder) throws -> [String] {
        try Self.lines(try bytes(), folder)
    }

    static func lines(_ bytes: [UInt8], _ folder: ScratchFolder) throws -> [String] {
        let path = folder.file("handmade.parquet")
        try ParquetHostileTests.store(bytes, at: path)
        let schema = try ParquetFile.open(path: path).schema
        return PeerRows.lines(try ParquetRows.read([path], schema: schema), schema)
    }

    /// The error that reading ends with; nil if it does not.
    func failure(_ folder: ScratchFolder) throws -> ColumnarError? {
        do {
            _ = try lines(folder)
            return nil
        } catch let error as ColumnarError {
            return error
        }
    }

    func isCorrupt(_ folder: ScratchFolder) throws -> Bool {
        guard case .corrupt? = try failure(folder) else { return false }
        return true
    }

    func isUnsupported(_ folder: ScratchFolder) throws -> Bool {
        guard case .unsupported? = try failure(folder) else { return false }
        return true
    }
}

/// Small encoders, written after the specification and not after ours.
enum Handmade {
    static func leaf(
        _ type: PhysicalType, _ logical: LogicalType? = nil, _ repetition: Repetition = .required,
        name: String = "c", length: Int = 0, converted: ConvertedType? = nil
    ) -> SchemaElement {
        var element = SchemaElement(name: name)
        element.type = type
        element.logical = logical
        element.repetition = repetition
        element.typeLength = length
        element.converted = converted
        return element
    }

    static func group(
        _ name: String, _ repetition: Repetition, children: Int,
        converted: ConvertedType? = nil, logical: LogicalType? = nil
    ) -> SchemaElement {
        var element = SchemaElement(name: name)
        element.repetition = repetition
        element.childCount = children
        element.converted = converted
        element.logical = logical
        return element
    }

    static func plain<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
        values.flatMap { value in
            (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
        }
    }

    static func texts(_ values: [String]) -> [UInt8] {
        values.flatMap { plain([UInt32($0.utf8.count)]) + Array($0.utf8) }
    }

    static func varint(_ value: UInt64) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }

    static func zigzag(_ value: Int64) -> [UInt8] {
        varint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Numbers as bits one after another, least significant first, filled up to whole bytes.
    static func packed(_ values: [UInt64], width: Int) -> [UInt8] {
        let bits = values.flatMap { value in (0..<width).map { value >> UInt64($0) & 1 } }
        return bytes(of: bits) { $0 }
    }

    /// The same with the most significant bits first: the deprecated BIT_PACKED.
    static func packedBackwards(_ values: [UInt64], width: Int) -> [UInt8] {
        let bits = values.flatMap { value in
            (0..<width).reversed().map { value >> UInt64($0) & 1 }
        }
        return bytes(of: bits) { 7 - $0 }
    }

    private static func bytes(of bits: [UInt64], place: (Int) -> Int) -> [UInt8] {
        stride(from: 0, to: bits.count, by: 8).map { start in
            (0..<min(8, bits.count - start)).reduce(UInt8(0)) { byte, i in
                byte | UInt8(bits[start + i]) << UInt8(place(i))
            }
        }
    }

    /// One packed run of the hybrid, without a length in front.
    static func hybrid(_ values: [UInt64], width: Int) -> [UInt8] {
        let groups = (values.count + 7) / 8
        let full = values + Array(repeating: 0, count: groups * 8 - values.count)
        return varint(UInt64(groups) << 1 | 1) + packed(full, width: width)
    }

    /// Levels of a version 1 page.
    static func levels(_ values: [UInt64], width: Int) -> [UInt8] {
        let run = hybrid(values, width: width)
        return plain([UInt32(run.count)]) + run
    }

    /// DELTA_BINARY_PACKED with blocks of any size.
    static func deltas(_ values: [Int64], block: Int = 128, miniblocks: Int = 4) -> [UInt8] {
        var bytes = varint(UInt64(block)) + varint(UInt64(miniblocks))
        bytes += varint(UInt64(values.count)) + zigzag(values.first ?? 0)
        let differences = zip(values.dropFirst(), values).map { $0 &- $1 }
        for start in stride(from: 0, to: differences.count, by: block) {
            let part = Array(differences[start..<min(start + block, differences.count)])
            let least = part.min() ?? 0
            let size = block / miniblocks
            let minis = stride(from: 0, to: part.count, by: size).map { from in
                part[from..<min(from + size, part.count)].map { UInt64(bitPattern: $0 &- least) }
            }
            let widths = minis.map { 64 - ($0.max() ?? 0).leadingZeroBitCount }
            // Widths of miniblocks that are not there may be anything.
            let spare = Array(repeating: UInt8(77), count: miniblocks - minis.count)
            bytes += zigzag(least) + widths.map { UInt8($0) } + spare
            for (mini, width) in zip(minis, widths) {
                let full = mini + Array(repeating: 0, count: size - mini.count)
                bytes += packed(full, width: width)
            }
        }
        return bytes
    }

    /// DELTA_BYTE_ARRAY.
    static func prefixed(_ values: [[UInt8]]) -> [UInt8] {
        var before: [UInt8] = []
        var prefixes: [Int64] = []
        var suffixes: [[UInt8]] = []
        for value in values {
            let prefix = zip(before, value).prefix { $0 == $1 }.count
            prefixes.append(Int64(prefix))
            suffixes.append(Array(value[prefix...]))
            before = value
        }
        return deltas(prefixes) + deltas(suffixes.map { Int64($0.count) }) + suffixes.flatMap { $0 }
    }

    /// BYTE_STREAM_SPLIT of values in PLAIN form.
    static func split(_ plain: [UInt8], width: Int) -> [UInt8] {
        (0..<width).flatMap { stream in
            stride(from: stream, to: plain.count, by: width).map { plain[$0] }
        }
    }
}
