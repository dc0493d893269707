/// The footer, read: schema, row groups, chunks.
///
/// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
///
///     ┌──────┬─────────────────────────┬────────┬────────────────┬──────┐
///     │ PAR1 │ row groups, indexes ... │ footer │ its length u32 │ PAR1 │
///     └──────┴─────────────────────────┴────────┴────────────────┴──────┘
struct FileMetadata: Sendable {
    var version = 1
    var schema: [SchemaElement] = []
    var rowCount = 0
    var rowGroups: [RowGroupMetadata] = []
    var keyValues: [(key: String, value: String)] = []
    var createdBy: String?
    /// One per leaf; empty if the file does not say, and then bounds mean nothing.
    var columnOrders: [ColumnOrder?] = []
}

extension FileMetadata {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: version = try thrift.integer(field)
            case 2:
                let count = try thrift.list(field, of: .structure)
                for _ in 0..<count { schema.append(try SchemaElement(reading: &thrift)) }
            case 3: rowCount = try thrift.count(field)
            case 4:
                let count = try thrift.list(field, of: .structure)
                for _ in 0..<count { rowGroups.append(try RowGroupMetadata(reading: &thrift)) }
            case 5:
                let count = try thrift.list(field, of: .structure)
                for _ in 0..<count { keyValues.append(try Self.keyValue(&thrift)) }
            case 6: createdBy = try thrift.string(field)
            case 7:
                let count = try thrift.list(field, of: .structure)
                for _ in 0..<count { columnOrders.append(try Self.columnOrder(&thrift)) }
            // 8 and 9: some columns are encrypted, which their chunks say too; the footer is signed.
            default: try thrift.skip(field)
            }
        }
    }

    private static func keyValue(
        _ thrift: inout ThriftReader
    ) throws(ColumnarError) -> (key: String, value: String) {
        var pair = (key: "", value: "")
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: pair.key = try thrift.string(field)
            case 2: pair.value = try thrift.string(field)
            default: try thrift.skip(field)
            }
        }
        return pair
    }

    private static func columnOrder(
        _ thrift: inout ThriftReader
    ) throws(ColumnarError) -> ColumnOrder? {
        var order: ColumnOrder?
        var last = 0
        while let field = try thrift.field(after: &last) {
            order = ColumnOrder(rawValue: field.id)
            try thrift.skip(field)
        }
        return order
    }
}

extension SchemaElement {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        name = ""
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1:
                let raw = try thrift.integer(field)
                guard let known = PhysicalType(rawValue: raw) else {
                    throw thrift.corrupt("physical type \(raw) does not exist")
                }
                type = known
            case 2: typeLength = try thrift.count(field)
            case 3:
                let raw = try thrift.integer(field)
                guard let known = Repetition(rawValue: raw) else {
                    throw thrift.corrupt("repetition \(raw) does not exist")
                }
                repetition = known
            case 4: name = try thrift.string(field)
            case 5: childCount = try thrift.count(field)
            case 6: converted = ConvertedType(rawValue: try thrift.integer(field))
            case 7: scale = try thrift.integer(field)
            case 8: precision = try thrift.integer(field)
            case 9: fieldID = try thrift.integer(field)
            case 10:
                try thrift.enter(field)
                logical = try LogicalType(reading: &thrift)
            default: try thrift.skip(field)
            }
        }
    }
}

extension LogicalType {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        self = .other
        var last = 0
        while let field = try thrift.field(after: &last) {
            guard field.type == .structure else {
                try thrift.skip(field)
                continue
            }
            switch field.id {
            case 5, 7, 8, 10: self = try Self.parameters(field.id, &thrift)
            default:
                self = Self.plain[field.id] ?? .other
                try thrift.skip(field)
            }
        }
    }

    /// Members of the union without parameters.
    private static let plain: [Int: LogicalType] = [
        1: .string, 2: .map, 3: .list, 4: .enumeration, 6: .date, 11: .unknown, 12: .json,
        13: .bson, 14: .uuid, 15: .float16,
    ]

    private static func parameters(
        _ member: Int, _ thrift: inout ThriftReader
    ) throws(ColumnarError) -> LogicalType {
        var first = 0
        var second = 0
        var flag = false
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch (member, field.id) {
            case (5, 1), (10, 1): first = try thrift.integer(field)
            case (5, 2): second = try thrift.integer(field)
            case (7, 1), (8, 1), (10, 2): flag = try thrift.bool(field)
            case (7, 2), (8, 2):
                try thrift.enter(field)
                var inner = 0
                while let unit = try thrift.field(after: &inner) {
                    first = unit.id
                    try thrift.skip(unit)
                }
            default: try thrift.skip(field)
            }
        }
        switch member {
        case 5: return .decimal(scale: first, precision: second)
        case 10: return .integer(bits: first, isSigned: flag)
        default:
            guard let unit = TimeUnit(rawValue: first) else { return .other }
            return member == 7 ? .time(isUTC: flag, unit) : .timestamp(isUTC: flag, unit)
        }
    }
}

