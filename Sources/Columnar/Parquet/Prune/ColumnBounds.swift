/// What statistics say about the values of one leaf in one row group or page.
struct ColumnBounds {
    /// No value is below; nil: unknown.
    var lower: Value?
    /// No value is above; nil: unknown.
    var upper: Value?
    /// Both bounds are values that occur, not cut ones.
    var areExact = false
    var nullCount: Int?
    var valueCount = 0

    /// True if a row may satisfy `column op value`.
    ///
    /// NULL and NaN satisfy nothing but `<>`.
    func mayMatch(_ comparison: ScanComparison, _ value: Value) -> Bool {
        if let nullCount, nullCount == valueCount { return false }
        let low = lower.flatMap { BoundOrder.compare($0, value) }
        let high = upper.flatMap { BoundOrder.compare($0, value) }
        switch comparison {
        case .equal: return low != .greater && high != .less
        case .less: return low == nil || low == .less
        case .lessOrEqual: return low != .greater
        case .greater: return high == nil || high == .greater
        case .greaterOrEqual: return high != .less
        case .notEqual:
            // A NaN beside equal bounds would satisfy it.
            switch value {
            case .float, .double: return true
            default: return !(areExact && low == .equal && high == .equal)
            }
        }
    }

    var mayBeNull: Bool { nullCount != 0 }

    var mayBeNotNull: Bool { nullCount == nil || nullCount != valueCount }
}

extension ColumnBounds {
    /// Reads a chunk's statistics as values of the table's type; what cannot be trusted stays unknown.
    init(
        chunk: ColumnChunkMetadata, node: SchemaNode, type: DataType, order: ColumnOrder?,
        location: FileLocation
    ) {
        self.init(
            chunk.statistics ?? ChunkStatistics(), valueCount: chunk.valueCount, node: node,
            type: type, order: order, location: location)
    }

    /// The same for any statistics over `valueCount` values, NULLs counted.
    init(
        _ statistics: ChunkStatistics, valueCount: Int, node: SchemaNode, type: DataType,
        order: ColumnOrder?, location: FileLocation
    ) {
        self.valueCount = valueCount
        if let count = statistics.nullCount, count <= valueCount { nullCount = count }
        guard Self.isOrdered(node.element, type, statistics, order) else { return }
        let decode = BoundDecoder(node: node, type: type, location: location)
        lower = statistics.minimum.flatMap { decode.value($0) }
        upper = statistics.maximum.flatMap { decode.value($0) }
        if let low = lower, let high = upper {
            switch BoundOrder.compare(low, high) {
            case .less?, .equal?:
                areExact =
                    statistics.isMinimumExact ?? decode.isFixedWidth
                    && statistics.isMaximumExact ?? decode.isFixedWidth
            default:
                // Reversed or NaN: written by a defective writer.
                lower = nil
                upper = nil
            }
        }
    }

    /// Whether bounds of this leaf mean what `BoundOrder` means.
    static func isOrdered(
        _ element: SchemaElement, _ type: DataType, _ statistics: ChunkStatistics,
        _ order: ColumnOrder?
    ) -> Bool {
        if element.type == .int96 { return false }
        // CHAR compares padded, which bytes do not show.
        if case .char = type { return false }
        if statistics.areDeprecated {
            // The old fields were ordered as signed numbers or bytes.
            switch (element.type, LeafType.annotation(of: element)) {
            case (.int32, .integer(_, false)), (.int64, .integer(_, false)): return false
            case (.int32, _), (.int64, _), (.float, _), (.double, _), (.boolean, _): return true
            default: return false
            }
        }
        switch order {
        case .typeDefined: return LeafType.annotation(of: element) != .interval
        case .ieee754Total: return element.type == .float || element.type == .double
        case nil: return false
        }
    }
}

/// One stored bound as a value of the table's type.
struct BoundDecoder {
    let node: SchemaNode
    let type: DataType
    let location: FileLocation

    /// Bounds of fixed-width types are never cut.
    var isFixedWidth: Bool {
        switch node.element.type {
        case .byteArray, .fixedLengthByteArray: type.storage != .text
        default: true
        }
    }

    func value(_ bytes: [UInt8]) -> Value? {
        guard
            let conversion = ValueConversion.between(node.element, node.type, type),
            let physical = node.element.type
        else { return nil }
        switch conversion {
        case .allNull, .widened(.byteArray, _): return nil
        case .bits: return bytes.count == 1 ? .boolean(bytes[0] != 0) : nil
        case .text, .fixedText:
            if type == .varbinary { return .binary(bytes) }
            return String(validating: bytes, as: UTF8.self).map { .text($0) }
        case .byteArrayToInt64, .byteArrayToInt128:
            guard let number = bytes.withUnsafeBytes({ ValueConversion.bigEndian($0) }) else {
                return nil
            }
            return type.storage == .int64
                ? Int64(exactly: number).map { .int($0) } : .int128(number)
        default:
            guard physical.width(typeLength: node.element.typeLength) == bytes.count else {
                return nil
            }
            return fixed(bytes, conversion)
        }
    }

    private func fixed(_ bytes: [UInt8], _ conversion: ValueConversion) -> Value? {
        var result = UInt128(0)
        do throws(ColumnarError) {
            let failure = withUnsafeMutableBytes(of: &result) { target in
                bytes.withUnsafeBytes { source -> ColumnarError? in
                    guard let from = source.baseAddress, let to = target.baseAddress else {
                        return nil
                    }
                    do throws(ColumnarError) {
                        try conversion.convert(
                            from, sourceWidth: bytes.count, count: 1, into: to, location: location)
                        return nil
                    } catch { return error }
                }
            }
            if let failure { throw failure }
        } catch { return nil }
        switch type.storage {
        case .int32: return .int(Int64(Int32(truncatingIfNeeded: result)))
        case .int64: return .int(Int64(truncatingIfNeeded: result))
        case .int128: return .int128(Int128(truncatingIfNeeded: result))
        case .float32:
            let number = Float(bitPattern: UInt32(truncatingIfNeeded: result))
            return number.isNaN ? nil : .float(number)
        case .float64:
            let number = Double(bitPattern: UInt64(truncatingIfNeeded: result))
            return number.isNaN ? nil : .double(number)
        case .bit, .text, .list, .row: return nil
        }
    }
}
