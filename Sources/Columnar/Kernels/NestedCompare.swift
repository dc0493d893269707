/// Arrays, rows and maps compared element by element; boxed, because such comparisons are rare.
enum NestedCompare {
    static func columns(
        _ op: ScanComparison, _ a: Compare.Side, _ b: Compare.Side, type: DataType, count: Int,
        selection: Selection, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let values = try Bitmap.filled(false, count: count, pool: pool)
        let validity = try Bitmap.filled(false, count: count, pool: pool)
        let (buffer, selected) = try selection.rowIndices(count: count, pool: pool)
        let rows = buffer.span(of: UInt32.self, count: selected)
        for i in rows.indices {
            let row = Int(rows[i])
            let x = try a.column.value(at: a.isConstant ? 0 : row, type: type)
            let y = try b.column.value(at: b.isConstant ? 0 : row, type: type)
            let answer: Bool?
            switch op {
            case .equal: answer = ValueOrder.isEqual(x, y)
            case .notEqual: answer = ValueOrder.isEqual(x, y).map { !$0 }
            case .less: answer = ValueOrder.compare(x, y, type).map { $0 < 0 }
            case .lessOrEqual: answer = ValueOrder.compare(x, y, type).map { $0 <= 0 }
            case .greater: answer = ValueOrder.compare(x, y, type).map { $0 > 0 }
            case .greaterOrEqual: answer = ValueOrder.compare(x, y, type).map { $0 >= 0 }
            }
            if let answer {
                validity.set(row, to: true)
                values.set(row, to: answer)
            }
        }
        return .bits(BitColumn(values: values, validity: validity))
    }

    static func distinct(
        _ a: Compare.Side, _ b: Compare.Side, type: DataType, into result: Bitmap,
        selection: Selection
    ) throws(ColumnarError) {
        for row in 0..<result.count {
            let x = try a.column.value(at: row, type: type)
            let y = try b.column.value(at: row, type: type)
            result.set(row, to: !ValueOrder.isSame(x, y))
        }
        result.clearTail()
    }
}

/// SQL equality and order of boxed values of one type.
package enum ValueOrder {
    /// Three-valued equality: false if any part differs, else unknown if any part is NULL.
    package static func isEqual(_ a: Value, _ b: Value) -> Bool? {
        switch (a, b) {
        case (.null, _), (_, .null): return nil
        case (.list(let x), .list(let y)), (.row(let x), .row(let y)): return all(x, y)
        case (.map(let keys, let values), .map(let others, let otherValues)):
            guard keys.count == others.count else { return false }
            var matched: [Value] = []
            for key in keys {
                guard let i = others.firstIndex(where: { isSame($0, key) }) else { return false }
                matched.append(otherValues[i])
            }
            return all(values, matched)
        case (.float(let x), .float(let y)): return x == y
        case (.double(let x), .double(let y)): return x == y
        default: return a == b
        }
    }

    /// Equality in which NULL is NULL and NaN is NaN.
    package static func isSame(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.list(let x), .list(let y)), (.row(let x), .row(let y)):
            guard x.count == y.count else { return false }
            for (left, right) in zip(x, y) where !isSame(left, right) { return false }
            return true
        case (.map(let keys, let values), .map(let others, let otherValues)):
            guard keys.count == others.count else { return false }
            for (key, value) in zip(keys, values) {
                guard let i = others.firstIndex(where: { isSame($0, key) }),
                    isSame(value, otherValues[i])
                else { return false }
            }
            return true
        case (.float(let x), .float(let y)): return x == y || x.isNaN && y.isNaN
        case (.double(let x), .double(let y)): return x == y || x.isNaN && y.isNaN
        default: return a == b
        }
    }

    /// Negative, zero or positive; nil where a NULL decides or the type has no order.
    package static func compare(_ a: Value, _ b: Value, _ type: DataType) -> Int? {
        switch (a, b) {
        case (.boolean(let x), .boolean(let y)): return x == y ? 0 : x ? 1 : -1
        case (.int(let x), .int(let y)): return x == y ? 0 : x < y ? -1 : 1
        case (.int128(let x), .int128(let y)):
            var shift = 0
            if case .timestampTZ = type { shift = 16 }
            return x >> shift == y >> shift ? 0 : x >> shift < y >> shift ? -1 : 1
        case (.float(let x), .float(let y)): return x == y ? 0 : x < y ? -1 : 1
        case (.double(let x), .double(let y)): return x == y ? 0 : x < y ? -1 : 1
        case (.text(let x), .text(let y)): return bytes(Array(x.utf8), Array(y.utf8))
        case (.binary(let x), .binary(let y)): return bytes(x, y)
        case (.list(let x), .list(let y)), (.row(let x), .row(let y)):
            let types = type.children
            for i in 0..<min(x.count, y.count) {
                let part = i < types.count ? types[i] : types.first ?? .unknown
                guard let order = compare(x[i], y[i], part) else { return nil }
                if order != 0 { return order }
            }
            return x.count - y.count
        default: return nil
        }
    }

    private static func bytes(_ a: [UInt8], _ b: [UInt8]) -> Int {
        a.withUnsafeBytes { x in b.withUnsafeBytes { y in TextCompare.order(x, y) } }
    }

    private static func all(_ a: [Value], _ b: [Value]) -> Bool? {
        guard a.count == b.count else { return false }
        var isUnknown = false
        for (x, y) in zip(a, b) {
            switch isEqual(x, y) {
            case false?: return false
            case nil: isUnknown = true
            case true?: break
            }
        }
        return isUnknown ? nil : true
    }
}
