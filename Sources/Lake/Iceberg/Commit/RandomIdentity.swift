/// Identities from the caller's randomness, so that a test's tables are the same every time.
package enum RandomIdentity {
    /// A version 4 UUID in lower case.
    ///
    /// Source: RFC 9562.
    package static func uuid(using random: inout some RandomNumberGenerator) -> String {
        var bytes = self.bytes(16, using: &random)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A positive 63-bit id that the table does not have yet.
    static func snapshotID(
        for metadata: TableMetadata, using random: inout some RandomNumberGenerator
    ) -> Int64 {
        while true {
            let id = Int64(random.next() & UInt64(Int64.max))
            if id > 0, metadata.snapshot(id: id) == nil { return id }
        }
    }

    static func bytes(
        _ count: Int, using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let word = random.next()
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (shift * 8))) }
        }
        return Array(bytes.prefix(count))
    }
}
