import CPCRE2
import Columnar

/// One compiled regular expression: PCRE2 with JIT, over UTF-8, in Java's spelling where they differ.
///
/// Trino takes Java patterns; PCRE2 takes Perl's. They agree but for possessive corner cases, character
/// class set operations (`[a-z&&[^x]]`), which are refused, and `\Z`. Source: pcre2api(3), pcre2jit(3).
final class Regex: @unchecked Sendable {
    // The code block is immutable after compilation, so threads may share it.
    private let code: OpaquePointer
    let groupCount: Int

    /// Bounds of one match, so that no pattern can run for ever.
    private static let matchLimit: UInt32 = 50_000_000

    /// Throws INVALID_FUNCTION_ARGUMENT for a pattern that does not compile.
    init(_ pattern: Bytes) throws(QueryError) {
        var errorCode: Int32 = 0
        var errorOffset = 0
        let options =
            UInt32(PCRE2_UTF) | UInt32(PCRE2_MATCH_INVALID_UTF) | UInt32(PCRE2_DUPNAMES)
        let empty: [UInt8] = [0]
        let compiled = empty.withUnsafeBufferPointer { none in
            pcre2_compile_8(
                pattern.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? none.baseAddress,
                pattern.count, options, &errorCode, &errorOffset, nil)
        }
        guard let compiled else {
            throw .argument(
                "Invalid regular expression '\(pattern.message)': "
                    + "\(Self.message(errorCode)) at offset \(errorOffset)")
        }
        code = compiled
        pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
        var groups: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &groups)
        groupCount = Int(groups)
    }

    deinit { pcre2_code_free_8(code) }

    private static func message(_ errorCode: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(errorCode, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
    }

    /// The number of a named group.
    func group(named name: [UInt8]) -> Int? {
        let number = pcre2_substring_number_from_name_8(code, name + [0])
        return number > 0 ? Int(number) : nil
    }

    /// The matches of one text after another; one matcher serves one thread.
    final class Matcher {
        private let regex: Regex
        private let data: OpaquePointer
        private let context: OpaquePointer
        /// Grows on demand; the 32 KiB of the machine stack are too few for long texts.
        private let stack: OpaquePointer?

        init(_ regex: Regex) throws(QueryError) {
            self.regex = regex
            guard let data = pcre2_match_data_create_from_pattern_8(regex.code, nil),
                let context = pcre2_match_context_create_8(nil)
            else { throw QueryError(.exceededFunctionMemory, "No memory for a regular expression") }
            self.data = data
            self.context = context
            stack = pcre2_jit_stack_create_8(32 << 10, 32 << 20, nil)
            pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
            pcre2_set_match_limit_8(context, Regex.matchLimit)
        }

        deinit {
            pcre2_match_data_free_8(data)
            pcre2_match_context_free_8(context)
            pcre2_jit_stack_free_8(stack)
        }

        var groupCount: Int { regex.groupCount }

        func group(named name: [UInt8]) -> Int? { regex.group(named: name) }

        /// Whether there is a match at or after `start`; `range` then tells where.
        func find(_ text: Bytes, from start: Int = 0) throws(QueryError) -> Bool {
            let empty: StaticString = ""
            let base = text.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty.utf8Start
            let result = pcre2_match_8(regex.code, base, text.count, start, 0, data, context)
            if result >= 0 { return true }
            if result == PCRE2_ERROR_NOMATCH { return false }
            throw .argument("Regular expression failed: \(Regex.message(result))")
        }

        /// The bytes of a group of the last match; nil when the group took no part.
        func range(_ group: Int = 0) -> Range<Int>? {
            guard let vector = pcre2_get_ovector_pointer_8(data),
                group < Int(pcre2_get_ovector_count_8(data))
            else { return nil }
            let (start, end) = (vector[group * 2], vector[group * 2 + 1])
            guard start != Int.max, end != Int.max, start >= 0, start <= end else { return nil }
            return start..<end
        }

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
