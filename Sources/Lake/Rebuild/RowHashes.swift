import CXXHash
import Columnar

/// The row hashes of rows that lie in data files: what the flattener gave when it read their raw files.
///
/// Columns are encoded back into `RowEncoding`'s stable section: the plan's fields in order, volatile ones
/// left out, then `_extra`. A column that the table does not have yet is NULL.
struct RowHashes {
    private let plan: FlattenPlan
    /// Position in the table's schema of each column of the definition; nil where it has none.
    private let positions: [Int?]
    private let extraPosition: Int

    init?(_ definition: TableDefinition, schema: Schema) {
        guard let extra = schema.index(of: SystemColumn.extra.field.name) else { return nil }
        plan = FlattenPlan(definition)
        positions = definition.columns.map { schema.index(of: $0.name) }
        extraPosition = extra
    }

    /// Schema positions that are read, rising.
    var columns: [Int] { Set(positions.compactMap { $0 } + [extraPosition]).sorted() }

    /// The hash of each row; `columns` holds the table's columns by schema position.
    func hashes(
        of columns: [Int: Column], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> [UInt64] {
        var fields: [Column?] = []
        for position in positions {
            guard let position, let column = columns[position] else {
                fields.append(nil)
                continue
            }
            fields.append(try Self.flattened(column, pool))
        }
        let extra = try columns[extraPosition].map { (c) throws(ColumnarError) in
            try Self.flattened(c, pool)
        }
        var hashes: [UInt64] = []
        hashes.reserveCapacity(count)
        var bytes: [UInt8] = []
        let frame = plan.frames[0]
        for row in 0..<count {
            bytes.removeAll(keepingCapacity: true)
            for i in 0..<Int(frame.fieldCount) {
                let value = Int(plan.fields[Int(frame.firstField) + i].value)
                append(value, fields[i], row, to: &bytes)
            }
            if let extra, Self.isValid(extra, row) {
                Self.appendText(extra, row, to: &bytes)
            } else {
                bytes.append(0)
            }
            hashes.append(bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) })
        }
        return hashes
    }

    /// One value of the plan in its encoding; nothing for a volatile one.
    private func append(_ number: Int, _ column: Column?, _ row: Int, to bytes: inout [UInt8]) {
        let value = plan.values[number]
        guard !value.isVolatile else { return }
        guard let column, Self.isValid(column, row) else {
            bytes.append(0)
            return
        }
        switch (value.kind, column) {
        case (.list, .list(let list)):
            let offsets = list.offsetSpan()
            let (start, end) = (Int(offsets[row]), Int(offsets[row + 1]))
            bytes.append(1)
            Self.append(UInt32(truncatingIfNeeded: end - start), to: &bytes)
            let child = list.child
            for element in start..<end { append(Int(value.part), child, element, to: &bytes) }
        case (.row, .row(let rows)):
            bytes.append(1)
            let frame = plan.frames[Int(value.part)]
            for (i, child) in rows.children.enumerated() where i < Int(frame.fieldCount) {
                append(
                    Int(plan.fields[Int(frame.firstField) + i].value), child, row, to: &bytes)
            }
        case (.text, .text), (.json, .text): Self.appendText(column, row, to: &bytes)
        case (_, .bits(let bits)):
            bytes.append(1)
            bytes.append(bits.values[row] ? 1 : 0)
        case (_, .flat(let flat)): Self.append(flat, row, to: &bytes)
        default: bytes.append(0)
        }
    }

    private static func append(_ flat: FlatColumn, _ row: Int, to bytes: inout [UInt8]) {
        bytes.append(1)
        switch flat.storage {
        case .int32: append(flat.values(as: Int32.self)[row], to: &bytes)
        case .int64: append(flat.values(as: Int64.self)[row], to: &bytes)
        case .int128: append(flat.values(as: Int128.self)[row], to: &bytes)
        case .float32: append(flat.values(as: Float.self)[row].bitPattern, to: &bytes)
        case .float64: append(flat.values(as: Double.self)[row].bitPattern, to: &bytes)
        case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
        }
    }

    private static func appendText(_ column: Column, _ row: Int, to bytes: inout [UInt8]) {
        guard case .text(let texts) = column else { return }
        let text = texts.bytes(at: row)
        bytes.append(1)
        append(UInt32(truncatingIfNeeded: text.count), to: &bytes)
        bytes.append(contentsOf: text)
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func isValid(_ column: Column, _ row: Int) -> Bool {
        switch column {
        case .bits(let c): c.validity?[row] ?? true
        case .flat(let c): c.validity?[row] ?? true
        case .text(let c): c.validity?[row] ?? true
        case .list(let c): c.validity?[row] ?? true
        case .row(let c): c.validity?[row] ?? true
        case .coded, .constant, .runs, .lazy: preconditionFailure("flattened before")
        }
    }

    /// A column in flat form, children included.
    private static func flattened(
        _ column: Column, _ pool: BufferPool
    ) throws(ColumnarError) -> Column {
        switch try column.flattened(pool: pool) {
        case .list(let list):
            return .list(
                ListColumn(
                    offsets: list.offsets, start: list.start, count: list.count,
                    child: try flattened(list.child, pool), validity: list.validity))
        case .row(let row):
            var children: [Column] = []
            for child in row.children { children.append(try flattened(child, pool)) }
            return .row(RowColumn(children: children, count: row.count, validity: row.validity))
        case let flat: return flat
        }
    }
}
