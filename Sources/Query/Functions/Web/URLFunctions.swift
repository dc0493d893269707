import Columnar

/// The parts of URLs and percent encoding.
///
/// Grammar: RFC 3986 §3, as Java's `java.net.URI` takes it.
enum URLFunctions {
    static let all: [ScalarFunction] = [
        part("url_extract_protocol", "Scheme of a URL") { url, text in
            url.scheme.map { text.part($0) }
        },
        part("url_extract_host", "Host of a URL") { url, text in url.host.map { text.part($0) } },
        part("url_extract_path", "Path of a URL") { url, text in url.path.map { text.part($0) } },
        part("url_extract_query", "Query of a URL") { url, text in url.query.map { text.part($0) }
        },
        part("url_extract_fragment", "Fragment of a URL") { url, text in
            url.fragment.map { text.part($0) }
        },
        ScalarFunction(
            "url_extract_port", summary: "Port of a URL",
            [
                ScalarOverload(
                    [.varchar], result: .bigint,
                    kernel: RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
                        URLParts(text)?.port.flatMap { NumberParse.integer(text.part($0)) }
                    })
            ]),
        ScalarFunction(
            "url_extract_parameter", summary: "First value of a parameter of a URL's query",
            [ScalarOverload([.varchar, .varchar], result: .first, kernel: parameter)]),
        ScalarFunction(
            "url_encode", summary: "Text as a URL's query takes it",
            [ScalarOverload([.varchar], result: .text, kernel: encode)]),
        ScalarFunction(
            "url_decode", summary: "Text out of a URL's query",
            [ScalarOverload([.varchar], result: .text, kernel: decode)]),
    ]

    private static func part(
        _ name: String, _ summary: String,
        _ choose: @escaping @Sendable (URLParts, Bytes) -> Bytes?
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: summary,
            [
                ScalarOverload(
                    [.varchar], result: .first,
                    kernel: RowKernel.text { (text: Bytes, output) throws(QueryError) in
                        guard let url = URLParts(text) else { return false }
                        guard let piece = choose(url, text) else {
                            return name != "url_extract_host"
                        }
                        try write(piece, decoding: name != "url_extract_host", &output)
                        return true
                    })
            ])
    }

    /// Java's getters give parts with percent escapes decoded.
    private static func write(
        _ piece: Bytes, decoding: Bool, _ output: inout TextOutput
    ) throws(QueryError) {
        var at = 0
        while at < piece.count {
            if decoding, piece[at] == UInt8(ascii: "%"), at + 2 < piece.count,
                let high = TextCast.hexValue(piece[at + 1]),
                let low = TextCast.hexValue(piece[at + 2])
            {
                try output.write(byte: high << 4 | low)
                at += 3
            } else {
                try output.write(byte: piece[at])
                at += 1
            }
        }
    }

    private static let parameter = RowKernel.text {
        (text: Bytes, name: Bytes, output) throws(QueryError) in
        guard let url = URLParts(text), let query = url.query else { return false }
        let pairs = text.part(query)
        var from = 0
        while from <= pairs.count {
            var end = from
            while end < pairs.count, pairs[end] != UInt8(ascii: "&") { end += 1 }
            let pair = pairs.part(from..<end)
            let middle = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            if pair.part(0..<middle).elementsEqual(name) {
                if middle < pair.count {
                    try write(pair.part(middle + 1..<pair.count), decoding: true, &output)
                }
                return true
            }
            from = end + 1
        }
        return false
    }

    private static let encode = RowKernel.text { (text: Bytes, output) throws(QueryError) in
        for byte in text {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "*"):
                try output.write(byte: byte)
            case 0x20: try output.write(byte: UInt8(ascii: "+"))
            default:
                try output.write(byte: UInt8(ascii: "%"))
                try output.write(byte: TypeText.hexDigit(byte >> 4, isUpper: true))
                try output.write(byte: TypeText.hexDigit(byte & 15, isUpper: true))
            }
        }
        return true
    }

    private static let decode = RowKernel.text { (text: Bytes, output) throws(QueryError) in
        var at = 0
        while at < text.count {
            let byte = text[at]
            at += 1
            guard byte == UInt8(ascii: "%") else {
                try output.write(byte: byte == UInt8(ascii: "+") ? 0x20 : byte)
                continue
            }
            guard at + 1 < text.count, let high = TextCast.hexValue(text[at]),
                let low = TextCast.hexValue(text[at + 1])
            else { throw .argument("URLDecoder: Incomplete trailing escape (%) pattern") }
            try output.write(byte: high << 4 | low)
            at += 2
        }
        return true
    }
}

/// Where the parts of a URL lie in its bytes.
struct URLParts {
    var scheme: Range<Int>?
    var host: Range<Int>?
    var port: Range<Int>?
    var path: Range<Int>?
    var query: Range<Int>?
    var fragment: Range<Int>?

    /// nil for bytes that no URI may hold (spaces, quotes, controls) and broken escapes.
    init?(_ text: Bytes) {
        for (i, byte) in text.enumerated() {
            switch byte {
            case 0...0x20, 0x22, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B...0x7D, 0x7F: return nil
            case UInt8(ascii: "%"):
                guard i + 2 < text.count, TextCast.hexValue(text[i + 1]) != nil,
                    TextCast.hexValue(text[i + 2]) != nil
                else { return nil }
            default: break
            }
        }
        var end = text.count
        if let hash = text.firstIndex(of: UInt8(ascii: "#")) {
            fragment = hash + 1..<end
            end = hash
        }
        if let mark = text.part(0..<end).firstIndex(of: UInt8(ascii: "?")) {
            query = mark + 1..<end
            end = mark
        }
        var at = 0
        if let colon = text.part(0..<end).firstIndex(of: UInt8(ascii: ":")),
            Self.isScheme(text.part(0..<colon))
        {
            scheme = 0..<colon
            at = colon + 1
        }
        if text.matchesSlashes(at: at), at + 1 < end {
            at = authority(text, from: at + 2, end)
        }
        path = at..<end
    }

    private static func isScheme(_ text: Bytes) -> Bool {
        guard let first = text.first, (0x61...0x7A).contains(first | 0x20) else { return false }
        return text.allSatisfy {
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0)
                || "+-.".utf8.contains($0)
        }
    }

    /// `[user@]host[:port]`; returns where the path begins.
    private mutating func authority(_ text: Bytes, from start: Int, _ end: Int) -> Int {
        var stop = start
        while stop < end, text[stop] != UInt8(ascii: "/") { stop += 1 }
        var from = start
        for i in start..<stop where text[i] == UInt8(ascii: "@") { from = i + 1 }
        var hostEnd = stop
        var at = stop
        while at > from, (0x30...0x39).contains(text[at - 1]) { at -= 1 }
        if at > from, text[at - 1] == UInt8(ascii: ":") {
            hostEnd = at - 1
            if at < stop { port = at..<stop }
        }
        if hostEnd > from { host = from..<hostEnd }
        return stop
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `//` stands at an offset.
    fileprivate func matchesSlashes(at offset: Int) -> Bool {
        offset + 1 < count && self[offset] == UInt8(ascii: "/")
            && self[offset + 1] == UInt8(ascii: "/")
    }
}
