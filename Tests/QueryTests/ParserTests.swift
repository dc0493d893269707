import Columnar
import Testing

@testable import Query

@Suite("Parser")
struct ParserTests {
    /// The first select expression of a query in Trino's spelling.
    private func expression(_ sql: String) throws -> String {
        guard case .query(let query) = try Parser.parse("select \(sql)"),
            case .select(let select) = query.body,
            case .expression(let expression, _) = select.items[0]
        else { return "" }
        return ExpressionText.of(expression)
    }

    @Test(arguments: [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("a || b + 1", "concat(a, (b + 1))"),
        ("- a * b", "(-a * b)"),
        ("not a = b and c or d", "(((NOT (a = b)) AND c) OR d)"),
        ("a and b and c or d or e", "((a AND b AND c) OR d OR e)"),
        ("a between 1 and 2 and b", "((a BETWEEN 1 AND 2) AND b)"),
        ("a not in (1, 2)", "(a NOT IN (1, 2))"),
        ("a in (select 1)", "(a IN (<subquery>))"),
        ("a not like 'x%' escape '\\'", "(a NOT LIKE 'x%' ESCAPE '\\')"),
        ("a is not distinct from b", "(a IS NOT DISTINCT FROM b)"),
        ("a is not true", "(a IS NOT TRUE)"),
        ("a <= all (select 1)", "(a <= ALL (<subquery>))"),
        ("-a at time zone 'UTC'", "-a AT TIME ZONE 'UTC'"),
        ("a.b.c[1].d", "a.b.c[1].d"),
        ("case a when 1 then 'x' else 'y' end", "(CASE a WHEN 1 THEN 'x' ELSE 'y' END)"),
        ("cast(a as row(x bigint, varchar(3)))", "CAST(a AS row(x bigint, varchar(3)))"),
        (
            "try_cast(a as timestamp(6) with time zone)",
            "TRY_CAST(a AS timestamp with time zone(6))"
        ),
        ("cast(a as double precision)", "CAST(a AS double)"),
        ("cast(a as array(map(varchar, double)))", "CAST(a AS array(map(varchar, double)))"),
        ("cast(a as interval day to second)", "CAST(a AS interval day to second)"),
        ("date '2020-01-01' + interval '1' day", "(DATE '2020-01-01' + INTERVAL '1' DAY)"),
        ("interval -'1-2' year to month", "INTERVAL - '1-2' YEAR TO MONTH"),
        ("extract(year from a)", "EXTRACT(YEAR FROM a)"),
        ("position('a' in b)", "strpos(b, 'a')"),
        ("substring(a from 2 for 3)", "substring(a, 2, 3)"),
        ("trim(both 'x' from a)", "trim(a, 'x')"),
        ("trim(leading from a)", "ltrim(a)"),
        ("trim(trailing 'x' from a)", "rtrim(a, 'x')"),
        ("trim(a)", "trim(a)"),
        ("transform(a, x -> x + 1)", "transform(a, (x) -> (x + 1))"),
        ("reduce(a, 0, (s, x) -> s + x, s -> s)", "reduce(a, 0, (s, x) -> (s + x), (s) -> s)"),
        ("count(distinct a) filter (where b)", "count(DISTINCT a) FILTER (WHERE b)"),
        ("count(*)", "count(*)"),
        ("array_agg(a order by b desc)", "array_agg(a ORDER BY b)"),
        ("sum(a) over (partition by b order by c)", "sum(a) OVER (PARTITION BY b ORDER BY c)"),
        ("lag(a) ignore nulls over w", "lag(a) IGNORE NULLS OVER w"),
        ("listagg(a, ',') within group (order by b)", "listagg(a, ',' ORDER BY b)"),
        ("(1, 'a')", "ROW (1, 'a')"),
        ("array[1, 2][1]", "ARRAY[1,2][1]"),
        ("U&'\\2603 d!002' uescape '!'", "'\\2603 d!002'"),
        ("u&'\\2603'", "'☃'"),
        (".5 + 1. + 1e0", "((DECIMAL '.5' + DECIMAL '1.') + 1e0)"),
        ("((select 1) + 1)", "((<subquery>) + 1)"),
        ("((select 1) union (select 2))", "(<subquery>)"),
        ("current_timestamp(3)", "CURRENT_TIMESTAMP(3)"),
        ("\"a \"\"b\"\"\" /* c */ -- d", "\"a \"b\"\""),
    ])
    func spelling(sql: String, expected: String) throws {
        if sql.contains("!002'") {
            #expect(throws: QueryError.self) { try expression(sql) }
            return
        }
        #expect(try expression(sql) == expected)
    }

