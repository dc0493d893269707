import Columnar

/// regexp_like, regexp_extract, regexp_extract_all, regexp_count, regexp_position, regexp_split.
enum RegexFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "regexp_like", summary: "Whether a pattern occurs in a text",
            [ScalarOverload([.varchar, .varchar], result: .boolean, kernel: like)]),
        ScalarFunction(
            "regexp_extract", summary: "First match of a pattern, or one of its groups",
            [
                ScalarOverload([.varchar, .varchar], result: .first, kernel: extract),
                ScalarOverload([.varchar, .varchar, .bigint], result: .first, kernel: extract),
            ]),
        ScalarFunction(
            "regexp_extract_all", summary: "All matches of a pattern, or of one of its groups",
            [
                ScalarOverload([.varchar, .varchar], result: arrayOfFirst, kernel: extractAll),
                ScalarOverload(
                    [.varchar, .varchar, .bigint], result: arrayOfFirst, kernel: extractAll),
            ]),
        ScalarFunction(
            "regexp_count", summary: "Number of matches of a pattern",
            [ScalarOverload([.varchar, .varchar], result: .bigint, kernel: count)]),
        ScalarFunction(
            "regexp_position", summary: "Position of the n-th match of a pattern, -1 if absent",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .exact(.integer), kernel: position),
                ScalarOverload(
                    [.varchar, .varchar, .bigint], result: .exact(.integer), kernel: position),
                ScalarOverload(
                    [.varchar, .varchar, .bigint, .bigint], result: .exact(.integer),
                    kernel: position),
            ]),
        ScalarFunction(
            "regexp_split", summary: "Parts of a text between the matches of a pattern",
            [ScalarOverload([.varchar, .varchar], result: arrayOfFirst, kernel: split)]),
    ]

    private static let arrayOfFirst = ResultRule.computed { .array($0[0]) }

    private static let like: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        var cursor = RegexCursor()
        var local = context
        defer { context.memo = local.memo }
        return try arguments.collect(Bool.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row), let pattern = patterns.row(row) else { return nil }
            return try cursor.matcher(pattern, &local).find(text)
        }
    }

    private static let count: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        var cursor = RegexCursor()
        var local = context
        defer { context.memo = local.memo }
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row), let pattern = patterns.row(row) else { return nil }
            var total: Int64 = 0
            try cursor.matcher(pattern, &local).forEach(text) { (_, _) throws(QueryError) in
                total += 1
                return true
            }
            return total
        }
    }

    /// The group argument of a row, checked against the pattern.
    private static func group(
        _ groups: IntReader?, _ row: Int, _ matcher: Regex.Matcher, count: Int
    ) throws(QueryError) -> Int? {
        guard let groups else { return 0 }
        guard let group = groups.row(row) else { return nil }
        guard group >= 0 else { throw .argument("Group cannot be negative") }
        guard group <= Int64(count) else {
            throw .argument("Pattern has \(count) groups. Cannot access group \(group)")
        }
        return Int(group)
    }

    private static let extract: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        let groups =
            arguments.columns.count > 2 ? try arguments.reader(2, as: Int64.self, context) : nil
        var cursor = RegexCursor()
        var local = context
        defer { context.memo = local.memo }
        return try arguments.collectSlices(of: texts, &context) { (row, text) throws(QueryError) in
            guard let pattern = patterns.row(row) else { return nil }
            let matcher = try cursor.matcher(pattern, &local)
            guard let group = try group(groups, row, matcher, count: matcher.groupCount),
                try matcher.find(text)
            else { return nil }
            return matcher.range(group)
        }
    }

    private static let extractAll: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        let groups =
            arguments.columns.count > 2 ? try arguments.reader(2, as: Int64.self, context) : nil
        var cursor = RegexCursor()
        var local = context
        defer { context.memo = local.memo }
        return try arguments.collectTextLists(of: texts, &context) {
            (row, text, output) throws(QueryError) in
            guard let pattern = patterns.row(row) else { return false }
            let matcher = try cursor.matcher(pattern, &local)
            guard let group = try group(groups, row, matcher, count: matcher.groupCount) else {
                return false
            }
            try matcher.forEach(text) { (matcher, _) throws(QueryError) in
                try output.append(matcher.range(group))
                return true
            }
            return true
        }
    }

    private static let split: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        var cursor = RegexCursor()
        var local = context
        defer { context.memo = local.memo }
        return try arguments.collectTextLists(of: texts, &context) {
            (row, text, output) throws(QueryError) in
            guard let pattern = patterns.row(row) else { return false }
            var from = 0
            try cursor.matcher(pattern, &local).forEach(text) { (_, match) throws(QueryError) in
                try output.append(from..<match.lowerBound)
                from = match.upperBound
                return true
            }
            try output.append(from..<text.count)
            return true
        }
    }

    private static let position: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let patterns = try arguments.reader(1, as: Bytes.self, context)
        let columns = arguments.columns.count
        let starts = columns > 2 ? try arguments.reader(2, as: Int64.self, context) : nil
        let occurrences = columns > 3 ? try arguments.reader(3, as: Int64.self, context) : nil
        var cursor = RegexCursor()
        var local = context
        defer { context.memo = local.memo }
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row), let pattern = patterns.row(row),
                let start = starts == nil ? 1 : starts?.row(row),
                let wanted = occurrences == nil ? 1 : occurrences?.row(row)
            else { return nil }
            guard start >= 1 else { throw .argument("start position cannot be smaller than 1") }
            guard wanted >= 1 else { throw .argument("occurrence cannot be smaller than 1") }
            guard start - 1 <= Int64(text.count), let from = text.offset(skipping: Int(start - 1))
            else { return -1 }
            var left = wanted
            var found: Int64 = -1
            let rest = text.part(from..<text.count)
            try cursor.matcher(pattern, &local).forEach(rest) { (_, match) throws(QueryError) in
                left -= 1
                guard left == 0 else { return true }
                let skipped = text.part(0..<from + match.lowerBound).codePointCount
                found = Int64(skipped) + 1
                return false
            }
            return found
        }
    }
}
