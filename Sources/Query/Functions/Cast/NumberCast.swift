import Columnar

/// Casts to boolean, integers and floating point.
enum NumberCast {
    static func toBoolean(_ from: DataType) -> ScalarKernel? {
        switch from {
        case .tinyint, .smallint, .integer, .bigint:
            RowKernel.of { (x: Int64) throws(QueryError) -> Bool? in x != 0 }
        case .decimal: RowKernel.of { (x: Int128) throws(QueryError) -> Bool? in x != 0 }
        case .double: RowKernel.of { (x: Double) throws(QueryError) -> Bool? in x != 0 }
        case .real: RowKernel.of { (x: Float) throws(QueryError) -> Bool? in x != 0 }
        case .varchar, .char:
            RowKernel.of { (text: Bytes) throws(QueryError) -> Bool? in
                guard let bit = NumberParse.boolean(text) else {
                    throw .badCast("Cannot cast '\(text.message)' to BOOLEAN")
                }
                return bit
            }
        default: nil
        }
    }

    /// The bounds of an integer type.
    static func range(_ type: DataType) -> ClosedRange<Int64> {
        switch type {
        case .tinyint: -128...127
        case .smallint: -32_768...32_767
        case .integer: -2_147_483_648...2_147_483_647
        default: Int64.min...Int64.max
        }
    }

    static func toInteger(_ from: DataType, _ to: DataType) -> ScalarKernel? {
        let range = range(to)
        switch from {
        case .boolean:
            return RowKernel.of { (x: Bool) throws(QueryError) -> Int64? in x ? 1 : 0 }
        case .tinyint, .smallint, .integer, .bigint:
            return RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in
                guard range.contains(x) else { throw .outOfRange("Out of range for \(to): \(x)") }
                return x
            }
        case .double:
            return RowKernel.of { (x: Double) throws(QueryError) -> Int64? in
                try integer(x, text: x, to, range)
            }
        case .real:
            return RowKernel.of { (x: Float) throws(QueryError) -> Int64? in
                try integer(Double(x), text: Double(x), to, range)
            }
        case .decimal(_, let scale):
            let name = "\(to)".uppercased()
            return RowKernel.of { (x: Int128) throws(QueryError) -> Int64? in
                let whole = DecimalScale.divideHalfUp(x, digits: scale)
                guard let value = Int64(exactly: whole), range.contains(value) else {
                    throw .badCast("Cannot cast '\(DecimalCast.text(x, scale))' to \(name)")
                }
                return value
            }
        case .varchar, .char:
            let name = to == .integer ? "INT" : "\(to)".uppercased()
            return RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
                guard let value = NumberParse.integer(text), range.contains(value) else {
                    throw .badCast("Cannot cast '\(text.message)' to \(name)")
                }
                return value
            }
        default: return nil
        }
    }

    /// A double rounded half away from zero; Trino words failures differently for bigint.
    private static func integer(
        _ x: Double, text: Double, _ to: DataType, _ range: ClosedRange<Int64>
    ) throws(QueryError) -> Int64 {
        let rounded = x.rounded(.toNearestOrAwayFromZero)
        guard let value = Int64(exactly: rounded), range.contains(value) else {
            var shown: [UInt8] = []
            TypeText.double(text, to: &shown)
            let number = String(decoding: shown, as: UTF8.self)
            if to == .bigint { throw .badCast("Unable to cast \(number) to bigint") }
            if x.isNaN { throw .badCast("Cannot cast double NaN to \(to)") }
            throw .outOfRange("Out of range for \(to): \(number)")
        }
        return value
    }

    static func toDouble(_ from: DataType) -> ScalarKernel? {
        switch from {
        case .boolean: RowKernel.of { (x: Bool) throws(QueryError) -> Double? in x ? 1 : 0 }
        case .tinyint, .smallint, .integer, .bigint:
            RowKernel.of { (x: Int64) throws(QueryError) -> Double? in Double(x) }
        case .real: RowKernel.of { (x: Float) throws(QueryError) -> Double? in Double(x) }
        case .decimal(_, let scale):
            RowKernel.of { (x: Int128) throws(QueryError) -> Double? in
                DecimalCast.double(x, scale: scale)
            }
        case .varchar, .char:
            RowKernel.of { (text: Bytes) throws(QueryError) -> Double? in
                guard let value = NumberParse.double(text) else {
                    throw .badCast("Cannot cast '\(text.message)' to DOUBLE")
                }
                return value
            }
        default: nil
        }
    }

    static func toReal(_ from: DataType) -> ScalarKernel? {
        switch from {
        case .boolean: RowKernel.of { (x: Bool) throws(QueryError) -> Float? in x ? 1 : 0 }
        case .tinyint, .smallint, .integer, .bigint:
            RowKernel.of { (x: Int64) throws(QueryError) -> Float? in Float(x) }
        case .double: RowKernel.of { (x: Double) throws(QueryError) -> Float? in Float(x) }
        case .decimal(_, let scale):
            RowKernel.of { (x: Int128) throws(QueryError) -> Float? in
                Float(DecimalCast.double(x, scale: scale))
            }
        case .varchar, .char:
            RowKernel.of { (text: Bytes) throws(QueryError) -> Float? in
                guard let value = NumberParse.float(text) else {
                    throw .badCast("Cannot cast '\(text.message)' to REAL")
                }
                return value
            }
        default: nil
        }
    }
}
