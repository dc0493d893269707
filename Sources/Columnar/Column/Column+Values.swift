/// Boxed values in and out of columns: for literals, statistics, printing and tests; never in a loop over data.

extension Column {
    /// The value of one row as `type` says; `.null` for NULL.
    package func value(at row: Int, type: DataType) throws(ColumnarError) -> Value {
        switch self {
        case .bits(let c):
            if let validity = c.validity, !validity[row] { return .null }
            return .boolean(c.values[row])
        case .flat(let c):
            if let validity = c.validity, !validity[row] { return .null }
            switch c.storage {
            case .int32: return .int(Int64(c.values(as: Int32.self)[row]))
            case .int64: return .int(c.values(as: Int64.self)[row])
            case .int128: return .int128(c.values(as: Int128.self)[row])
            case .float32: return .float(c.values(as: Float.self)[row])
            case .float64: return .double(c.values(as: Double.self)[row])
            case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
            }
        case .text(let c):
            if let validity = c.validity, !validity[row] { return .null }
            let bytes = c.bytes(at: row)
            if type == .varbinary { return .binary(Array(bytes)) }
            return .text(String(decoding: bytes, as: UTF8.self))
        case .coded(let c):
            let code = Int(c.codeSpan()[row])
            if code >= c.dictionary.count { return .null }
            return try c.dictionary.entries.value(at: code, type: type)
        case .constant(let c):
            return try c.value.value(at: 0, type: type)
        case .runs(let c):
            let ends = c.ends.span(of: UInt32.self, count: c.runCount)
            var low = 0
            var high = c.runCount - 1
            while low < high {
                let middle = (low + high) / 2
                if Int(ends[middle]) <= row { low = middle + 1 } else { high = middle }
            }
            return try c.values.column.value(at: low, type: type)
        case .list(let c):
            if let validity = c.validity, !validity[row] { return .null }
            let offsets = c.offsetSpan()
            let range = Int(offsets[row])..<Int(offsets[row + 1])
            if case .map(let keyType, let valueType) = type {
                guard case .row(let entries) = try c.child.resolved() else {
                    preconditionFailure("a map's child is a row")
                }
                var keys: [Value] = []
                var values: [Value] = []
                for i in range {
                    keys.append(try entries.children[0].value(at: i, type: keyType))
                    values.append(try entries.children[1].value(at: i, type: valueType))
                }
                return .map(keys, values)
            }
            let elementType = type.children.first ?? .unknown
            var values: [Value] = []
            for i in range { values.append(try c.child.value(at: i, type: elementType)) }
            return .list(values)
        case .row(let c):
            if let validity = c.validity, !validity[row] { return .null }
            let types = type.children
            var values: [Value] = []
            for (child, childType) in zip(c.children, types) {
                values.append(try child.value(at: row, type: childType))
            }
            return .row(values)
        case .lazy(let c):
            return try c.resolve(.all).value(at: row, type: type)
        }
    }

    /// This column, decoded if it is lazy; right at least at the selected rows.
    package func resolved(_ selection: Selection = .all) throws(ColumnarError) -> Column {
        if case .lazy(let c) = self { return try c.resolve(selection) }
        return self
    }

    /// A column of boxed values, in the flat form of `type`.
    package static func from(
        _ values: [Value], type: DataType, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        switch type.storage {
        case .bit:
            var builder = BitBuilder(pool: pool)
            for value in values {
                if case .boolean(let bit) = value {
                    builder.append(bit)
                } else {
                    builder.appendNull()
                }
            }
            return try builder.finish()
        case .int32:
            var builder = try FlatBuilder<Int32>(
                storage: .int32, pool: pool, capacity: values.count)
            for value in values {
                if case .int(let int) = value {
                    try builder.append(Int32(truncatingIfNeeded: int))
                } else {
                    try builder.appendNull()
                }
            }
            return try builder.finish()
        case .int64:
            var builder = try FlatBuilder<Int64>(
                storage: .int64, pool: pool, capacity: values.count)
            for value in values {
                if case .int(let int) = value {
                    try builder.append(int)
                } else {
                    try builder.appendNull()
                }
            }
            return try builder.finish()
        case .int128:
            var builder = try FlatBuilder<Int128>(
                storage: .int128, pool: pool, capacity: values.count)
            for value in values {
                switch value {
                case .int128(let int): try builder.append(int)
                case .int(let int): try builder.append(Int128(int))
                default: try builder.appendNull()
                }
            }
            return try builder.finish()
        case .float32:
            var builder = try FlatBuilder<Float>(
                storage: .float32, pool: pool, capacity: values.count)
            for value in values {
                if case .float(let float) = value {
                    try builder.append(float)
                } else {
                    try builder.appendNull()
                }
            }
            return try builder.finish()
        case .float64:
            var builder = try FlatBuilder<Double>(
                storage: .float64, pool: pool, capacity: values.count)
            for value in values {
                if case .double(let double) = value {
                    try builder.append(double)
                } else {
                    try builder.appendNull()
                }
            }
            return try builder.finish()
        case .text:
            var builder = try TextBuilder(pool: pool, capacity: values.count)
            for value in values {
                switch value {
                case .text(let text): try builder.append(text)
                case .binary(let bytes): try builder.append(bytes)
                default: try builder.appendNull()
                }
            }
            return try builder.finish()
        case .list:
            return try listFrom(values, type: type, pool: pool)
        case .row:
            let types = type.children
            var validity = ValidityBuilder()
            var columns: [[Value]] = Array(repeating: [], count: types.count)
            for value in values {
                if case .row(let fields) = value {
                    validity.append(true)
                    for i in types.indices { columns[i].append(fields[i]) }
                } else {
                    validity.append(false)
                    for i in types.indices { columns[i].append(.null) }
                }
            }
            var children: [Column] = []
            for (column, childType) in zip(columns, types) {
                children.append(try from(column, type: childType, pool: pool))
            }
            return .row(
                RowColumn(
                    children: children, count: values.count,
                    validity: try validity.finish(pool: pool)))
        }
    }

    private static func listFrom(
        _ values: [Value], type: DataType, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var offsets = try GrowingBuffer<UInt32>(pool: pool, capacity: values.count + 1)
        var validity = ValidityBuilder()
        var elements: [Value] = []
        try offsets.append(0)
        for value in values {
            switch value {
            case .list(let items):
                validity.append(true)
                elements += items
            case .map(let keys, let items):
                validity.append(true)
                for (key, item) in zip(keys, items) { elements.append(.row([key, item])) }
            default: validity.append(false)
            }
            try offsets.append(UInt32(elements.count))
        }
        let child = try from(elements, type: type.children[0], pool: pool)
        return .list(
            ListColumn(
                offsets: offsets.buffer, count: values.count, child: child,
                validity: try validity.finish(pool: pool)))
    }
}
