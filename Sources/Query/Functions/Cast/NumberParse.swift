/// Numbers and booleans out of UTF-8 bytes, by the rules of Java's parsers that Trino's casts use.
enum NumberParse {
    /// `Long.parseLong`: an optional sign and digits, nothing else; nil if not so or beyond 64 bits.
    static func integer(_ text: Bytes) -> Int64? {
        var at = 0
        var isNegative = false
        if let first = text.first, first == 0x2D || first == 0x2B {
            isNegative = first == 0x2D
            at = 1
        }
        guard at < text.count else { return nil }
        var value: Int64 = 0
        while at < text.count {
            let digit = Int64(text[at]) - 0x30
            guard (0...9).contains(digit) else { return nil }
            let (scaled, o1) = value.multipliedReportingOverflow(by: 10)
            let (next, o2) =
                isNegative
                ? scaled.subtractingReportingOverflow(digit)
                : scaled.addingReportingOverflow(digit)
            guard !o1, !o2 else { return nil }
            value = next
            at += 1
        }
        return value
    }

    /// `t true 1 f false 0` in any case.
    static func boolean(_ text: Bytes) -> Bool? {
        guard text.count <= 5 else { return nil }
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "t", "true", "1": return true
        case "f", "false", "0": return false
        default: return nil
        }
    }

    /// `Double.parseDouble`: spaces around, NaN and Infinity, decimal digits with an exponent, a suffix `d` or `f`.
    static func double(_ text: Bytes) -> Double? {
        guard let number = Decimal(text, isJavaFloat: true) else { return special(text) }
        if let fast = number.exactDouble { return fast }
        return Double(number.text)
    }

    static func float(_ text: Bytes) -> Float? {
        guard let number = Decimal(text, isJavaFloat: true) else {
            return special(text).map { Float($0) }
        }
        return Float(number.text)
    }

    private static func special(_ text: Bytes) -> Double? {
        let range = SubstringFunctions.trimmed(text) { $0 <= 0x20 }
        switch String(decoding: text[range], as: UTF8.self) {
        case "NaN", "+NaN", "-NaN": return .nan
        case "Infinity", "+Infinity": return .infinity
        case "-Infinity": return -.infinity
        default: return nil
        }
    }

    /// A decimal number taken apart: significant digits and where the point stands.
    struct Decimal {
        var isNegative = false
        /// Without leading zeros.
        var digits: [UInt8] = []
        /// Digits before the point; may be negative or past the digits.
        var point = 0

        /// nil when the text is no number.
        init?(_ text: Bytes, isJavaFloat: Bool = false) {
            var part = text
            if isJavaFloat {
                part = text.part(SubstringFunctions.trimmed(text) { $0 <= 0x20 })
                if let last = part.last, "dDfF".utf8.contains(last) {
                    part = part.part(0..<part.count - 1)
                }
            }
            var at = 0
            if let first = part.first, first == 0x2D || first == 0x2B {
                isNegative = first == 0x2D
                at = 1
            }
            var seenPoint = false
            var seenDigit = false
            scan: while at < part.count {
                let byte = part[at]
                switch byte {
                case 0x30...0x39:
                    seenDigit = true
                    if !digits.isEmpty || byte != 0x30 {
                        digits.append(byte)
                        if !seenPoint { point += 1 }
                    } else if seenPoint {
                        point -= 1
                    }
                case UInt8(ascii: "."):
                    if seenPoint { return nil }
                    seenPoint = true
                case UInt8(ascii: "e"), UInt8(ascii: "E"): break scan
                default: return nil
                }
                at += 1
            }
            guard seenDigit else { return nil }
            if at < part.count {
                guard let exponent = NumberParse.integer(part.part(at + 1..<part.count)),
                    abs(max(exponent, -1_000_000_000)) <= 1_000_000_000
                else { return nil }
                point += Int(exponent)
            }
            while digits.last == 0x30 { digits.removeLast() }
        }

        /// Clinger's fast path: exact when digits and power of ten are both exact doubles.
        var exactDouble: Double? {
            guard digits.count <= 15 else { return nil }
            let exponent = digits.isEmpty ? 0 : point - digits.count
            guard (-22...22).contains(exponent) else { return nil }
            var value: Int64 = 0
            for digit in digits { value = value * 10 + Int64(digit - 0x30) }
            let power = NumberParse.exactPowers[abs(exponent)]
            let magnitude = exponent < 0 ? Double(value) / power : Double(value) * power
            return isNegative ? -magnitude : magnitude
        }

        /// The number in a form that Swift's parsers take.
        var text: String {
            let mantissa = digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self)
            return "\(isNegative ? "-" : "")0.\(mantissa)e\(digits.isEmpty ? 0 : point)"
        }

        /// Unscaled value at a scale, halves away from zero; nil when it has more digits than the precision.
        func unscaled(precision: Int, scale: Int) -> Int128? {
            guard !digits.isEmpty else { return 0 }
            let kept = point + scale
            guard kept <= precision else { return nil }
            guard kept >= 0 else { return 0 }
            var value: Int128 = 0
            for i in 0..<kept {
                value = value * 10 + (i < digits.count ? Int128(digits[i] - 0x30) : 0)
            }
            if kept < digits.count, digits[kept] >= 0x35 { value += 1 }
            guard DecimalScale.fits(value, precision: precision) else { return nil }
            return isNegative ? -value : value
        }
    }

    private static let exactPowers: [Double] = {
        var result: [Double] = [1]
        for _ in 1...22 { result.append(result[result.count - 1] * 10) }
        return result
    }()
}
