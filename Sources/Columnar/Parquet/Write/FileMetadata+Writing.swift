/// The footer, written.
extension FileMetadata {
    func write(to thrift: inout ThriftWriter) {
        thrift.i32(1, version)
        thrift.list(2, of: .structure, count: schema.count)
        for element in schema { element.write(to: &thrift) }
        thrift.i64(3, rowCount)
        thrift.list(4, of: .structure, count: rowGroups.count)
        for group in rowGroups { group.write(to: &thrift) }
        if !keyValues.isEmpty {
            thrift.list(5, of: .structure, count: keyValues.count)
            for pair in keyValues {
                thrift.beginElement()
                thrift.string(1, pair.key)
                thrift.string(2, pair.value)
                thrift.end()
            }
        }
        if let createdBy { thrift.string(6, createdBy) }
        thrift.list(7, of: .structure, count: columnOrders.count)
        for order in columnOrders {
            thrift.beginElement()
            thrift.empty((order ?? .typeDefined).rawValue)
            thrift.end()
        }
        thrift.finish()
    }
}

extension SchemaElement {
    func write(to thrift: inout ThriftWriter) {
        thrift.beginElement()
        if let type { thrift.i32(1, type.rawValue) }
        if type == .fixedLengthByteArray { thrift.i32(2, typeLength) }
        if let repetition { thrift.i32(3, repetition.rawValue) }
        thrift.string(4, name)
        if type == nil { thrift.i32(5, childCount) }
        if let converted { thrift.i32(6, converted.rawValue) }
        if case .decimal(let scale, let precision)? = logical {
            thrift.i32(7, scale)
            thrift.i32(8, precision)
        }
        if let fieldID { thrift.i32(9, fieldID) }
        if let logical {
            thrift.begin(10)
            logical.write(to: &thrift)
            thrift.end()
        }
        thrift.end()
    }
}

extension LogicalType {
    func write(to thrift: inout ThriftWriter) {
        switch self {
        case .string: thrift.empty(1)
        case .map: thrift.empty(2)
        case .list: thrift.empty(3)
        case .enumeration: thrift.empty(4)
        case .decimal(let scale, let precision):
            thrift.begin(5)
            thrift.i32(1, scale)
            thrift.i32(2, precision)
            thrift.end()
        case .date: thrift.empty(6)
        case .time(let isUTC, let unit), .timestamp(let isUTC, let unit):
            if case .time = self { thrift.begin(7) } else { thrift.begin(8) }
            thrift.bool(1, isUTC)
            thrift.begin(2)
            thrift.empty(unit.rawValue)
            thrift.end()
            thrift.end()
        case .integer(let bits, let isSigned):
            thrift.begin(10)
            thrift.i8(1, bits)
            thrift.bool(2, isSigned)
            thrift.end()
        case .unknown: thrift.empty(11)
        case .json: thrift.empty(12)
        case .bson: thrift.empty(13)
        case .uuid: thrift.empty(14)
        case .float16: thrift.empty(15)
        case .interval, .other: break
        }
    }
}

extension RowGroupMetadata {
    func write(to thrift: inout ThriftWriter) {
        thrift.beginElement()
        thrift.list(1, of: .structure, count: columns.count)
        for column in columns { column.write(to: &thrift) }
        thrift.i64(2, uncompressedBytes)
        thrift.i64(3, rowCount)
        if !sortingColumns.isEmpty {
            thrift.list(4, of: .structure, count: sortingColumns.count)
            for column in sortingColumns {
                thrift.beginElement()
                thrift.i32(1, column.leaf)
                thrift.bool(2, column.isDescending)
                thrift.bool(3, column.nullsFirst)
                thrift.end()
            }
        }
        if let fileOffset { thrift.i64(5, fileOffset) }
        thrift.i64(6, compressedBytes)
        if let ordinal, ordinal <= Int16.max { thrift.i16(7, ordinal) }
        thrift.end()
    }
}

extension ColumnChunkMetadata {
    func write(to thrift: inout ThriftWriter) {
        thrift.beginElement()
        // Deprecated and required: 0 is what the format asks for.
        thrift.i64(2, 0)
        thrift.begin(3)
        thrift.i32(1, type.rawValue)
        thrift.list(2, of: .i32, count: encodings.count)
        for encoding in encodings { thrift.elementInteger(encoding) }
        thrift.list(3, of: .binary, count: path.count)
        for part in path { thrift.elementBinary(part.utf8) }
        thrift.i32(4, codec)
        thrift.i64(5, valueCount)
        thrift.i64(6, uncompressedBytes)
        thrift.i64(7, compressedBytes)
        thrift.i64(9, dataPageOffset)
        if let dictionaryPageOffset { thrift.i64(11, dictionaryPageOffset) }
        if let statistics {
            thrift.begin(12)
            statistics.write(to: &thrift)
            thrift.end()
        }
        if !encodingStats.isEmpty {
            thrift.list(13, of: .structure, count: encodingStats.count)
            for stats in encodingStats {
                thrift.beginElement()
                thrift.i32(1, stats.pageType)
                thrift.i32(2, stats.encoding)
                thrift.i32(3, stats.count)
                thrift.end()
            }
        }
        if let bloomFilterOffset { thrift.i64(14, bloomFilterOffset) }
        if let bloomFilterBytes { thrift.i32(15, bloomFilterBytes) }
        if let sizes, !sizes.isEmpty {
            thrift.begin(16)
            sizes.write(to: &thrift)
            thrift.end()
        }
        thrift.end()
        if let offsetIndexOffset {
            thrift.i64(4, offsetIndexOffset)
            thrift.i32(5, offsetIndexBytes)
        }
        if let columnIndexOffset {
            thrift.i64(6, columnIndexOffset)
            thrift.i32(7, columnIndexBytes)
        }
        thrift.end()
    }
}

extension ChunkStatistics {
    func write(to thrift: inout ThriftWriter) {
        if let nullCount { thrift.i64(3, nullCount) }
        if let distinctCount { thrift.i64(4, distinctCount) }
        if let maximum { thrift.binary(5, maximum) }
        if let minimum { thrift.binary(6, minimum) }
        if maximum != nil, let isMaximumExact { thrift.bool(7, isMaximumExact) }
        if minimum != nil, let isMinimumExact { thrift.bool(8, isMinimumExact) }
        if let nanCount { thrift.i64(9, nanCount) }
    }
}
