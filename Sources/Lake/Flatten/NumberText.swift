import Glibc

/// Numbers written as text: `123`, `-7`, `1.5e3`; no spaces, no separators, no words.
enum NumberText {
    /// An exact integer, or nil when there is anything but a sign and digits, or they overflow.
    static func int64(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard let first = text.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        var i = isNegative || first == UInt8(ascii: "+") ? 1 : 0
        guard i < text.count else { return nil }
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

    /// A finite number in JSON's grammar, a leading + allowed.
    static func double(_ text: UnsafeRawBufferPointer) -> Double? {
        guard let first = text.first, text.count <= 400 else { return nil }
        guard first &- 0x30 < 10 || first == UInt8(ascii: "-") || first == UInt8(ascii: "+") else {
            return nil
        }
        for byte in text {
            switch byte {
            case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                continue
            default: return nil
            }
        }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
            return nil
        }
        return value
    }
}
