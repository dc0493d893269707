/// The header in front of each page.
struct PageHeader: Sendable {
    var type = 0
    var uncompressedBytes = 0
    var compressedBytes = 0
    /// CRC-32 of the page as stored.
    var checksum: UInt32?
    var valueCount = 0
    var encoding = 0
    var definitionEncoding = ValueEncoding.rle.rawValue
    var repetitionEncoding = ValueEncoding.rle.rawValue
    /// Version 2 only.
    var nullCount = 0
    var rowCount = 0
    var definitionBytes = 0
    var repetitionBytes = 0
    var isCompressed = true
    /// Dictionary pages only: the entries rise in the column's order.
    var isSorted = false
}

extension PageHeader {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        var hasBody = false
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: type = try thrift.integer(field)
            case 2: uncompressedBytes = try thrift.count(field)
            case 3: compressedBytes = try thrift.count(field)
            case 4: checksum = UInt32(truncatingIfNeeded: try thrift.integer(field))
            case 5, 7, 8:
                try thrift.enter(field)
                try readBody(field.id, &thrift)
                hasBody = true
            default: try thrift.skip(field)
            }
        }
        guard uncompressedBytes <= Int32.max, compressedBytes <= Int32.max else {
            throw thrift.corrupt("a page of \(uncompressedBytes) bytes")
        }
        guard hasBody || PageType(rawValue: type) == nil || type == PageType.index.rawValue else {
            throw thrift.corrupt("a page header without its part")
        }
    }

    private mutating func readBody(
        _ kind: Int, _ thrift: inout ThriftReader
    ) throws(ColumnarError) {
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch (kind, field.id) {
            case (5, 1), (7, 1), (8, 1): valueCount = try thrift.count(field)
            case (5, 2), (7, 2), (8, 4): encoding = try thrift.integer(field)
            case (5, 3): definitionEncoding = try thrift.integer(field)
            case (5, 4): repetitionEncoding = try thrift.integer(field)
            case (8, 2): nullCount = try thrift.count(field)
            case (8, 3): rowCount = try thrift.count(field)
            case (8, 5): definitionBytes = try thrift.count(field)
            case (8, 6): repetitionBytes = try thrift.count(field)
            case (8, 7): isCompressed = try thrift.bool(field)
            default: try thrift.skip(field)
            }
        }
        let largest = max(valueCount, nullCount, rowCount, definitionBytes, repetitionBytes)
        guard largest <= Int32.max else { throw thrift.corrupt("\(largest) in a page header") }
    }

    /// The header of a data page of either version or of a dictionary page.
    func written() -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.i32(1, type)
        thrift.i32(2, uncompressedBytes)
        thrift.i32(3, compressedBytes)
        if let checksum { thrift.i32(4, Int(Int32(bitPattern: checksum))) }
        switch PageType(rawValue: type) {
        case .dictionary:
            thrift.begin(7)
            thrift.i32(1, valueCount)
            thrift.i32(2, encoding)
            if isSorted { thrift.bool(3, true) }
        case .dataV2:
            thrift.begin(8)
            thrift.i32(1, valueCount)
            thrift.i32(2, nullCount)
            thrift.i32(3, rowCount)
            thrift.i32(4, encoding)
            thrift.i32(5, definitionBytes)
            thrift.i32(6, repetitionBytes)
            thrift.bool(7, isCompressed)
        case .data, .index, nil:
            thrift.begin(5)
            thrift.i32(1, valueCount)
            thrift.i32(2, encoding)
            thrift.i32(3, definitionEncoding)
            thrift.i32(4, repetitionEncoding)
        }
        thrift.end()
        thrift.finish()
        return thrift.bytes
    }
}
