import Columnar

/// regexp_replace with a template (`$1`, `${name}`) or a lambda over the groups.
enum RegexReplace {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "regexp_replace", summary: "Text with the matches of a pattern removed or replaced",
            [
                ScalarOverload([.varchar, .varchar], result: .text, kernel: replace),
                ScalarOverload([.varchar, .varchar, .varchar], result: .text, kernel: replace),
                ScalarOverload(
                    [.varchar, .varchar, .function([.array(.varchar)], .varchar)], result: .text,
                    kernel: replaceByLambda),
            ])
    ]

    /// A piece of a replacement.
    private enum Piece {
        case literal([UInt8])
        case group(Int)
    }

    /// Java's rules: `\x` is x, `$n` takes digits while such a group exists, `${name}` a named group.
    private static func template(
        _ text: Bytes, _ matcher: Regex.Matcher
    ) throws(QueryError) -> [Piece] {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var at = 0
        while at < text.count {
            let byte = text[at]
            at += 1
            if byte == UInt8(ascii: "\\") {
                guard at < text.count else {
                    throw .argument("character to be escaped is missing")
                }
                literal.append(text[at])
                at += 1
            } else if byte == UInt8(ascii: "$") {
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = []
                pieces.append(.group(try group(text, &at, matcher)))
            } else {
                literal.append(byte)
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }

    private static func group(
        _ text: Bytes, _ at: inout Int, _ matcher: Regex.Matcher
    ) throws(QueryError) -> Int {
        guard at < text.count else {
            throw .argument("Illegal group reference: group index is missing")
        }
        if text[at] == UInt8(ascii: "{") {
            var name: [UInt8] = []
            at += 1
            while at < text.count, text[at] != UInt8(ascii: "}") {
                name.append(text[at])
                at += 1
            }
            guard at < text.count else {
                throw .argument("named capturing group is missing trailing '}'")
            }
            at += 1
            guard let number = matcher.group(named: name) else {
                throw .argument("No group with name {\(String(decoding: name, as: UTF8.self))}")
            }
            return number
        }
        guard (0x30...0x39).contains(text[at]) else {
            throw .argument("Illegal group reference")
        }
        var number = Int(text[at] - 0x30)
        at += 1
        guard number <= matcher.groupCount else { throw .argument("No group \(number)") }
        while at < text.count, (0x30...0x39).contains(text[at]) {
            let longer = number * 10 + Int(text[at] - 0x30)
            guard longer <= matcher.groupCount else { break }
            number = longer
            at += 1
        }
        return number
    }

    private static let replace: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        let news =
            arguments.columns.count > 2 ? try arguments.reader(2, as: Bytes.self, context) : nil
        var cursor = RegexCursor()
        var local = context
        defer { context.memo = local.memo }
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let text = texts.row(row), let pattern = patterns.row(row),
                let new = news == nil ? Bytes(start: nil, count: 0) : news?.row(row)
            else { return false }
            let matcher = try cursor.matcher(pattern, &local)
            var pieces: [Piece]?
            var from = 0
            try matcher.forEach(text) { (matcher, match) throws(QueryError) in
                if pieces == nil { pieces = try template(new, matcher) }
                try output.write(text.part(from..<match.lowerBound))
                for piece in pieces ?? [] {
                    switch piece {
                    case .literal(let bytes): try output.write(bytes)
                    case .group(let number):
                        if let range = matcher.range(number) { try output.write(text.part(range)) }
                    }
                }
                try output.checkValueLimit()
                from = match.upperBound
                return true
            }
            try output.write(text.part(from..<text.count))
            return true
        }
    }

    /// All matches of the batch become one array column of groups; the lambda runs over it once.
    private static let replaceByLambda: ScalarKernel = { (arguments, context) throws(QueryError) in
        guard let lambda = arguments.lambdas[2] else {
            throw QueryError(.internalError, "regexp_replace without its lambda")
        }
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        var cursor = RegexCursor()
        var local = context
        var matches: [(row: Int, range: Range<Int>)] = []
        var groups = try TextListOutput(texts, pool: context.pool, capacity: arguments.count)
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        for row in 0..<arguments.count where filter.contains(row) {
            guard let entry = texts.view.entry(row), let pattern = patterns.row(row) else {
                continue
            }
            let text = texts.value(entry: entry)
            do throws(QueryError) {
                try cursor.matcher(pattern, &local).forEach(text) {
                    (matcher, match) throws(QueryError) in
                    groups.begin(entry)
                    for group in 1..<(matcher.groupCount + 1) {
                        try groups.append(matcher.range(group))
                    }
                    try groups.endList()
                    matches.append((row, match))
                    return true
                }
            } catch { try context.deferError(error, row: row) }
        }
        context.memo = local.memo
        let parents = try ListElements.parentRows(matches.map(\.row), pool: context.pool)
        let replaced = try lambda.evaluate(
            parameters: [try groups.finish()], parentRows: parents, count: matches.count,
            context: &context)
        let pieces = TextReader(try ColumnView(replaced, pool: context.pool))
        var next = 0
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            while next < matches.count, matches[next].row < row { next += 1 }
            guard let text = texts.row(row), patterns.row(row) != nil else { return false }
            var from = 0
            while next < matches.count, matches[next].row == row {
                try output.write(text.part(from..<matches[next].range.lowerBound))
                if let piece = pieces.row(next) { try output.write(piece) }
                try output.checkValueLimit()
                from = matches[next].range.upperBound
                next += 1
            }
            try output.write(text.part(from..<text.count))
            return true
        }
    }
}
