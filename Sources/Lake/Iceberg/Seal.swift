import CXXHash
import Columnar

/// A checksum that a metadata file of ours carries inside: a flipped bit is told, others' files pass.
///
/// XXH3-128 of the whole file with the checksum's own 32 hex digits taken as zeros. Avro files have it in
/// their header, JSON files as their last member; Iceberg has no checksums, and its readers pass over
/// keys that they do not know.
package enum Seal {
    /// The key in both formats.
    package static let key = "lake.checksum"
    /// What stands in the checksum's place while it is computed.
    static let blank = [UInt8](repeating: UInt8(ascii: "0"), count: 32)

    /// Puts the checksum where `blank` begins at `position`.
    static func close(_ bytes: inout [UInt8], at position: Int) {
        let digits = Self.digits(of: bytes)
        bytes.replaceSubrange(position..<position + digits.count, with: digits)
    }

    /// Throws `corrupt` if the checksum at `position` is not that of the file.
    static func check(_ bytes: [UInt8], at position: Int, path: String) throws(LakeError) {
        let range = position..<position + blank.count
        guard range.upperBound <= bytes.count else {
            throw .corrupt(.init(path: path), reason: "its checksum is cut off")
        }
        var blanked = bytes
        blanked.replaceSubrange(range, with: blank)
        guard bytes[range].elementsEqual(digits(of: blanked)) else {
            throw .corrupt(.init(path: path), reason: "the file does not match its checksum")
        }
    }

    private static let jsonStart = Array(",\"\(key)\":\"".utf8)
    private static let jsonEnd = Array("\"}".utf8)

    /// The text of a JSON object with the checksum as its last member.
    static func sealed(json: [UInt8]) -> [UInt8] {
        let bytes = json.dropLast() + jsonStart + blank + jsonEnd
        var sealed = Array(bytes)
        close(&sealed, at: sealed.count - blank.count - jsonEnd.count)
        return sealed
    }

    /// Whether a JSON text ends in a checksum; throws `corrupt` if it does and the checksum is wrong.
    static func check(json bytes: [UInt8], path: String) throws(LakeError) -> Bool {
        let position = bytes.count - blank.count - jsonEnd.count
        guard position >= jsonStart.count, bytes.suffix(jsonEnd.count).elementsEqual(jsonEnd),
            bytes[(position - jsonStart.count)..<position].elementsEqual(jsonStart)
        else { return false }
        try check(bytes, at: position, path: path)
        return true
    }

    private static func digits(of bytes: [UInt8]) -> [UInt8] {
        let hash = bytes.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
        let hex = Array("0123456789abcdef".utf8)
        var digits: [UInt8] = []
        for word in [hash.high64, hash.low64] {
            for shift in stride(from: 60, through: 0, by: -4) {
                digits.append(hex[Int(word >> UInt64(shift) & 15)])
            }
        }
        return digits
    }
}
