import Columnar

/// The text forms of scalar types, appended to bytes; shared by casts, printers and JSON.
package enum TypeText {
    package static func ascii(_ text: String, to out: inout [UInt8]) {
        out.append(contentsOf: text.utf8)
    }

    package static func boolean(_ value: Bool, to out: inout [UInt8]) {
        ascii(value ? "true" : "false", to: &out)
    }

    /// Decimal digits with a sign, zero-padded to a width.
    package static func integer<I: FixedWidthInteger>(
        _ value: I, width: Int = 0, to out: inout [UInt8]
    ) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        let start = out.count
        var rest = value.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            out.append(0x30 + UInt8(truncatingIfNeeded: digit))
            rest = quotient
        } while rest != 0
        while out.count - start < width { out.append(0x30) }
        out[start...].reverse()
    }

    /// An unscaled decimal with its point: 12345 at scale 2 is `123.45`.
    package static func decimal(_ unscaled: Int128, scale: Int, to out: inout [UInt8]) {
        if unscaled < 0 { out.append(UInt8(ascii: "-")) }
        let start = out.count
        integer(unscaled.magnitude, width: scale + 1, to: &out)
        if scale > 0 { out.insert(UInt8(ascii: "."), at: max(start, out.count - scale)) }
    }

    // MARK: floating point

    /// Trino's CAST form: one digit, a fraction if there is one, `E`, exponent: `3.77E1`, `0E0`.
    package static func scientific(_ value: Double, to out: inout [UInt8]) {
        scientific(
            Digits(value.description), isFinite: value.isFinite, isNaN: value.isNaN, to: &out)
    }

    package static func scientific(_ value: Float, to out: inout [UInt8]) {
        scientific(
            Digits(value.description), isFinite: value.isFinite, isNaN: value.isNaN, to: &out)
    }

    /// Java's `Double.toString`, which result sets show: `37.7`, `1.0E10`.
    package static func double(_ value: Double, to out: inout [UInt8]) {
        java(Digits(value.description), isFinite: value.isFinite, isNaN: value.isNaN, to: &out)
    }

    package static func double(_ value: Float, to out: inout [UInt8]) {
        java(Digits(value.description), isFinite: value.isFinite, isNaN: value.isNaN, to: &out)
    }

    /// The shortest digits of a number: `0.d1d2d3... * 10^point`.
    struct Digits {
        var isNegative = false
        var digits: [UInt8] = []
        var point = 0

        /// Takes apart what Swift prints: `-1.5e-07`, `100.0`.
        init(_ description: String) {
            var seenPoint = false
            var exponent = 0
            var bytes = description.utf8[...]
            if bytes.first == UInt8(ascii: "-") {
                isNegative = true
                bytes = bytes.dropFirst()
            }
            while let byte = bytes.popFirst() {
                if byte == UInt8(ascii: "e") {
                    exponent = Int(String(Substring(bytes))) ?? 0
                    break
                }
                if byte == UInt8(ascii: ".") {
                    seenPoint = true
                } else {
                    if !seenPoint { point += 1 }
                    digits.append(byte)
                }
            }
            while digits.first == 0x30 {
                digits.removeFirst()
                point -= 1
            }
            while digits.last == 0x30 { digits.removeLast() }
            point = digits.isEmpty ? 1 : point + exponent
        }
    }

    private static func special(
        _ isNegative: Bool, isNaN: Bool, to out: inout [UInt8]
    ) {
        ascii(isNaN ? "NaN" : isNegative ? "-Infinity" : "Infinity", to: &out)
    }

    private static func scientific(
        _ number: Digits, isFinite: Bool, isNaN: Bool, to out: inout [UInt8]
    ) {
        guard isFinite else { return special(number.isNegative, isNaN: isNaN, to: &out) }
        if number.isNegative { out.append(UInt8(ascii: "-")) }
        out.append(number.digits.first ?? 0x30)
        if number.digits.count > 1 {
            out.append(UInt8(ascii: "."))
            out.append(contentsOf: number.digits.dropFirst())
        }
        out.append(UInt8(ascii: "E"))
        integer(number.point - 1, to: &out)
    }

    private static func java(
        _ number: Digits, isFinite: Bool, isNaN: Bool, to out: inout [UInt8]
    ) {
        guard isFinite else { return special(number.isNegative, isNaN: isNaN, to: &out) }
        if number.isNegative { out.append(UInt8(ascii: "-")) }
        let digits = number.digits.isEmpty ? [0x30] : number.digits
        if (-2...7).contains(number.point) {
            if number.point <= 0 {
                ascii("0.", to: &out)
                for _ in 0..<(-number.point) { out.append(0x30) }
                out.append(contentsOf: digits)
                return
            }
            for i in 0..<number.point { out.append(i < digits.count ? digits[i] : 0x30) }
            out.append(UInt8(ascii: "."))
            if digits.count > number.point {
                out.append(contentsOf: digits[number.point...])
            } else {
                out.append(0x30)
            }
            return
        }
        out.append(digits[0])
        out.append(UInt8(ascii: "."))
        out.append(contentsOf: digits.count > 1 ? digits[1...] : [0x30])
        out.append(UInt8(ascii: "E"))
        integer(number.point - 1, to: &out)
    }

    // MARK: bytes

    /// `2f3a-...`: 8-4-4-4-12 lower-case hexadecimal digits.
    package static func uuid(_ value: Int128, to out: inout [UInt8]) {
        let bits = UInt128(bitPattern: value) ^ (1 << 127)
        for nibble in 0..<32 {
            if [8, 12, 16, 20].contains(nibble) { out.append(UInt8(ascii: "-")) }
            let digit = UInt8(truncatingIfNeeded: bits >> UInt128(124 - nibble * 4)) & 15
            out.append(hexDigit(digit, isUpper: false))
        }
    }

    static func hexDigit(_ digit: UInt8, isUpper: Bool) -> UInt8 {
        digit < 10 ? 0x30 + digit : UInt8(ascii: isUpper ? "A" : "a") + digit - 10
    }

    /// Trino's console form of binary: pairs of hexadecimal digits with spaces.
    package static func binary(_ bytes: [UInt8], to out: inout [UInt8]) {
        for (i, byte) in bytes.enumerated() {
            if i > 0 { out.append(UInt8(ascii: " ")) }
            out.append(hexDigit(byte >> 4, isUpper: false))
            out.append(hexDigit(byte & 15, isUpper: false))
        }
    }
}
