import Columnar

/// Fixed-width values as unsigned 64-bit words of the same order: one form for hashing, sorting and min/max.
///
/// Integers flip the sign bit, floats are IEEE total order with `-0.0` as `0.0` and one NaN, the largest;
/// instants with a zone are their instant. Wider values (`int128` storage) have no such word.
enum OrderedWord {
    /// Whether every value of the type fits a word and equal words mean equal values.
    static func isExact(_ type: DataType) -> Bool {
        switch type.storage {
        case .bit, .int32, .int64, .float32, .float64: true
        case .int128: if case .timestampTZ = type { true } else { false }
        case .text, .list, .row: false
        }
    }

    @inline(__always)
    static func of(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) ^ 1 << 63 }

    @inline(__always)
    static func of(_ value: Double) -> UInt64 {
        if value == 0 { return 1 << 63 }
        if value.isNaN { return .max }
        let bits = value.bitPattern
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }

    @inline(__always)
    static func of(_ value: Float) -> UInt64 {
        if value == 0 { return 1 << 31 }
        if value.isNaN { return UInt64(UInt32.max) }
        let bits = value.bitPattern
        return UInt64(bits >> 31 == 1 ? ~bits : bits | 1 << 31)
    }

    @inline(__always)
    static func integer(_ word: UInt64) -> Int64 { Int64(bitPattern: word ^ 1 << 63) }

    @inline(__always)
    static func double(_ word: UInt64) -> Double {
        if word == .max { return .nan }
        return Double(bitPattern: word >> 63 == 1 ? word ^ 1 << 63 : ~word)
    }

    @inline(__always)
    static func float(_ word: UInt64) -> Float {
        let bits = UInt32(truncatingIfNeeded: word)
        if bits == .max { return .nan }
        return Float(bitPattern: bits >> 31 == 1 ? bits ^ 1 << 31 : ~bits)
    }

    /// The words of `rows` of a flat or boolean column, into `words` (UInt64); NULL rows give any word.
    static func encode<Row: FixedWidthInteger>(
        _ column: Column, type: DataType, rows: Span<Row>, into words: Buffer
    ) {
        var target = words.mutableSpan(of: UInt64.self, count: rows.count)
        switch column {
        case .bits(let c):
            let bits = c.values.words()
            for i in rows.indices {
                let row = Int(rows[i])
                target[i] = bits[row >> 6] >> UInt64(row & 63) & 1
            }
        case .flat(let c):
            switch c.storage {
            case .int32:
                let values = c.values(as: Int32.self)
                for i in rows.indices { target[i] = of(Int64(values[Int(rows[i])])) }
            case .int64:
                let values = c.values(as: Int64.self)
                for i in rows.indices { target[i] = of(values[Int(rows[i])]) }
            case .int128:
                let values = c.values(as: Int128.self)
                for i in rows.indices {
                    target[i] = of(ZonedTime(bits: values[Int(rows[i])]).micros)
                }
            case .float32:
                let values = c.values(as: Float.self)
                for i in rows.indices { target[i] = of(values[Int(rows[i])]) }
            case .float64:
                let values = c.values(as: Double.self)
                for i in rows.indices { target[i] = of(values[Int(rows[i])]) }
            case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
            }
        case .text, .coded, .constant, .runs, .list, .row, .lazy:
            preconditionFailure("words are made of flat columns")
        }
    }

    /// The column whose values have these words; `validity` nil means no NULL.
    static func decode(
        _ words: Span<UInt64>, type: DataType, validity: Bitmap?, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let count = words.count
        let storage = type.storage
        if storage == .bit {
            let bits = try Bitmap.filled(false, count: count, pool: pool)
            var target = bits.mutableWords()
            for i in 0..<count where words[i] != 0 { target[i >> 6] |= 1 << UInt64(i & 63) }
            return .bits(BitColumn(values: bits, validity: validity))
        }
        let buffer = try pool.allocate(bytes: count * storage.width)
        switch storage {
        case .int32:
            var target = buffer.mutableSpan(of: Int32.self, count: count)
            for i in 0..<count { target[i] = Int32(truncatingIfNeeded: integer(words[i])) }
        case .int64:
            var target = buffer.mutableSpan(of: Int64.self, count: count)
            for i in 0..<count { target[i] = integer(words[i]) }
        case .float32:
            var target = buffer.mutableSpan(of: Float.self, count: count)
            for i in 0..<count { target[i] = float(words[i]) }
        case .float64:
            var target = buffer.mutableSpan(of: Double.self, count: count)
            for i in 0..<count { target[i] = double(words[i]) }
        case .int128:
            var target = buffer.mutableSpan(of: Int128.self, count: count)
            for i in 0..<count { target[i] = ZonedTime(micros: integer(words[i])).bits }
        case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
        }
        return .flat(
            FlatColumn(storage: storage, buffer: buffer, count: count, validity: validity))
    }
}
