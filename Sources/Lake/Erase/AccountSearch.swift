import Columnar

/// Looks for an account's id in bytes.
///
/// In text it must stand alone: the digits of a number are not searched for shorter ids, nor a word for parts of it.
/// In undecoded bytes neighbours mean nothing, so any occurrence counts there; ids that are too short to be
/// told from chance are not looked for in them.
struct AccountSearch: Sendable {
    private let needle: [UInt8]
    private let isNumber: Bool
    /// How far one may move on, by the byte under the needle's end.
    private let shifts: [Int]
    /// The id as a number, where it is one.
    let number: Int64?

    /// Bytes of an id from which it is looked for in undecoded bytes too: 8 digits by chance come once in 10¹⁹.
    static let distinctiveBytes = 8

    init(_ account: String) {
        needle = Array(account.utf8)
        isNumber = needle.allSatisfy { (0x30...0x39).contains($0) }
        number = Int64(account).flatMap { String($0) == account ? $0 : nil }
        var shifts = Array(repeating: max(1, needle.count), count: 256)
        for (index, byte) in needle.dropLast().enumerated() {
            shifts[Int(byte)] = needle.count - 1 - index
        }
        self.shifts = shifts
    }

    var isDistinctive: Bool { needle.count >= Self.distinctiveBytes }
    var byteCount: Int { needle.count }

    /// How often text holds the id.
    func count(inText bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        forEach(in: bytes) { start in
            let end = start + needle.count
            let isAlone =
                (start == 0 || !joins(bytes[start - 1]))
                && (end == bytes.count || !joins(bytes[end]))
            if isAlone { count += 1 }
        }
        return count
    }

    func count(inText text: String) -> Int {
        var text = text
        return text.withUTF8 { count(inText: UnsafeRawBufferPointer($0)) }
    }

    /// How often undecoded bytes hold it; 0 for ids that say nothing there.
    func count(inBytes bytes: UnsafeRawBufferPointer) -> Int {
        guard isDistinctive else { return 0 }
        var count = 0
        forEach(in: bytes) { _ in count += 1 }
        return count
    }

    /// A text with `[account]` wherever the id stands alone.
    func masked(_ text: String) -> String {
        var bytes: [UInt8] = []
        var done = 0
        var text = text
        text.withUTF8 { utf8 in
            let all = UnsafeRawBufferPointer(utf8)
            forEach(in: all) { start in
                let end = start + needle.count
                guard start >= done, start == 0 || !joins(all[start - 1]),
                    end == all.count || !joins(all[end])
                else { return }
                bytes += all[done..<start]
                bytes += Array("[account]".utf8)
                done = end
            }
            bytes += all[done...]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func joins(_ byte: UInt8) -> Bool {
        if (0x30...0x39).contains(byte) { return true }
        guard !isNumber else { return false }
        return (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte >= 0x80
    }

    private func forEach(in bytes: UnsafeRawBufferPointer, _ body: (Int) -> Void) {
        guard !needle.isEmpty else { return }
        var start = 0
        let last = needle.count - 1
        while start + needle.count <= bytes.count {
            let end = bytes[start + last]
            if end == needle[last] {
                var index = 0
                while index < last, bytes[start + index] == needle[index] { index += 1 }
                if index == last { body(start) }
            }
            start += shifts[Int(end)]
        }
    }
}
