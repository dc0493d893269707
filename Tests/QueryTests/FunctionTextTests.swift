import Columnar
import Testing

@testable import Query

/// Text functions against Trino's documented and coded behaviour.
@Suite struct FunctionTextTests {
    private func text(_ name: String, _ arguments: Any?...) throws -> Value {
        try FunctionProbe.call(name, arguments.map(Self.argument))
    }

    private static func argument(_ value: Any?) -> (Value, DataType) {
        switch value {
        case let text as String: (.text(text), .text)
        case let int as Int: (.int(Int64(int)), .bigint)
        case let double as Double: (.double(double), .double)
        default: (.null, .text)
        }
    }

    @Test func substrCountsCodePointsFromBothEnds() throws {
        #expect(try text("substr", "héllo", 2) == .text("éllo"))
        #expect(try text("substr", "héllo", 2, 2) == .text("él"))
        #expect(try text("substr", "héllo", -2) == .text("lo"))
        #expect(try text("substr", "héllo", -4, 2) == .text("él"))
        #expect(try text("substr", "héllo", 0) == .text(""))
        #expect(try text("substr", "héllo", -9) == .text(""))
        #expect(try text("substr", "héllo", 9) == .text(""))
        #expect(try text("substr", "héllo", 1, Int.max) == .text("héllo"))
        #expect(try text("substr", "héllo", Int.min, 3) == .text(""))
    }

    @Test func positionsAreOneBasedCodePoints() throws {
        #expect(try text("strpos", "größe", "ße") == .int(4))
        #expect(try text("strpos", "abc", "x") == .int(0))
        #expect(try text("strpos", "abc", "") == .int(1))
        #expect(try text("strpos", "abcabc", "b", 2) == .int(5))
        #expect(try text("strpos", "abcabc", "b", -1) == .int(5))
        #expect(
            throws: QueryError(
                .invalidFunctionArgument, "'instance' must be a positive or negative number.")
        ) { try text("strpos", "abc", "b", 0) }
    }

    @Test func splitPartGivesNullPastTheEnd() throws {
        #expect(try text("split_part", "a,b,c", ",", 2) == .text("b"))
        #expect(try text("split_part", "a,b,c", ",", 4) == .null)
        #expect(try text("split_part", "a,b,", ",", 3) == .text(""))
        #expect(
            throws: QueryError(
                .invalidFunctionArgument, "Index must be greater than zero")
        ) { try text("split_part", "a", ",", 0) }
    }

    @Test func replaceOfNothingGoesBetweenCharacters() throws {
        #expect(try text("replace", "high", "ig", "f") == .text("hfh"))
        #expect(try text("replace", "ab", "", "-") == .text("-a-b-"))
        #expect(try text("replace", "aXbX", "X") == .text("ab"))
    }

    @Test func paddingCutsAndFills() throws {
        #expect(try text("lpad", "text", 10, "yY") == .text("yYyYyYtext"))
        #expect(try text("lpad", "text", 3, "y") == .text("tex"))
        #expect(try text("rpad", "ü", 4, "xyz") == .text("üxyz"))
        #expect(
            throws: QueryError(
                .invalidFunctionArgument, "Padding string must not be empty")
        ) { try text("lpad", "abc", 9, "") }
        #expect(
            throws: QueryError(
                .invalidFunctionArgument, "Target length must be in the range [0..2147483647]")
        ) { try text("lpad", "abc", -1, "x") }
        #expect(throws: QueryError.self) { try text("lpad", "abc", 2_147_483_647, "x") }
    }

    @Test func caseMapsCodePointByCodePoint() throws {
        #expect(try text("upper", "straße é") == .text("STRAßE É"))
        #expect(try text("lower", "ÀB") == .text("àb"))
        #expect(try text("reverse", "añb") == .text("bña"))
        #expect(try text("length", "añb") == .int(3))
    }

    @Test func trimTakesSpacesOrGivenCharacters() throws {
        #expect(try text("trim", " \t a \n") == .text("a"))
        #expect(try text("ltrim", "xxaxx", "x") == .text("axx"))
        #expect(try text("rtrim", "xxaxx", "x") == .text("xxa"))
        #expect(try text("trim", "   ") == .text(""))
    }

    @Test func concatIsNullIfAnyIsAndConcatWsSkips() throws {
        #expect(try text("concat", "a", nil) == .null)
        #expect(try text("concat", "a", "b", "c") == .text("abc"))
        #expect(try text("concat_ws", ",", "a", nil, "c") == .text("a,c"))
        #expect(try text("concat_ws", nil, "a", "b") == .null)
        #expect(try text("translate", "abcd", "abc", "xy") == .text("xyd"))
    }
}
