/// Fields of one column as a typed column; the survey has made sure that each fits.
struct DelimitedColumn {
    let records: DelimitedRecords
    let column: Int
    let name: String
    let file: String
    let line: Int
    let pool: BufferPool

    /// Rows `start..<start + count` of the records.
    func rows(_ start: Int, _ count: Int, as type: DataType) throws(ColumnarError) -> Column {
        switch type {
        case .boolean: return try booleans(start, count)
        case .bigint:
            return try flat(.int64, start, count) { WrittenNumber.integer($0) }
        case .double:
            return try flat(.float64, start, count) { text in
                WrittenNumber.double(text).map { $0.bitPattern.asInt64 }
            }
        case .date:
            return try flat(.int32, start, count) { text in
                WrittenTime(text).map { Int32(truncatingIfNeeded: $0.days) }
            }
        case .timestamp:
            return try flat(.int64, start, count) { WrittenTime($0)?.micros }
        case .timestampTZ:
            return try flat(.int128, start, count) { WrittenTime($0)?.zoned.bits }
        default: return try texts(start, count)
        }
    }

    private func misfit(_ text: UnsafeRawBufferPointer) -> ColumnarError {
        .corrupt(
            FileLocation(path: file, column: name, line: line),
            reason:
                "'\(String(decoding: text.prefix(40), as: UTF8.self))' near here was not in the "
                + "file when its types were found: it changed while it was read")
    }

    private func flat<Element: FixedWidthInteger & BitwiseCopyable>(
        _ storage: Storage, _ start: Int, _ count: Int,
        _ parse: (UnsafeRawBufferPointer) -> Element?
    ) throws(ColumnarError) -> Column {
        let fields = records.fieldSpan()
        let buffer = try pool.allocate(Element.self, count: count)
        var target = buffer.mutableSpan(of: Element.self, count: count)
        var validity = ValidityBuilder()
        var i = start * records.columnCount + column
        for row in 0..<count {
            let field = fields[i]
            i += records.columnCount
            validity.append(!field.isNull)
            guard !field.isNull else {
                target[row] = 0
                continue
            }
            let text = records.bytes(field)
            guard let value = parse(TextEvidence.trimmed(text)) else { throw misfit(text) }
            target[row] = value
        }
        return .flat(
            FlatColumn(
                storage: storage, buffer: buffer, count: count,
                validity: try validity.finish(pool: pool)))
    }

    private func booleans(_ start: Int, _ count: Int) throws(ColumnarError) -> Column {
        let fields = records.fieldSpan()
        var builder = BitBuilder(pool: pool)
        for row in start..<start + count {
            let field = fields[row * records.columnCount + column]
            guard !field.isNull else {
                builder.appendNull()
                continue
            }
            let text = records.bytes(field)
            guard let bit = TextEvidence.boolean(TextEvidence.trimmed(text)) else {
                throw misfit(text)
            }
            builder.append(bit)
        }
        return try builder.finish()
    }

    /// Texts stay where they are: the column holds the block.
    private func texts(_ start: Int, _ count: Int) throws(ColumnarError) -> Column {
        let fields = records.fieldSpan()
        let slices = try pool.allocate(TextSlice.self, count: count)
        var target = slices.mutableSpan(of: TextSlice.self, count: count)
        var validity = ValidityBuilder()
        var i = start * records.columnCount + column
        for row in 0..<count {
            let field = fields[i]
            i += records.columnCount
            validity.append(!field.isNull)
            target[row] =
                field.isNull
                ? TextSlice(start: 0, length: 0)
                : TextSlice(start: field.start, length: UInt32(truncatingIfNeeded: field.length))
        }
        return .text(
            TextColumn(
                slices: slices, count: count, owner: records.buffer,
                validity: try validity.finish(pool: pool)))
    }
}

extension UInt64 {
    fileprivate var asInt64: Int64 { Int64(bitPattern: self) }
}