    @Test(arguments: [
        "select 1;",
        "select all a, b.*, b.c as \"D\" from t as b",
        "select * from a, b cross join c natural left join d join e using (x, y)",
        "select * from a join b join c on p on q",
        "select * from a left join unnest(b, c) with ordinality as t (x, y, n) on true",
        "select * from (select 1) as t (a), ((select 2) union all (select 3)) u, (a join b on c)",
        "with a (x) as (select 1), b as (table a) select * from b",
        "values (1, 'a'), (2, 'b')",
        "values 1, 2 order by 1 limit 1",
        "table t limit all",
        "select a from t group by 1, (a, b), () having count(*) > 1",
        "select rank() over w from t window w as (partition by a order by b rows 2 preceding)",
        "select sum(a) over (order by b range between interval '1' day preceding and current row)",
        "select 1 union select 2 intersect all select 3 except distinct select 4 order by 1",
        "select 1 offset 2 rows fetch first 3 rows only",
        "select 1 limit 3 offset 2",
        "select limit from t limit limit 5",
        "explain select 1", "explain analyze verbose select 1",
        "explain (type logical, format text) select 1",
        "explain (select 1)",
        "show tables", "show tables from s like 'a%'", "show columns from a.b.c", "describe t",
        "show functions", "show schemas", "show catalogs",
        "select date, day, year, first, rows, if(a, b) from \"order\"",
        "select decimal '1.5', bigint '2', json '{}', double precision '1', X'00 fF', timestamp '2020-01-01 00:00:00'",
    ])
    func accepts(sql: String) throws {
        _ = try Parser.parse(sql)
    }

    @Test func intersectBindsTighter() throws {
        guard
            case .query(let query) = try Parser.parse("select 1 union select 2 intersect select 3"),
            case .setOperation(let outer) = query.body
        else {
            Issue.record("no set operation")
            return
        }
        #expect(outer.kind == .union)
        guard case .setOperation(let inner) = outer.right else {
            Issue.record("the right side is no set operation")
            return
        }
        #expect(inner.kind == .intersect)
    }

    @Test(arguments: [
        ("", "("), ("select ", "- "), ("select ", "not "), ("select 1", "+1"), ("select ", "("),
        ("select ", "f("), ("select ", "case when "), ("select cast(a as ", "array("),
        ("select 1", " union select 1"), ("select * from a", " join b on true"),
        ("select * from ", "(select * from "), ("select a", "[1]"), ("select a", ".b"),
        ("select ", "x -> "), ("select ", "(select "), ("select ", "array["),
        ("select 1 in ", "(("),
        ("select a", " is null"), ("select sum(a) over (order by ", "sum(a) over (order by "),
    ])
    func deepNestingIsAnError(lead: String, part: String) {
        let count = (Limits.queryBytes - lead.utf8.count) / part.utf8.count
        let error = #expect(throws: QueryError.self) {
            try Parser.parse(lead + String(repeating: part, count: count))
        }
        #expect(error?.code == .syntaxError)
        #expect(error?.message == "statement is nested deeper than 200 levels")
    }

    @Test func depthWithinTheLimitParses() throws {
        let sum = "select 1" + String(repeating: "+1", count: 190)
        _ = try Parser.parse(sum)
        let nested =
            "select " + String(repeating: "(", count: 180) + "1"
            + String(repeating: ")", count: 180)
        _ = try Parser.parse(nested)
        let many = "select a in (" + String(repeating: "1, ", count: 20_000) + "1) or b"
        _ = try Parser.parse(many + String(repeating: " or c", count: 20_000))
    }

    @Test func longTextIsRefused() {
        let error = #expect(throws: QueryError.self) {
            try Parser.parse("select '" + String(repeating: "a", count: 300_000) + "'")
        }
        #expect(error?.message.contains("exceeds the maximum length (262144)") == true)
    }
}
