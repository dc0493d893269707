import Columnar

/// Casts to decimal, and decimals as text and doubles.
enum DecimalCast {
    static func text(_ unscaled: Int128, _ scale: Int) -> String {
        var out: [UInt8] = []
        TypeText.decimal(unscaled, scale: scale, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// The nearest double.
    static func double(_ unscaled: Int128, scale: Int) -> Double {
        if unscaled.magnitude < 1 << 53, scale <= 22 {
            return Double(Int64(unscaled)) / Double(DecimalScale.power(scale))
        }
        return Double("\(unscaled)e-\(scale)") ?? .nan
    }

    static func toDecimal(_ from: DataType, precision: Int, scale: Int) -> ScalarKernel? {
        let target = "DECIMAL(\(precision), \(scale))"
        switch from {
        case .boolean:
            return RowKernel.of { (x: Bool) throws(QueryError) -> Int128? in
                guard let value = fit(x ? 1 : 0, from: 0, precision, scale) else {
                    throw .badCast("Cannot cast BOOLEAN '\(x)' to \(target)")
                }
                return value
            }
        case .tinyint, .smallint, .integer, .bigint:
            let name = "\(from)".uppercased()
            return RowKernel.of { (x: Int64) throws(QueryError) -> Int128? in
                guard let value = fit(Int128(x), from: 0, precision, scale) else {
                    throw .badCast("Cannot cast \(name) '\(x)' to \(target)")
                }
                return value
            }
        case .decimal(let fromPrecision, let fromScale):
            return RowKernel.of { (x: Int128) throws(QueryError) -> Int128? in
                guard let value = fit(x, from: fromScale, precision, scale) else {
                    throw .badCast(
                        "Cannot cast DECIMAL(\(fromPrecision), \(fromScale)) "
                            + "'\(text(x, fromScale))' to \(target)")
                }
                return value
            }
        case .double:
            return RowKernel.of { (x: Double) throws(QueryError) -> Int128? in
                try floating(x.description, precision, scale) {
                    TypeText.double(x, to: &$0)
                    return "DOUBLE"
                }
            }
        case .real:
            return RowKernel.of { (x: Float) throws(QueryError) -> Int128? in
                try floating(x.description, precision, scale) {
                    TypeText.double(x, to: &$0)
                    return "REAL"
                }
            }
        case .varchar, .char:
            return RowKernel.of { (text: Bytes) throws(QueryError) -> Int128? in
                guard let number = NumberParse.Decimal(text) else {
                    throw .badCast(
                        "Cannot cast VARCHAR '\(text.message)' to \(target). Value is not a number."
                    )
                }
                guard let value = number.unscaled(precision: precision, scale: scale) else {
                    throw .badCast(
                        "Cannot cast VARCHAR '\(text.message)' to \(target). Value too large.")
                }
                return value
            }
        default: return nil
        }
    }

    private static func fit(
        _ value: Int128, from: Int, _ precision: Int, _ scale: Int
    ) -> Int128? {
        guard let rescaled = DecimalScale.rescale(value, from: from, to: scale),
            DecimalScale.fits(rescaled, precision: precision)
        else { return nil }
        return rescaled
    }

    /// A floating-point number by its shortest digits, as Java's `BigDecimal.valueOf`.
    private static func floating(
        _ description: String, _ precision: Int, _ scale: Int,
        describe: (inout [UInt8]) -> String
    ) throws(QueryError) -> Int128 {
        var description = description
        let value: Int128? = description.withUTF8 { bytes in
            NumberParse.Decimal(Bytes(bytes))?.unscaled(precision: precision, scale: scale)
        }
        guard let value else {
            var shown: [UInt8] = []
            let name = describe(&shown)
            let number = String(decoding: shown, as: UTF8.self)
            throw .badCast("Cannot cast \(name) '\(number)' to DECIMAL(\(precision), \(scale))")
        }
        return value
    }
}
