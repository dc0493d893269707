/// Integers beyond 64 bits, which the tape cannot hold, become strings with all their digits.
enum LongIntegers {
    /// The text with such integers in quotes; nil when there are none.
    static func quoted(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var result: [UInt8] = []
        var copied = 0
        var i = 0
        while i < bytes.count {
            let byte = bytes[i]
            if byte == UInt8(ascii: "\"") {
                i += 1
                while i < bytes.count, bytes[i] != UInt8(ascii: "\"") {
                    i += bytes[i] == UInt8(ascii: "\\") ? 2 : 1
                }
                i += 1
                continue
            }
            guard byte == UInt8(ascii: "-") || byte &- 0x30 < 10 else {
                i += 1
                continue
            }
            let start = i
            i = numberEnd(bytes, from: start)
            let number = UnsafeRawBufferPointer(rebasing: bytes[start..<i])
            if isLong(number) {
                result += bytes[copied..<start]
                result.append(UInt8(ascii: "\""))
                result += number
                result.append(UInt8(ascii: "\""))
                copied = i
            }
        }
        guard copied > 0 else { return nil }
        return result + bytes[copied...]
    }

    private static func numberEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var i = start
        while i < bytes.count {
            switch bytes[i] {
            case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                i += 1
            default: return i
            }
        }
        return i
    }

    private static func isLong(_ number: UnsafeRawBufferPointer) -> Bool {
        guard number.count >= 19 else { return false }
        let digits = number.first == UInt8(ascii: "-") ? number.dropFirst() : number[...]
        guard digits.allSatisfy({ $0 &- 0x30 < 10 }), digits.first != 0x30 else { return false }
        let text = String(decoding: number, as: UTF8.self)
        return Int64(text) == nil && UInt64(text) == nil
    }
}
