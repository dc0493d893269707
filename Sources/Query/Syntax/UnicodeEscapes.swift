/// Decodes the escapes of `U&'..'`: `\XXXX`, `\+XXXXXX` and the doubled escape character.
enum UnicodeEscapes {
    static func decode(
        _ text: String, escape: Unicode.Scalar, at range: SourceRange
    ) throws(QueryError) -> String {
        var result = String.UnicodeScalarView()
        let scalars = Array(text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            guard scalar == escape else {
                result.append(scalar)
                continue
            }
            guard index < scalars.count else { throw incomplete(range) }
            if scalars[index] == escape {
                result.append(escape)
                index += 1
                continue
            }
            var digitCount = 4
            if scalars[index] == "+" {
                digitCount = 6
                index += 1
            }
            guard index + digitCount <= scalars.count else { throw incomplete(range) }
            var code: UInt32 = 0
            for digit in scalars[index..<index + digitCount] {
                guard digit.isASCII, let value = Lexer.hexValue(UInt8(digit.value)) else {
                    throw QueryError(
                        .syntaxError, "Invalid hexadecimal digit: \(digit)", at: range)
                }
                code = code << 4 | UInt32(value)
            }
            index += digitCount
            guard let decoded = Unicode.Scalar(code) else {
                throw QueryError(
                    .syntaxError, "Invalid escaped character: \(String(code, radix: 16))",
                    at: range)
            }
            result.append(decoded)
        }
        return String(result)
    }

    private static func incomplete(_ range: SourceRange) -> QueryError {
        QueryError(.syntaxError, "Incomplete escape sequence", at: range)
    }
}
