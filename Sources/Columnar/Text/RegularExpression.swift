import CPCRE2

/// One compiled regular expression: PCRE2 with JIT, over UTF-8, in Perl's spelling.
///
/// Compiled code is shared by threads; each matches with a `Matcher` of its own. Source: pcre2api(3),
/// pcre2jit(3).
package final class RegularExpression: @unchecked Sendable {
    /// PCRE2's words: why a pattern does not compile, and at which byte, or why a match was given up.
    package struct Failure: Error, Hashable {
        package let reason: String
        package let offset: Int?
    }

    // The code block is immutable after compilation, so threads may share it.
    private let code: OpaquePointer
    package let groupCount: Int

    /// Bounds of one match, so that no pattern can run for ever.
    private static let matchLimit: UInt32 = 50_000_000

    package init(_ pattern: UnsafeRawBufferPointer) throws(Failure) {
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
            throw Failure(reason: Self.message(errorCode), offset: errorOffset)
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
    package func group(named name: [UInt8]) -> Int? {
        let number = pcre2_substring_number_from_name_8(code, name + [0])
        return number > 0 ? Int(number) : nil
    }

    /// The matches of one text after another; one matcher serves one thread.
    package final class Matcher {
        private let code: OpaquePointer
        private let data: OpaquePointer
        private let context: OpaquePointer
        /// Grows on demand; the 32 KiB of the machine stack are too few for long texts.
        private let stack: OpaquePointer?
        package let expression: RegularExpression

        /// nil: no memory.
        package init?(_ expression: RegularExpression) {
            self.expression = expression
            code = expression.code
            guard let data = pcre2_match_data_create_from_pattern_8(expression.code, nil) else {
                return nil
            }
            guard let context = pcre2_match_context_create_8(nil) else {
                pcre2_match_data_free_8(data)
                return nil
            }
            self.data = data
            self.context = context
            stack = pcre2_jit_stack_create_8(32 << 10, 32 << 20, nil)
            pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
            pcre2_set_match_limit_8(context, RegularExpression.matchLimit)
        }

        deinit {
            pcre2_match_data_free_8(data)
            pcre2_match_context_free_8(context)
            pcre2_jit_stack_free_8(stack)
        }

        /// Whether there is a match at or after `start`; `range` then tells where.
        package func find(
            _ text: UnsafeRawBufferPointer, from start: Int = 0
        ) throws(Failure) -> Bool {
            let empty: StaticString = ""
            let base = text.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty.utf8Start
            let result = pcre2_match_8(code, base, text.count, start, 0, data, context)
            if result >= 0 { return true }
            if result == PCRE2_ERROR_NOMATCH { return false }
            throw Failure(reason: RegularExpression.message(result), offset: nil)
        }

        /// The bytes of a group of the last match; nil when the group took no part.
        package func range(_ group: Int = 0) -> Range<Int>? {
            guard let vector = pcre2_get_ovector_pointer_8(data),
                group < Int(pcre2_get_ovector_count_8(data))
            else { return nil }
            let (start, end) = (vector[group * 2], vector[group * 2 + 1])
            guard start != Int.max, end != Int.max, start >= 0, start <= end else { return nil }
            return start..<end
        }
    }
}