extension RowGroupMetadata {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1:
                let count = try thrift.list(field, of: .structure)
                // No more than a small table has: the count is not to be trusted with memory.
                columns.reserveCapacity(min(count, 256))
                for _ in 0..<count { columns.append(try ColumnChunkMetadata(reading: &thrift)) }
            case 2: uncompressedBytes = try thrift.integer(field)
            case 3: rowCount = try thrift.count(field)
            case 4:
                let count = try thrift.list(field, of: .structure)
                for _ in 0..<count { sortingColumns.append(try SortingColumn(reading: &thrift)) }
            case 5: fileOffset = try thrift.integer(field)
            case 6: compressedBytes = try thrift.integer(field)
            case 7: ordinal = try thrift.integer(field)
            default: try thrift.skip(field)
            }
        }
    }
}

extension SortingColumn {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        self.init(leaf: -1, isDescending: false, nullsFirst: false)
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: leaf = try thrift.integer(field)
            case 2: isDescending = try thrift.bool(field)
            case 3: nullsFirst = try thrift.bool(field)
            default: try thrift.skip(field)
            }
        }
    }
}

extension ColumnChunkMetadata {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        var hasMetadata = false
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1:
                let path = try thrift.string(field)
                guard path.isEmpty else {
                    throw .unsupported(
                        thrift.bytes.location, feature: "a column chunk in another file, \(path)")
                }
            case 3:
                try thrift.enter(field)
                try readColumn(&thrift)
                hasMetadata = true
            case 4: offsetIndexOffset = try thrift.count(field)
            case 5: offsetIndexBytes = try thrift.count(field)
            case 6: columnIndexOffset = try thrift.count(field)
            case 7: columnIndexBytes = try thrift.count(field)
            case 8, 9:
                isEncrypted = true
                try thrift.skip(field)
            default: try thrift.skip(field)
            }
        }
        guard hasMetadata || isEncrypted else {
            throw thrift.corrupt("a column chunk without metadata")
        }
        if isEncrypted { forgetWhatIsEncrypted() }
    }

    /// Indexes and filters of an encrypted column are encrypted too, and its bounds may be missing.
    private mutating func forgetWhatIsEncrypted() {
        statistics = nil
        bloomFilterOffset = nil
        offsetIndexOffset = nil
        columnIndexOffset = nil
    }

    private mutating func readColumn(_ thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1:
                let raw = try thrift.integer(field)
                guard let known = PhysicalType(rawValue: raw) else {
                    throw thrift.corrupt("physical type \(raw) does not exist")
                }
                type = known
            case 2:
                for _ in 0..<(try thrift.list(field, of: .i32)) {
                    encodings.append(try thrift.elementInteger())
                }
            case 4: codec = try thrift.integer(field)
            case 5: valueCount = try thrift.count(field)
            case 6: uncompressedBytes = try thrift.count(field)
            case 7: compressedBytes = try thrift.count(field)
            case 9: dataPageOffset = try thrift.count(field)
            case 11: dictionaryPageOffset = try thrift.integer(field)
            case 12:
                try thrift.enter(field)
                statistics = try ChunkStatistics(reading: &thrift)
            case 13:
                let count = try thrift.list(field, of: .structure)
                for _ in 0..<count {
                    encodingStats.append(try PageEncodingStats(reading: &thrift))
                }
            case 14: bloomFilterOffset = try thrift.count(field)
            case 15: bloomFilterBytes = try thrift.count(field)
            case 16:
                try thrift.enter(field)
                sizes = try SizeStatistics(reading: &thrift)
            default: try thrift.skip(field)
            }
        }
    }
}

extension PageEncodingStats {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        self.init(pageType: 0, encoding: 0, count: 0)
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: pageType = try thrift.integer(field)
            case 2: encoding = try thrift.integer(field)
            case 3: count = try thrift.integer(field)
            default: try thrift.skip(field)
            }
        }
    }
}

extension ChunkStatistics {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        var oldMinimum: [UInt8]?
        var oldMaximum: [UInt8]?
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: oldMaximum = try thrift.rawBinary(field)
            case 2: oldMinimum = try thrift.rawBinary(field)
            case 3: nullCount = try thrift.count(field)
            case 4: distinctCount = try thrift.count(field)
            case 5: maximum = try thrift.rawBinary(field)
            case 6: minimum = try thrift.rawBinary(field)
            case 7: isMaximumExact = try thrift.bool(field)
            case 8: isMinimumExact = try thrift.bool(field)
            case 9: nanCount = try thrift.count(field)
            default: try thrift.skip(field)
            }
        }
        if minimum == nil && maximum == nil {
            minimum = oldMinimum
            maximum = oldMaximum
            areDeprecated = oldMinimum != nil || oldMaximum != nil
        }
    }
}
