import Columnar

/// Text as bytes and bytes as text: UTF-8, hexadecimal, base 64, code points; distances of texts.
enum EncodingFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "to_utf8", summary: "UTF-8 bytes of a text",
            [ScalarOverload([.varchar], result: .varbinary, kernel: Cast.identity)]),
        ScalarFunction(
            "from_utf8", summary: "Text of UTF-8 bytes, broken ones replaced",
            [ScalarOverload([.varbinary], result: .text, kernel: fromUTF8)]),
        ScalarFunction(
            "to_hex", summary: "Hexadecimal digits of bytes",
            [ScalarOverload([.varbinary], result: .text, kernel: toHex)]),
        ScalarFunction(
            "from_hex", summary: "Bytes of hexadecimal digits",
            [ScalarOverload([.varchar], result: .varbinary, kernel: fromHex)]),
        ScalarFunction(
            "to_base64", summary: "Base 64 text of bytes",
            [ScalarOverload([.varbinary], result: .text, kernel: toBase64)]),
        ScalarFunction(
            "from_base64", summary: "Bytes of a base 64 text",
            [ScalarOverload([.varchar], result: .varbinary, kernel: fromBase64)]),
        ScalarFunction(
            "chr", summary: "Text of one code point",
            [
                ScalarOverload(
                    [.bigint], result: .exact(.varchar(length: 1)),
                    kernel: RowKernel.text { (x: Int64, output) throws(QueryError) in
                        guard let point = UInt32(exactly: x), Unicode.Scalar(point) != nil else {
                            throw .argument("Not a valid Unicode code point: \(x)")
                        }
                        try output.write(codePoint: point)
                        return true
                    })
            ]),
        ScalarFunction(
            "codepoint", summary: "Code point of a text of one character",
            [
                ScalarOverload(
                    [.varchar], result: .exact(.integer),
                    kernel: RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
                        guard !text.isEmpty, text.nextCodePoint(after: 0) == text.count else {
                            throw .argument("Input string must be a single character string")
                        }
                        return Int64(text.codePoint(at: 0))
                    })
            ]),
        ScalarFunction(
            "levenshtein_distance", summary: "Edits that make one text the other",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .bigint,
                    kernel: RowKernel.of { (a: Bytes, b: Bytes) throws(QueryError) -> Int64? in
                        try levenshtein(a.codePoints, b.codePoints)
                    })
            ]),
        ScalarFunction(
            "hamming_distance", summary: "Positions in which two texts differ",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .bigint,
                    kernel: RowKernel.of { (a: Bytes, b: Bytes) throws(QueryError) -> Int64? in
                        let (x, y) = (a.codePoints, b.codePoints)
                        guard x.count == y.count else {
                            throw .argument(
                                "The input strings to hamming_distance function must have the same length"
                            )
                        }
                        return Int64(zip(x, y).count { $0 != $1 })
                    })
            ]),
    ]

    private static let fromUTF8 = RowKernel.text { (bytes: Bytes, output) throws(QueryError) in
        if bytes.isASCII {
            try output.write(bytes)
        } else {
            for byte in String(decoding: bytes, as: UTF8.self).utf8 { try output.write(byte: byte) }
        }
        return true
    }

    private static let toHex = RowKernel.text { (bytes: Bytes, output) throws(QueryError) in
        for byte in bytes {
            try output.write(byte: TypeText.hexDigit(byte >> 4, isUpper: true))
            try output.write(byte: TypeText.hexDigit(byte & 15, isUpper: true))
        }
        return true
    }

    private static let fromHex = RowKernel.text { (text: Bytes, output) throws(QueryError) in
        guard text.count % 2 == 0 else {
            throw .argument(
                "invalid input length \(text.count), must be even")
        }
        for i in stride(from: 0, to: text.count, by: 2) {
            guard let high = TextCast.hexValue(text[i]), let low = TextCast.hexValue(text[i + 1])
            else {
                throw .argument("invalid hex character: \(text.part(i..<i + 2).message)")
            }
            try output.write(byte: high << 4 | low)
        }
        return true
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let toBase64 = RowKernel.text { (bytes: Bytes, output) throws(QueryError) in
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = min(3, bytes.count - start)
            var word: UInt32 = 0
            for i in 0..<3 { word = word << 8 | (i < left ? UInt32(bytes[start + i]) : 0) }
            for i in 0..<4 {
                let digit = alphabet[Int(word >> UInt32(18 - i * 6) & 63)]
                try output.write(byte: i <= left ? digit : UInt8(ascii: "="))
            }
        }
        return true
    }

    private static let fromBase64 = RowKernel.text { (text: Bytes, output) throws(QueryError) in
        var end = text.count
        while end > 0, end > text.count - 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        var word: UInt32 = 0
        var bits = 0
        for i in 0..<end {
            guard let digit = alphabet.firstIndex(of: text[i]) else {
                throw .argument("Illegal base64 character \(String(text[i], radix: 16))")
            }
            word = word << 6 | UInt32(digit)
            bits += 6
            if bits >= 8 {
                bits -= 8
                try output.write(byte: UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return true
    }

    /// Two rows of the edit matrix; refused where it would run for minutes, as Trino does.
    private static func levenshtein(_ a: [UInt32], _ b: [UInt32]) throws(QueryError) -> Int64 {
        guard a.count * max(1, b.count) <= 1_000_000 else {
            throw .argument(
                "The combined inputs for Levenshtein distance are too large")
        }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = above
            }
        }
        return Int64(row[b.count])
    }
}
