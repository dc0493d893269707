/// A place in a text file, both from 1; the column counts bytes.
struct TextPlace: Hashable, Sendable {
    var line: Int
    var column: Int

    /// The place that a reason begins with, `line 1, column 40: …`; nil if it tells of none.
    ///
    /// Of a file of many records the first bad one's: `2 of 9 records left out: line 3: …`.
    static func of(_ reason: String) -> TextPlace? {
        let parts = reason.split(separator: ":", maxSplits: 2)
        let isOfRecords = parts.count > 1 && parts[0].hasSuffix(" records left out")
        guard let head = isOfRecords ? parts[1] : parts.first else { return nil }
        let words = head.split(whereSeparator: { $0 == " " || $0 == "," })
        guard words.count >= 2, words[0] == "line", let line = Int(words[1]), line > 0 else {
            return nil
        }
        if words.count == 2, isOfRecords { return TextPlace(line: line, column: 1) }
        guard words.count == 4, words[2] == "column", let column = Int(words[3]), column > 0 else {
            return nil
        }
        return TextPlace(line: line, column: column)
    }
}

/// Some lines of a file around a place, with a caret under it; without a place its beginning.
///
/// ```
///  1 | {"id": "17810000000000000", "caption": }
///    |                                        ^
/// ```
/// Bounded whatever the file: few lines, each a window of columns; what is not text shows as dots.
struct FileExcerpt {
    private let bytes: [UInt8]
    private let place: TextPlace?
    private static let linesAround = 2
    private static let linesWithoutPlace = 10
    private static let columns = 100

    init(_ bytes: [UInt8], at place: TextPlace?) {
        self.bytes = bytes
        self.place = place
    }

    func text() -> String {
        if bytes.isEmpty { return "(the file is empty)\n" }
        let first = place.map { max(1, $0.line - Self.linesAround) } ?? 1
        let last = place.map { $0.line + Self.linesAround } ?? Self.linesWithoutPlace
        var text = ""
        var number = 1
        var start = 0
        let width = "\(last)".count
        while start < bytes.count, number <= last {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            if number >= first { text += line(number, start..<end, width) }
            start = end + 1
            number += 1
        }
        if start < bytes.count, place == nil { text += "…\n" }
        return text
    }

    private func line(_ number: Int, _ range: Range<Int>, _ width: Int) -> String {
        let isPlace = number == place?.line
        let column = isPlace ? min((place?.column ?? 1) - 1, range.count) : 0
        // A long line is shown from a little before the place.
        let skip = range.count > Self.columns ? max(0, column - Self.columns / 2) : 0
        let from = range.lowerBound + skip
        let shown = from..<min(range.upperBound, from + Self.columns)
        let label = "\(number)"
        let margin = String(repeating: " ", count: width - label.count)
        let (head, tail) = (skip > 0 ? "…" : "", shown.upperBound < range.upperBound ? "…" : "")
        var text = "\(margin)\(label) | \(head)\(Self.readable(bytes[shown]))\(tail)\n"
        if isPlace {
            let before = Self.readable(bytes[from..<min(from + column - skip, range.upperBound)])
            let indent = DisplayWidth.of(head) + DisplayWidth.of(before)
            text += String(repeating: " ", count: width) + " | "
            text += String(repeating: " ", count: indent) + "^\n"
        }
        return text
    }

    /// Text as it is, control characters and broken UTF-8 as dots.
    private static func readable(_ bytes: ArraySlice<UInt8>) -> String {
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let isHidden = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            text.unicodeScalars.append(isHidden || scalar == "\u{FFFD}" ? "·" : scalar)
        }
        return text
    }
}
