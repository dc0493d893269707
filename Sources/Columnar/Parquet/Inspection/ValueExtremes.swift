/// Least and greatest of the values seen, NULL and NaN aside; texts are compared as bytes.
struct ValueExtremes {
    private(set) var lower: Value?
    private(set) var upper: Value?
    /// Values that are not NULL.
    private(set) var presentCount = 0

    /// The value as it is compared: the bytes of a text.
    static func comparable(_ value: Value) -> Value {
        if case .text(let text) = value { return .binary(Array(text.utf8)) }
        return value
    }

    private mutating func add(_ value: Value) {
        if lower.map({ BoundOrder.compare(value, $0) == .less }) ?? true { lower = value }
        if upper.map({ BoundOrder.compare(value, $0) == .greater }) ?? true { upper = value }
    }

    mutating func add(_ other: ValueExtremes) {
        presentCount += other.presentCount
        if let low = other.lower { add(low) }
        if let high = other.upper { add(high) }
    }

    /// Adds the values of one stretch of a leaf column; `isSeen` is called with each distinct code's entry
    /// or each value that is not NULL, as a column and a row in it.
    mutating func add(
        _ column: Column, _ rows: Range<Int>,
        _ isSeen: (Column, Int) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        switch column {
        case .coded(let coded):
            let codes = coded.codeSpan()
            let entries = coded.dictionary.entries
            var used = [Bool](repeating: false, count: entries.count)
            for row in rows {
                let code = Int(codes[row])
                guard code < entries.count else { continue }
                presentCount += 1
                used[code] = true
            }
            for code in used.indices where used[code] {
                add(entry: entries, code)
                try isSeen(entries, code)
            }
        case .constant(let constant):
            for _ in rows { try add(constant.value, 0..<1, isSeen) }
        default:
            for row in rows where isPresent(column, row) {
                presentCount += 1
                add(entry: column, row)
                try isSeen(column, row)
            }
        }
    }

    private func isPresent(_ column: Column, _ row: Int) -> Bool {
        switch column {
        case .bits(let c): c.validity.map { $0[row] } ?? true
        case .flat(let c): c.validity.map { $0[row] } ?? true
        case .text(let c): c.validity.map { $0[row] } ?? true
        default: false
        }
    }

    /// A value that is there; boxed only where it moves a bound.
    private mutating func add(entry column: Column, _ row: Int) {
        switch column {
        case .bits(let c): add(.boolean(c.values[row]))
        case .flat(let c):
            switch c.storage {
            case .int32: add(.int(Int64(c.values(as: Int32.self)[row])))
            case .int64: add(.int(c.values(as: Int64.self)[row]))
            case .int128: add(.int128(c.values(as: Int128.self)[row]))
            case .float32:
                let number = c.values(as: Float.self)[row]
                if !number.isNaN { add(.float(number)) }
            case .float64:
                let number = c.values(as: Double.self)[row]
                if !number.isNaN { add(.double(number)) }
            case .bit, .text, .list, .row: return
            }
        case .text(let c): add(bytes: c.bytes(at: row))
        default: return
        }
    }

    private mutating func add(bytes: UnsafeRawBufferPointer) {
        if Self.isBelow(bytes, lower) { lower = .binary(Array(bytes)) }
        if Self.isAbove(bytes, upper) { upper = .binary(Array(bytes)) }
    }

    private static func isBelow(_ bytes: UnsafeRawBufferPointer, _ bound: Value?) -> Bool {
        guard case .binary(let held)? = bound else { return true }
        return bytes.lexicographicallyPrecedes(held)
    }

    private static func isAbove(_ bytes: UnsafeRawBufferPointer, _ bound: Value?) -> Bool {
        guard case .binary(let held)? = bound else { return true }
        return held.lexicographicallyPrecedes(bytes)
    }
}
