/// A half-open range of UTF-8 offsets in the SQL text.
package struct SourceRange: Hashable, Sendable {
    package var start: Int
    package var end: Int

    package init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }
}

/// A SQL text that can say where an offset lies and show an error in place.
///
///     COLUMN_NOT_FOUND: line 1:8: Column 'lkes' cannot be resolved
///       select lkes from posts
///              ^^^^
///     did you mean 'likes'?
package struct SourceText: Sendable {
    private let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Line and column of a byte offset, both from 1; columns count code points.
    package func location(of offset: Int) -> (line: Int, column: Int) {
        let end = min(max(0, offset), bytes.count)
        var line = 1
        var column = 1
        for byte in bytes[..<end] {
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }

    /// Trino's message with its position: `line 1:8: Column 'x' cannot be resolved`.
    package func message(of error: QueryError) -> String {
        guard let range = error.range else { return error.message }
        let (line, column) = location(of: range.start)
        return "line \(line):\(column): \(error.message)"
    }

    /// Name and message, the source line with carets, and the hint; no newline at the end.
    package func render(_ error: QueryError) -> String {
        var lines = ["\(error.code.rawValue): \(message(of: error))"]
        if let range = error.range { lines += excerpt(range) }
        if let hint = error.hint { lines.append(hint) }
        return lines.joined(separator: "\n")
    }

    // MARK: Excerpt

    private static let width = 120
    private static let margin = "  "

    /// The line in which a range starts, cut to the width around it, and carets below.
    package func excerpt(_ range: SourceRange) -> [String] {
        let start = min(max(0, range.start), bytes.count)
        let lineStart = (bytes[..<start].lastIndex(of: 0x0A) ?? -1) + 1
        let lineEnd = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        let end = min(max(start, range.end), lineEnd)
        let before = Self.visible(bytes[lineStart..<start])
        let marked = Self.visible(bytes[start..<end])
        let after = Self.visible(bytes[end..<lineEnd])
        let room = Self.width - Self.margin.count
        let carets = min(max(1, DisplayWidth.of(marked)), room / 2)
        let lead = Self.tail(before, width: room - carets - 20)
        let leadWidth = DisplayWidth.of(lead)
        let rest = Self.head(marked + after, width: room - leadWidth)
        return [
            Self.margin + lead + rest,
            Self.margin + String(repeating: " ", count: leadWidth)
                + String(repeating: "^", count: carets),
        ]
    }

    /// Text with every control character as a blank.
    private static func visible(_ bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
        String(decoding: bytes, as: UTF8.self).unicodeScalars.map {
            $0.value < 0x20 || $0.value == 0x7F ? " " : $0
        }
    }

    /// The end of a text, at most `width` columns, with an ellipsis where it was cut.
    private static func tail(_ scalars: [Unicode.Scalar], width: Int) -> String {
        guard DisplayWidth.of(scalars) > width else { return string(scalars[...]) }
        var used = 1
        var index = scalars.count
        while index > 0 {
            used += DisplayWidth.of(scalars[index - 1])
            if used > width { break }
            index -= 1
        }
        return "…" + string(scalars[index...])
    }

    private static func head(_ scalars: [Unicode.Scalar], width: Int) -> String {
        guard DisplayWidth.of(scalars) > width else { return string(scalars[...]) }
        var used = 1
        var index = 0
        while index < scalars.count {
            used += DisplayWidth.of(scalars[index])
            if used > width { break }
            index += 1
        }
        return string(scalars[..<index]) + "…"
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
