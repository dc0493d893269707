import Columnar

/// A decimal number exactly as a text says it: `437`, `1.2k`, `-5M`, `7e3`; converted with one rounding.
///
/// Suffixes, where allowed: k 10^3, M 10^6, B 10^9, in either case.
struct DecimalText {
    /// Sign and digits, the point left out.
    private let mantissa: Int128
    /// Of ten.
    var exponent: Int

    /// Powers of ten that a double holds exactly.
    static let powersOfTen: [Double] = (0...22).map { Double("1e\($0)") ?? .nan }

    init(_ integer: Int64, exponent: Int) {
        mantissa = Int128(integer)
        self.exponent = exponent
    }

    /// Nil for anything but a sign, at most 38 digits, a point, an exponent and a suffix.
    init?(_ text: UnsafeRawBufferPointer, allowsSuffix: Bool) {
        var cursor = 0
        var mantissa: Int128 = 0
        var digits = 0
        var exponent = 0
        var isFraction = false
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative || text.first == UInt8(ascii: "+") { cursor += 1 }
        while cursor < text.count {
            let byte = text[cursor]
            if byte == UInt8(ascii: "."), !isFraction, digits > 0 {
                isFraction = true
            } else if byte &- 0x30 < 10, digits < 38 {
                mantissa = mantissa * 10 + Int128(byte - 0x30)
                digits += 1
                if isFraction { exponent -= 1 }
            } else {
                break
            }
            cursor += 1
        }
        guard digits > 0, text[cursor - 1] != UInt8(ascii: ".") else { return nil }
        var rest = text[cursor...]
        if rest.count > 1, rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            let power = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
            guard let power = NumberText.int64(power), power.magnitude <= 400 else { return nil }
            exponent += Int(power)
            rest = rest[rest.endIndex...]
        }
        if let suffix = rest.first {
            guard allowsSuffix, rest.count == 1 else { return nil }
            switch suffix | 0x20 {
            case UInt8(ascii: "k"): exponent += 3
            case UInt8(ascii: "m"): exponent += 6
            case UInt8(ascii: "b"): exponent += 9
            default: return nil
            }
        }
        self.mantissa = isNegative ? -mantissa : mantissa
        self.exponent = exponent
    }

    /// The integer, if the number is one and fits.
    var int64: Int64? {
        var value = mantissa
        guard value != 0 else { return 0 }
        for _ in 0..<max(0, -exponent) {
            guard value % 10 == 0 else { return nil }
            value /= 10
        }
        for _ in 0..<max(0, exponent) {
            guard value.magnitude <= UInt128(UInt64.max) else { return nil }
            value *= 10
        }
        return Int64(exactly: value)
    }

    /// The nearest double; nil past its range.
    var double: Double? {
        let limit = Int128(9_007_199_254_740_992)
        if mantissa >= -limit, mantissa <= limit, abs(exponent) < Self.powersOfTen.count {
            let power = Self.powersOfTen[abs(exponent)]
            return exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
        }
        return Double("\(mantissa)e\(exponent)").flatMap { $0.isFinite ? $0 : nil }
    }

    /// The nearest real; nil past its range.
    var float: Float? {
        Float("\(mantissa)e\(exponent)").flatMap { $0.isFinite ? $0 : nil }
    }
}
