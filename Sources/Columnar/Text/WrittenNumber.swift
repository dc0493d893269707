import Glibc

/// Numbers as text files write them, taken only when the number says all that the text says.
///
/// Leading zeros and plus signs are no numbers: they are postcodes and telephone numbers.
enum WrittenNumber {
    /// The greatest integer up to which doubles hold every integer.
    static let exactInteger: UInt64 = 1 << 53

    /// `-?(0|[1-9][0-9]*)` within 64 bits; `-0` is none.
    static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard let first = text.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        var i = isNegative ? 1 : 0
        guard i < text.count, text.count <= 20 else { return nil }
        if text[i] == 0x30 { return text.count == 1 ? 0 : nil }
        var value: Int64 = 0
        while i < text.count {
            let digit = text[i] &- 0x30
            guard digit < 10 else { return nil }
            let (scaled, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, passes) = scaled.subtractingReportingOverflow(Int64(digit))
            if overflows || passes { return nil }
            value = sum
            i += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// A finite number with a fraction or an exponent, an integer up to 2^53, or NaN and the infinities.
    static func double(_ text: UnsafeRawBufferPointer) -> Double? {
        guard let form = Form(text) else { return special(text) }
        if form.isInteger, form.significantDigits > 16 { return nil }
        guard let value = form.exact ?? slow(text), value.isFinite else { return nil }
        if form.isInteger, value.magnitude > Double(exactInteger) { return nil }
        return value
    }

    /// Whether `double` gives a number; cheaper, for most numbers.
    static func isDouble(_ text: UnsafeRawBufferPointer) -> Bool {
        if let form = Form(text), !form.isInteger, form.isSurelyFinite { return true }
        return double(text) != nil
    }

    private static func slow(_ text: UnsafeRawBufferPointer) -> Double? {
        Double(String(decoding: text, as: UTF8.self))
    }

    private static func special(_ text: UnsafeRawBufferPointer) -> Double? {
        guard text.count <= 9 else { return nil }
        switch String(decoding: text, as: UTF8.self) {
        case "NaN", "nan": return .nan
        case "Infinity", "inf", "Inf": return .infinity
        case "-Infinity", "-inf", "-Inf": return -.infinity
        default: return nil
        }
    }

    /// A decimal number taken apart: `-?digits(.digits)?([eE][+-]?digits)?`.
    private struct Form {
        var isNegative = false
        var isInteger = true
        var significantDigits = 0
        private var digits: UInt64 = 0
        private var scale = 0
        private static let longestBytes = 400
        private static let exactPowers: [Double] = [
            1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        ]

        init?(_ text: UnsafeRawBufferPointer) {
            guard let first = text.first, text.count <= Self.longestBytes else { return nil }
            isNegative = first == UInt8(ascii: "-")
            var i = isNegative ? 1 : 0
            let start = i
            i = take(text, from: i)
            let whole = i - start
            // `007.5` is no number, `0.5` and `.5` are.
            if whole > 1, text[start] == 0x30 { return nil }
            var fraction = 0
            if i < text.count, text[i] == UInt8(ascii: ".") {
                isInteger = false
                let point = i + 1
                i = take(text, from: point)
                fraction = i - point
            }
            guard whole + fraction > 0 else { return nil }
            scale = -fraction
            guard i < text.count else { return }
            guard text[i] | 0x20 == UInt8(ascii: "e"), let exponent = Self.exponent(text, from: i)
            else { return nil }
            isInteger = false
            scale += exponent
        }

        private mutating func take(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
            var i = start
            while i < text.count {
                let digit = text[i] &- 0x30
                guard digit < 10 else { break }
                if significantDigits > 0 || digit > 0 { significantDigits += 1 }
                if significantDigits <= 19 { digits = digits &* 10 &+ UInt64(digit) }
                i += 1
            }
            return i
        }

        private static func exponent(_ text: UnsafeRawBufferPointer, from mark: Int) -> Int? {
            var i = mark + 1
            var isNegative = false
            if i < text.count, text[i] == UInt8(ascii: "-") || text[i] == UInt8(ascii: "+") {
                isNegative = text[i] == UInt8(ascii: "-")
                i += 1
            }
            guard i < text.count, text.count - i <= 5 else { return nil }
            var value = 0
            while i < text.count {
                let digit = text[i] &- 0x30
                guard digit < 10 else { return nil }
                value = value * 10 + Int(digit)
                i += 1
            }
            return isNegative ? -value : value
        }

        /// Neither so many digits nor such an exponent that it could pass the greatest double.
        var isSurelyFinite: Bool { significantDigits <= 100 && scale <= 100 }

        /// Clinger's fast path: exact when digits and power of ten are both exact doubles.
        var exact: Double? {
            guard significantDigits <= 15, (-22...22).contains(scale) else { return nil }
            let power = Self.exactPowers[abs(scale)]
            let magnitude = scale < 0 ? Double(digits) / power : Double(digits) * power
            return isNegative ? -magnitude : magnitude
        }
    }
}
