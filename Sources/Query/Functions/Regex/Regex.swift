import Columnar

/// One compiled regular expression, in Java's spelling where it differs from Perl's.
///
/// Trino takes Java patterns; PCRE2 takes Perl's. They agree but for possessive corner cases, character
/// class set operations (`[a-z&&[^x]]`), which are refused, and `\Z`.
final class Regex: Sendable {
    private let expression: RegularExpression

    /// Throws INVALID_FUNCTION_ARGUMENT for a pattern that does not compile.
    init(_ pattern: Bytes) throws(QueryError) {
        do throws(RegularExpression.Failure) {
            expression = try RegularExpression(pattern)
        } catch {
            throw .argument(
                "Invalid regular expression '\(pattern.message)': "
                    + "\(error.reason) at offset \(error.offset ?? 0)")
        }
    }

    /// The matches of one text after another; one matcher serves one thread.
    final class Matcher {
        private let matcher: RegularExpression.Matcher

        init(_ regex: Regex) throws(QueryError) {
            guard let matcher = RegularExpression.Matcher(regex.expression) else {
                throw QueryError(.exceededFunctionMemory, "No memory for a regular expression")
            }
            self.matcher = matcher
        }

        var groupCount: Int { matcher.expression.groupCount }

        /// The number of a named group.
        func group(named name: [UInt8]) -> Int? { matcher.expression.group(named: name) }

        /// Whether there is a match at or after `start`; `range` then tells where.
        func find(_ text: Bytes, from start: Int = 0) throws(QueryError) -> Bool {
            do throws(RegularExpression.Failure) {
                return try matcher.find(text, from: start)
            } catch {
                throw .argument("Regular expression failed: \(error.reason)")
            }
        }

        /// The bytes of a group of the last match; nil when the group took no part.
        func range(_ group: Int = 0) -> Range<Int>? { matcher.range(group) }

        /// Calls the body for each match from left to right; an empty match moves on by one character.
        func forEach(
            _ text: Bytes, _ body: (Matcher, Range<Int>) throws(QueryError) -> Bool
        ) throws(QueryError) {
            var from = 0
            while from <= text.count {
                guard try find(text, from: from), let match = range() else { return }
                guard try body(self, match) else { return }
                if match.upperBound > match.lowerBound {
                    from = match.upperBound
                } else {
                    guard match.upperBound < text.count else { return }
                    from = text.nextCodePoint(after: match.upperBound)
                }
            }
        }
    }
}

/// Matchers by pattern: a constant pattern is compiled once per query, a varying one when it changes.
struct RegexCursor {
    private var pattern: [UInt8]?
    private var matcher: Regex.Matcher?

    /// The matcher of a pattern; compiled ones are kept in the context.
    mutating func matcher(
        _ pattern: Bytes, _ context: inout KernelContext
    ) throws(QueryError) -> Regex.Matcher {
        if let matcher, let known = self.pattern, known.elementsEqual(pattern) { return matcher }
        let text = Array(pattern)
        let key = MemoKey(kind: "regex", text: text)
        let regex: Regex
        if let known = context.memo[key] as? Regex {
            regex = known
        } else {
            regex = try Regex(pattern)
            // Patterns that come from a column would fill the memory.
            if context.memo.count < 1000 { context.memo[key] = regex }
        }
        let fresh = try Regex.Matcher(regex)
        self.pattern = text
        matcher = fresh
        return fresh
    }
}
