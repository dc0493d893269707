import Testing

@testable import Query

/// Neither random tokens nor cut queries may trap the parser, whatever they mean.
@Suite("Parser fuzz")
struct ParserFuzzTests {
    /// SplitMix64: the same soup for the same seed.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    static let words = [
        "select", "from", "where", "group", "by", "having", "order", "limit", "offset", "with",
        "as",
        "join", "left", "natural", "cross", "on", "using", "union", "all", "except", "values",
        "table",
        "case", "when", "then", "else", "end", "cast", "try_cast", "interval", "date", "array",
        "row",
        "unnest", "ordinality", "lambda", "over", "partition", "rows", "between", "and", "or",
        "not",
        "in", "is", "null", "true", "like", "escape", "exists", "distinct", "filter", "within",
        "trim",
        "extract", "substring", "position", "listagg", "explain", "show", "describe", "a", "b", "t",
        "\"q\"", "`b`", "'s'", "u&'\\00e9'", "X'0f'", "1", "2.5", "1e3", "1x", "(", ")", "[", "]",
        ",", ".", ";", "*", "+", "-", "/", "%", "||", "=", "<>", "<", ">=", "->", "=>", "?", "::",
        "'open", "\"open", "/*", "--", "é", "☃", "\u{0}", "@", "#",
    ]

    static let queries = [
        "with a(x) as (select 1) select x, count(*) filter (where x > 1) from a join b using (x) "
            + "group by 1 having sum(x) > 2 order by 2 desc nulls first offset 1 limit 3",
        "select transform(array[1,2], (x, y) -> x + y), cast(r as row(a bigint, b varchar(2))), "
            + "interval '1' day, trim(both 'x' from u&'\\2603'), lag(a) ignore nulls over (w rows "
            + "between 1 preceding and unbounded following) from t window w as (order by b)",
        "explain (type logical) select a.b['c'], x'00', case when exists (select 1) then 1e0 end "
            + "from unnest(q) with ordinality as t(a, n) where a not between 1 and 2 or b in (1, 2)",
    ]

    @Test func tokenSoup() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("parser fuzz seed \(seed)")
        var random = Random(state: seed)
        for _ in 0..<3_000 {
            var sql = Bool.random(using: &random) ? "select " : ""
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                sql += Self.words.randomElement(using: &random) ?? ""
                if Int.random(in: 0..<4, using: &random) > 0 { sql += " " }
            }
            renderFailure(of: sql)
        }
    }

    @Test func everyPrefixAndEveryHole() {
        for query in Self.queries {
            let bytes = Array(query.utf8)
            for end in 0...bytes.count {
                renderFailure(of: String(decoding: bytes[..<end], as: UTF8.self))
            }
            for hole in 0..<bytes.count {
                var holed = bytes
                holed[hole] = UInt8(ascii: ")")
                renderFailure(of: String(decoding: holed, as: UTF8.self))
            }
        }
    }

    /// Parses; an error must point into the text and be shown in at most 120 columns.
    private func renderFailure(of sql: String) {
        do throws(QueryError) {
            _ = try Parser.parse(sql)
        } catch {
            if let range = error.range {
                #expect(range.start >= 0 && range.start <= sql.utf8.count)
            }
            let lines = SourceText(sql).render(error).split(
                separator: "\n", omittingEmptySubsequences: false)
            for line in lines.dropFirst().prefix(2) where error.range != nil {
                #expect(DisplayWidth.of(String(line)) <= 120)
            }
        }
    }
}
