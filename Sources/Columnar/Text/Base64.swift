/// Bytes as text of the 64 digits of RFC 4648, with padding.
///
/// https://www.rfc-editor.org/rfc/rfc4648#section-4
enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    /// The value of each byte as a digit; 64: it is none.
    private static let values: [UInt8] = (0...255).map { byte in
        digits.firstIndex(of: UInt8(byte)).map { UInt8($0) } ?? 64
    }

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = min(3, bytes.count - start)
            var word: UInt32 = 0
            for i in 0..<3 { word = word << 8 | (i < left ? UInt32(bytes[start + i]) : 0) }
            for i in 0..<4 {
                text.append(i <= left ? digits[Int(word >> UInt32(18 - i * 6) & 63)] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil if the text has another byte than digits and padding at its end.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var word: UInt32 = 0
        var bits = 0
        var padded = 0
        for byte in text.utf8 {
            if byte == padding {
                padded += 1
                continue
            }
            let value = values[Int(byte)]
            guard value < 64, padded == 0 else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return padded <= 2 ? bytes : nil
    }
}
