/// Cutting bounds of texts and binaries so that they stay bounds.
enum BoundTruncation {
    /// A prefix of at most `limit` bytes, at a scalar's border for text.
    static func lower(_ bytes: [UInt8], limit: Int, isText: Bool) -> [UInt8] {
        guard bytes.count > limit else { return bytes }
        var end = limit
        if isText { while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 } }
        return Array(bytes[..<end])
    }

    /// A prefix whose last scalar (or byte) is raised; the whole value if none can be.
    static func upper(_ bytes: [UInt8], limit: Int, isText: Bool) -> [UInt8] {
        guard bytes.count > limit else { return bytes }
        var prefix = lower(bytes, limit: limit, isText: isText)
        if !isText {
            while let last = prefix.popLast() {
                if last < 0xFF { return prefix + [last + 1] }
            }
            return bytes
        }
        guard let text = String(validating: prefix, as: UTF8.self) else { return bytes }
        var scalars = Array(text.unicodeScalars)
        while let last = scalars.popLast() {
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let raised = Unicode.Scalar(next) else { continue }
            var result = String.UnicodeScalarView(scalars)
            result.append(raised)
            return Array(String(result).utf8)
        }
        return bytes
    }
}
