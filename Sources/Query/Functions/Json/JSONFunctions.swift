import Columnar

/// json_extract, json_extract_scalar, json_parse, json_format, json_array_length and their kin.
enum JSONFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "json_extract_scalar", summary: "Scalar at a path of a JSON text, as text",
            onJSON([.varchar], result: .text, kernel: extractScalar)),
        ScalarFunction(
            "json_extract", summary: "Value at a path of a JSON text, as JSON",
            onJSON([.varchar], result: .json, kernel: extract)),
        ScalarFunction(
            "json_size", summary: "Members or elements of the value at a path, 0 for a scalar",
            onJSON([.varchar], result: .bigint, kernel: size)),
        ScalarFunction(
            "json_parse", summary: "JSON of a text",
            [ScalarOverload([.varchar], result: .json, kernel: parse)]),
        ScalarFunction(
            "json_format", summary: "Text of a JSON value",
            [ScalarOverload([.json], result: .text, kernel: Cast.identity)]),
        ScalarFunction(
            "json_array_length", summary: "Elements of a JSON array, NULL if it is none",
            onJSON([], result: .bigint, kernel: arrayLength)),
        ScalarFunction(
            "json_array_get", summary: "Element of a JSON array, 0-based, negative from the end",
            onJSON([.bigint], result: .json, kernel: arrayGet)),
        ScalarFunction(
            "json_array_contains", summary: "Whether a JSON array has a value",
            onJSON([.boolean], result: .boolean, kernel: contains(Bool.self) { $0.boolean == $1 })
                + onJSON(
                    [.bigint], result: .boolean, kernel: contains(Int64.self) { $0.int64 == $1 })
                + onJSON(
                    [.double], result: .boolean,
                    kernel: contains(Double.self) { $0.kind == .double && $0.double == $1 })
                + onJSON(
                    [.varchar], result: .boolean,
                    kernel: contains(Bytes.self) {
                        $0.kind == .string && $0.stringBytes.elementsEqual($1)
                    })),
        ScalarFunction(
            "is_json_scalar", summary: "Whether a JSON value is no array and no object",
            onJSON([], result: .boolean, kernel: isScalar)),
    ]

    /// The same function over varchar and over json.
    private static func onJSON(
        _ rest: [TypePattern], result: ResultRule, kernel: @escaping ScalarKernel
    ) -> [ScalarOverload] {
        [TypePattern.varchar, .json].map {
            ScalarOverload([$0] + rest, result: result, kernel: kernel)
        }
    }

    /// Paths compiled once per text.
    private struct PathCursor {
        private var text: [UInt8] = []
        private var path: JSONPath?

        mutating func path(_ bytes: Bytes) throws(QueryError) -> JSONPath {
            if let path, text.elementsEqual(bytes) { return path }
            let fresh = try JSONPath(bytes)
            text = Array(bytes)
            path = fresh
            return fresh
        }
    }

    /// The parser of one kernel call.
    private static func parser() throws(QueryError) -> JSONParser {
        try storage { () throws(ColumnarError) in try JSONParser() }
    }

    /// The root of a document; nil when the text is no JSON.
    private static func root(_ text: Bytes, _ parser: JSONParser) -> JSONElement? {
        do { return try parser.parse(text) } catch { return nil }
    }

    private static let extractScalar: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let paths = try arguments.reader(1, as: Bytes.self, context)
        var cursor = PathCursor()
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let text = texts.row(row), let pathText = paths.row(row) else { return false }
            var scanner = JSONPathScanner(text)
            guard let range = scanner.find(try cursor.path(pathText)) else { return false }
            let value = text.part(range)
            switch value.first {
            case UInt8(ascii: "\""):
                let inner = value.part(1..<value.count - 1)
                guard inner.contains(UInt8(ascii: "\\")) else {
                    try output.write(inner)
                    return true
                }
                guard let plain = JSONText.unescaped(inner) else { return false }
                try output.write(plain)
                return true
            case UInt8(ascii: "{"), UInt8(ascii: "["), nil: return false
            default:
                guard !value.equals("null"), isBareScalar(value) else { return false }
                try output.write(value)
                return true
            }
        }
    }

    /// `true`, `false` or a number.
    private static func isBareScalar(_ value: Bytes) -> Bool {
        if value.equals("true") || value.equals("false") { return true }
        guard let first = value.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first)
        else { return false }
        return NumberParse.Decimal(value) != nil
    }

    private static let extract: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let paths = try arguments.reader(1, as: Bytes.self, context)
        var cursor = PathCursor()
        let parser = try parser()
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let text = texts.row(row), let pathText = paths.row(row) else { return false }
            var scanner = JSONPathScanner(text)
            guard let range = scanner.find(try cursor.path(pathText)),
                let element = root(text.part(range), parser)
            else { return false }
            try output.write(element.jsonText())
            return true
        }
    }

    private static let size: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let paths = try arguments.reader(1, as: Bytes.self, context)
        var cursor = PathCursor()
        let parser = try parser()
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row), let pathText = paths.row(row) else { return nil }
            var scanner = JSONPathScanner(text)
            guard let range = scanner.find(try cursor.path(pathText)),
                let element = root(text.part(range), parser)
            else { return nil }
            return count(element)
        }
    }

    private static func count(_ element: JSONElement) -> Int64 {
        var total: Int64 = 0
        var members = element.members
        while members.next() != nil { total += 1 }
        var elements = element.elements
        while elements.next() != nil { total += 1 }
        return total
    }

    private static let parse: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let parser = try parser()
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let text = texts.row(row) else { return false }
            guard let element = root(text, parser) else {
                throw .argument("Cannot convert value to JSON: '\(text.message)'")
            }
            try output.write(element.jsonText(canonical: true))
            return true
        }
    }

    private static let arrayLength: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let parser = try parser()
        return try arguments.collect(Int64.self, &context) { row in
            guard let text = texts.row(row), let element = root(text, parser),
                element.kind == .array
            else { return nil }
            return count(element)
        }
    }

    private static let arrayGet: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let indices = try arguments.reader(1, as: Int64.self, context)
        let parser = try parser()
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let text = texts.row(row), let index = indices.row(row),
                let element = root(text, parser), element.kind == .array
            else { return false }
            let position = index < 0 ? count(element) &+ index : index
            guard position >= 0, position < Int64(Int32.max),
                let found = element[Int(position)], !found.isNull
            else { return false }
            try output.write(found.jsonText())
            return true
        }
    }

    private static func contains<A: RowArgument>(
        _ type: A.Type, _ matches: @escaping @Sendable (JSONElement, A) -> Bool
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let texts = try arguments.reader(0, as: Bytes.self, context)
            let wanted = try arguments.reader(1, as: A.self, context)
            let parser = try parser()
            return try arguments.collect(Bool.self, &context) { row in
                guard let text = texts.row(row), let value = wanted.row(row),
                    let element = root(text, parser), element.kind == .array
                else { return nil }
                var elements = element.elements
                while let next = elements.next() {
                    if matches(next, value) { return true }
                }
                return false
            }
        }
    }

    private static let isScalar: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let parser = try parser()
        return try arguments.collect(Bool.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row) else { return nil }
            guard let element = root(text, parser) else {
                throw .argument("Invalid JSON value: \(text.message)")
            }
            return element.kind != .array && element.kind != .object
        }
    }
}
