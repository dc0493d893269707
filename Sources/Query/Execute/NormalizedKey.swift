import Columnar

/// Values of any type as byte strings whose byte order is the value order; equal values, equal bytes.
///
///     value  := 00 (NULL, first) | 01 payload
///     word   := 8 bytes big-endian (`OrderedWord`)      int128 := 16 bytes, sign flipped
///     text   := bytes with 00 as 00 FF, then 00 00
///     list   := (01 value)* 00       map := entries sorted by key, as a list     row := values
///
/// For nested keys and wide numbers, which are rare; common types have kernels of their own.
struct NormalizedKey {
    private(set) var bytes: [UInt8] = []

    /// Appends one value of a column in any form.
    mutating func append(_ column: Column, type: DataType, row: Int) throws(ColumnarError) {
        switch column {
        case .coded(let c):
            let code = Int(c.codeSpan()[row])
            if code >= c.dictionary.count {
                bytes.append(0)
            } else {
                try append(c.dictionary.entries, type: type, row: code)
            }
        case .constant(let c): try append(c.value, type: type, row: 0)
        case .runs(let c):
            let ends = c.ends.span(of: UInt32.self, count: c.runCount)
            var run = 0
            while Int(ends[run]) <= row { run += 1 }
            try append(c.values.column, type: type, row: run)
        case .lazy(let c): try append(c.resolve(.all), type: type, row: row)
        case .bits(let c):
            guard note(c.validity, row) else { return }
            append(word: c.values[row] ? 1 : 0)
        case .flat(let c):
            guard note(c.validity, row) else { return }
            appendFlat(c, type: type, row: row)
        case .text(let c):
            guard note(c.validity, row) else { return }
            for byte in c.bytes(at: row) {
                bytes.append(byte)
                if byte == 0 { bytes.append(0xFF) }
            }
            bytes.append(0)
            bytes.append(0)
        case .list(let c):
            guard note(c.validity, row) else { return }
            try appendList(c, type: type, row: row)
        case .row(let c):
            guard note(c.validity, row) else { return }
            for (child, childType) in zip(c.children, type.children) {
                try append(child, type: childType, row: row)
            }
        }
    }

    /// Forgets all bytes, keeps the memory.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func note(_ validity: Bitmap?, _ row: Int) -> Bool {
        let isValid = validity.map { $0[row] } ?? true
        bytes.append(isValid ? 1 : 0)
        return isValid
    }

    private mutating func append(word: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    private mutating func appendFlat(_ c: FlatColumn, type: DataType, row: Int) {
        switch c.storage {
        case .int32: append(word: OrderedWord.of(Int64(c.values(as: Int32.self)[row])))
        case .int64: append(word: OrderedWord.of(c.values(as: Int64.self)[row]))
        case .float32: append(word: OrderedWord.of(c.values(as: Float.self)[row]))
        case .float64: append(word: OrderedWord.of(c.values(as: Double.self)[row]))
        case .int128:
            let value = c.values(as: Int128.self)[row]
            if case .timestampTZ = type {
                append(word: OrderedWord.of(ZonedTime(bits: value).micros))
            } else {
                let flipped = UInt128(bitPattern: value) ^ 1 << 127
                append(word: UInt64(truncatingIfNeeded: flipped >> 64))
                append(word: UInt64(truncatingIfNeeded: flipped))
            }
        case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
        }
    }

    private mutating func appendList(
        _ c: ListColumn, type: DataType, row: Int
    ) throws(ColumnarError) {
        let offsets = c.offsetSpan()
        let elementType = type.children.first ?? .unknown
        let range = Int(offsets[row])..<Int(offsets[row + 1])
        var parts: [[UInt8]] = []
        let isMap = if case .map = type { true } else { false }
        for element in range {
            if isMap {
                var part = NormalizedKey()
                try part.append(c.child, type: elementType, row: element)
                parts.append(part.bytes)
            } else {
                bytes.append(1)
                try append(c.child, type: elementType, row: element)
            }
        }
        if isMap {
            parts.sort { $0.lexicographicallyPrecedes($1) }
            for part in parts {
                bytes.append(1)
                bytes += part
            }
        }
        bytes.append(0)
    }
}
