import Columnar
import Query

/// One column of a batch, ready to be printed row by row; only rare types go through boxed values.
struct CellColumn {
    let type: DataType
    private let form: Form

    private enum Form {
        case text(TextColumn)
        case bits(BitColumn)
        case int32(FlatColumn)
        case int64(FlatColumn)
        case double(FlatColumn)
        case boxed(Column)
    }

    init(
        _ column: Column, _ type: DataType, _ selection: Selection, pool: BufferPool
    ) throws(ColumnarError) {
        self.type = type
        switch try column.flattened(selection, pool: pool) {
        case .text(let c) where type == .json || type.isUnpaddedText: form = .text(c)
        case .bits(let c) where type == .boolean: form = .bits(c)
        case .flat(let c) where c.storage == .int32 && (type.isInteger || type == .date):
            form = .int32(c)
        case .flat(let c) where c.storage == .int64 && (type == .bigint || type.isTimestamp):
            form = .int64(c)
        case .flat(let c) where c.storage == .float64: form = .double(c)
        case let other: form = .boxed(other)
        }
    }

    /// The bytes of a text that is printed as it is; nil: another kind of column, or NULL.
    func text(at row: Int) -> UnsafeRawBufferPointer? {
        guard case .text(let c) = form, c.validity?[row] ?? true else { return nil }
        return c.bytes(at: row)
    }

    /// The boxed value, for types without a way of their own; nil: the column has one.
    func boxed(at row: Int) throws(ColumnarError) -> Value? {
        guard case .boxed(let column) = form else { return nil }
        return try column.value(at: row, type: type)
    }

    /// Appends the text of a row's value as a delimited file has it; false is NULL.
    func append(_ row: Int, to out: inout [UInt8]) throws(ColumnarError) -> Bool {
        switch form {
        case .text(let c):
            guard c.validity?[row] ?? true else { return false }
            out.append(contentsOf: c.bytes(at: row))
        case .bits(let c):
            guard c.validity?[row] ?? true else { return false }
            TypeText.boolean(c.values[row], to: &out)
        case .int32(let c):
            guard c.validity?[row] ?? true else { return false }
            append(Int64(c.values(as: Int32.self)[row]), to: &out)
        case .int64(let c):
            guard c.validity?[row] ?? true else { return false }
            append(c.values(as: Int64.self)[row], to: &out)
        case .double(let c):
            guard c.validity?[row] ?? true else { return false }
            TypeText.double(c.values(as: Double.self)[row], to: &out)
        case .boxed(let column):
            guard
                let cell = DelimitedPrinter.cell(try column.value(at: row, type: type), type)
            else { return false }
            out += cell
        }
        return true
    }

    private func append(_ value: Int64, to out: inout [UInt8]) {
        switch type {
        case .date: TypeText.date(value, to: &out)
        case .timestamp(let precision): TypeText.timestamp(value, precision: precision, to: &out)
        default:
            if value < 0 { out.append(UInt8(ascii: "-")) }
            var digits = InlineDigits()
            let start = digits.write(value.magnitude)
            digits.withBytes(from: start) { out.append(contentsOf: $0) }
        }
    }

    /// Appends a row's value as JSON.
    func append(_ row: Int, to writer: inout JSONWriter) throws(ColumnarError) {
        switch form {
        case .text(let c):
            guard c.validity?[row] ?? true else { return writer.null() }
            let bytes = c.bytes(at: row)
            if type == .json { writer.raw(Array(bytes)) } else { writer.string(bytes) }
        case .bits(let c):
            guard c.validity?[row] ?? true else { return writer.null() }
            writer.boolean(c.values[row])
        case .int32(let c):
            guard c.validity?[row] ?? true else { return writer.null() }
            append(Int64(c.values(as: Int32.self)[row]), to: &writer)
        case .int64(let c):
            guard c.validity?[row] ?? true else { return writer.null() }
            append(c.values(as: Int64.self)[row], to: &writer)
        case .double(let c):
            guard c.validity?[row] ?? true else { return writer.null() }
            JSONPrinter.write(.double(c.values(as: Double.self)[row]), type, to: &writer)
        case .boxed(let column):
            JSONPrinter.write(try column.value(at: row, type: type), type, to: &writer)
        }
    }

    private func append(_ value: Int64, to writer: inout JSONWriter) {
        guard !type.isInteger else { return writer.integer(value) }
        var text: [UInt8] = []
        append(value, to: &text)
        text.withUnsafeBytes { writer.string($0) }
    }
}

extension DataType {
    fileprivate var isUnpaddedText: Bool { if case .varchar = self { true } else { false } }

    fileprivate var isTimestamp: Bool { if case .timestamp = self { true } else { false } }
}

/// The selected rows of a batch as columns of cells, for printers of large results.
struct CellRows {
    let columns: [CellColumn]
    let rows: [Int]

    init(
        _ batch: Batch, _ columns: [OutputColumn], pool: BufferPool
    ) throws(ColumnarError) {
        var cells: [CellColumn] = []
        for (column, output) in zip(batch.columns, columns) {
            cells.append(
                try CellColumn(column, output.type, batch.selection, pool: pool))
        }
        self.columns = cells
        rows = ResultRows(batch, columns).rowNumbers()
    }
}
