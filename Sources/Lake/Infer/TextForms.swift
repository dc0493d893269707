import Columnar

/// What the texts of one place could be besides texts: how many had each form.
struct TextForms {
    private(set) var count = 0
    private(set) var empty = 0
    private(set) var dates = 0
    private(set) var instants = 0
    private(set) var integers = 0
    private(set) var numbers = 0
    /// `1.2k`, `5M`: integers written short.
    private(set) var suffixed = 0
    private(set) var booleans = 0
    private(set) var links = 0
    /// Links with a signature in them: another one at each pull.
    private(set) var signedLinks = 0
    /// Pieces between commas, without a blank behind the comma.
    private(set) var commaLists = 0
    /// The first different texts, as long as they are few and short.
    private(set) var values: [String]? = []

    static let mostValues = 8

    mutating func add(_ text: UnsafeRawBufferPointer) {
        count += 1
        note(text)
        guard let first = text.first else {
            empty += 1
            return
        }
        if first == UInt8(ascii: "h"), text.starts(with: "http".utf8) {
            links += 1
            if Self.isSigned(text) { signedLinks += 1 }
            return
        }
        if Self.isCommaList(text) { commaLists += 1 }
        if text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8) { booleans += 1 }
        guard text.count <= 40 else { return }
        if Self.isInteger(text) {
            integers += 1
            numbers += 1
            return
        }
        if NumberText.double(text) != nil {
            // Digits alone that are no integer say more than a number: 007, or more of them than 64 bits hold.
            if text.contains(UInt8(ascii: ".")), first != UInt8(ascii: "+") { numbers += 1 }
            return
        }
        if InstantText.micros(text, format: .auto) != nil {
            instants += 1
            if text.count == 10, text[4] == UInt8(ascii: "-") { dates += 1 }
            return
        }
        if DecimalText(text, allowsSuffix: true)?.int64 != nil { suffixed += 1 }
    }

    private mutating func note(_ text: UnsafeRawBufferPointer) {
        guard var known = values else { return }
        if known.contains(where: { $0.utf8.elementsEqual(text) }) { return }
        guard known.count < Self.mostValues, text.count <= 40 else {
            values = nil
            return
        }
        known.append(String(decoding: text, as: UTF8.self))
        values = known
    }

    /// An integer whose text is the one that the number would be written as.
    private static func isInteger(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let value = NumberText.int64(text) else { return false }
        return "\(value)".utf8.elementsEqual(text)
    }

    private static func isSigned(_ text: UnsafeRawBufferPointer) -> Bool {
        let link = String(decoding: text, as: UTF8.self).lowercased()
        guard let query = link.split(separator: "?", maxSplits: 1).dropFirst().first else {
            return false
        }
        let marks = ["oh=", "oe=", "sig", "x-amz-", "expires=", "token=", "hash=", "_nc_"]
        return marks.contains { query.contains($0) }
    }

    private static func isCommaList(_ text: UnsafeRawBufferPointer) -> Bool {
        var commas = 0
        for (i, byte) in text.enumerated() where byte == UInt8(ascii: ",") {
            if i + 1 == text.count || text[i + 1] == 0x20 { return false }
            commas += 1
        }
        return commas > 0
    }
}
