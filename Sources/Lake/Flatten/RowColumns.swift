import Columnar

/// Columns under construction: takes staged rows in `RowEncoding` and gives a batch.
final class RowColumns {
    /// One store a plan value, then those of the system columns.
    private let stores: UnsafeMutablePointer<ColumnStore>
    private let storeCount: Int
    private let values: FixedTable<FlattenPlan.Value>
    private let fields: FixedTable<FlattenPlan.Field>
    private let frames: FixedTable<FlattenPlan.Frame>
    private(set) var rowCount = 0

    init(_ plan: FlattenPlan, pool: BufferPool) throws(ColumnarError) {
        values = FixedTable(plan.values)
        fields = FixedTable(plan.fields)
        frames = FixedTable(plan.frames)
        var made: [ColumnStore] = []
        for value in plan.values {
            made.append(try ColumnStore(storage: value.kind.storage, pool: pool))
        }
        for column in SystemColumn.allCases {
            made.append(try ColumnStore(storage: column.field.type.storage, pool: pool))
        }
        storeCount = made.count
        stores = .allocate(capacity: made.count)
        stores.initialize(from: made, count: made.count)
    }

    deinit {
        stores.deinitialize(count: storeCount)
        stores.deallocate()
    }

    /// Makes room for rows that are about to come.
    func reserve(rows: Int) throws(ColumnarError) {
        let frame = frames.base[0]
        for i in 0..<Int(frame.fieldCount) {
            let value = Int(fields.base[Int(frame.firstField) + i].value)
            try stores[value].reserve(rows: rows)
        }
        for column in SystemColumn.allCases {
            try stores[values.count + column.rawValue].reserve(rows: rows)
        }
    }

    /// Appends a staged row; after an error the columns are uneven and only good to be dropped.
    func append(
        stable: UnsafeRawBufferPointer, volatile: UnsafeRawBufferPointer,
        path: UnsafeRawBufferPointer, ingestedAtMicros: Int64
    ) throws(ColumnarError) {
        guard let base = stable.baseAddress else { return }
        var stableReader = RowBytesReader(stable, emptyAt: base)
        var volatileReader = RowBytesReader(volatile, emptyAt: base)
        try appendFields(frames.base[0], &stableReader, &volatileReader)
        let system = stores + values.count
        if stableReader.byte() == 0 {
            try system[SystemColumn.extra.rawValue].appendNull()
        } else {
            try system[SystemColumn.extra.rawValue].append(text: stableReader.text())
        }
        try system[SystemColumn.rawPath.rawValue].append(text: path, isPadded: false)
        try system[SystemColumn.ingestedAt.rawValue].append(
            bits64: UInt64(bitPattern: ingestedAtMicros))
        rowCount += 1
    }

    private func appendFields(
        _ frame: FlattenPlan.Frame, _ stable: inout RowBytesReader,
        _ volatile: inout RowBytesReader
    ) throws(ColumnarError) {
        for i in 0..<Int(frame.fieldCount) {
            let value = Int(fields.base[Int(frame.firstField) + i].value)
            if values.base[value].part >= 0 {
                try appendNested(value, &stable, &volatile)
            } else if values.base[value].isVolatile {
                try appendScalar(value, &volatile)
            } else {
                try appendScalar(value, &stable)
            }
        }
    }

    private func appendScalar(
        _ value: Int, _ reader: inout RowBytesReader
    ) throws(ColumnarError) {
        let store = stores + value
        guard reader.byte() != 0 else { return try store.pointee.appendNull() }
        switch values.base[value].kind {
        case .text, .json: try store.pointee.append(text: reader.text())
        case .int64, .float64, .instant: try store.pointee.append(bits64: reader.uint64())
        case .int32, .float32, .date: try store.pointee.append(bits32: reader.uint32())
        case .boolean: try store.pointee.append(bit: reader.byte() != 0)
        case .list, .row: preconditionFailure("nested values are no scalars")
        }
    }

    /// Lists and rows, as deep as the plan.
    private func appendNested(
        _ value: Int, _ stable: inout RowBytesReader, _ volatile: inout RowBytesReader
    ) throws(ColumnarError) {
        let plan = values.base[value]
        let part = Int(plan.part)
        let tag = plan.isVolatile ? volatile.byte() : stable.byte()
        if plan.kind == .row {
            guard tag != 0 else { return try appendNullRow(value) }
            try stores[value].appendRow()
            return try appendFields(frames.base[part], &stable, &volatile)
        }
        guard tag != 0 else { return try stores[value].appendNull() }
        let count = plan.isVolatile ? volatile.uint32() : stable.uint32()
        try stores[value].appendList(count: count)
        for _ in 0..<count {
            if values.base[part].part >= 0 {
                try appendNested(part, &stable, &volatile)
            } else if values.base[part].isVolatile {
                try appendScalar(part, &volatile)
            } else {
                try appendScalar(part, &stable)
            }
        }
    }

    /// A NULL row, whose fields need a place too.
    private func appendNullRow(_ value: Int) throws(ColumnarError) {
        try stores[value].appendNull()
        guard values.base[value].kind == .row else { return }
        let frame = frames.base[Int(values.base[value].part)]
        for i in 0..<Int(frame.fieldCount) {
            try appendNullRow(Int(fields.base[Int(frame.firstField) + i].value))
        }
    }

    /// The rows so far as one batch in table order; the next append starts an empty one.
    func finish() throws(ColumnarError) -> Batch {
        var columns: [Column] = []
        let frame = frames.base[0]
        for i in 0..<Int(frame.fieldCount) {
            columns.append(try finish(Int(fields.base[Int(frame.firstField) + i].value)))
        }
        for column in SystemColumn.allCases {
            columns.append(try stores[values.count + column.rawValue].finish(children: []))
        }
        let batch = Batch(columns: columns, count: rowCount)
        rowCount = 0
        return batch
    }

    private func finish(_ value: Int) throws(ColumnarError) -> Column {
        let plan = values.base[value]
        var children: [Column] = []
        switch plan.kind {
        case .list: children = [try finish(Int(plan.part))]
        case .row:
            let frame = frames.base[Int(plan.part)]
            for i in 0..<Int(frame.fieldCount) {
                children.append(try finish(Int(fields.base[Int(frame.firstField) + i].value)))
            }
        default: break
        }
        return try stores[value].finish(children: children)
    }
}

extension FlattenPlan.Kind {
    /// The form of the column that holds such values.
    var storage: Storage {
        switch self {
        case .boolean: .bit
        case .int32, .date: .int32
        case .int64, .instant: .int64
        case .float32: .float32
        case .float64: .float64
        case .text, .json: .text
        case .list: .list
        case .row: .row
        }
    }
}
