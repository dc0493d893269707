import Columnar
import Testing

@testable import Query

@Suite("Binder")
struct BinderTests {
    private func type(_ expression: String) throws -> String {
        let bound = try Planning.bind("select \(expression) from posts, numbers")
        return "\(bound.outputs[0].type)"
    }

    @Test(arguments: [
        ("1", "integer"), ("2147483648", "bigint"), ("-2147483648", "integer"),
        ("-9223372036854775808", "bigint"), ("1.10", "decimal(3,2)"), (".5", "decimal(1,1)"),
        ("0.5", "decimal(1,1)"), ("1e0", "double"), ("'äö'", "varchar(2)"), ("null", "unknown"),
        ("X'00'", "varbinary"), ("timestamp '2020-01-01 00:00:00.123456'", "timestamp(6)"),
        ("timestamp '2020-01-01 00:00 UTC'", "timestamp(0) with time zone"),
        ("time '12:00:00.1'", "time(1)"), ("decimal '12.5'", "decimal(3,1)"),
        ("interval '1' day", "interval day to second"),
        ("interval '1-2' year to month", "interval year to month"),
        ("price + price", "decimal(11,2)"), ("price * price", "decimal(20,4)"),
        ("price / decimal '3'", "decimal(10,2)"), ("decimal '1' / decimal '3'", "decimal(1,0)"),
        ("price % likes", "decimal(10,2)"), ("price + 1", "decimal(13,2)"),
        ("price + score", "double"), ("likes + id", "bigint"), ("t + m", "integer"),
        ("likes / 2", "integer"), ("sum(price)", "decimal(10,2)"), ("avg(likes)", "double"),
        ("coalesce(likes, id)", "bigint"), ("case when true then 'a' else 'bcd' end", "varchar(3)"),
        ("array[1, 2.5]", "array(decimal(11,1))"), ("row(1, 'a')", "row(integer, varchar(1))"),
        ("caption || 'x'", "varchar"), ("day + interval '1' day", "date"),
        ("transform(tags, x -> length(x))", "array(bigint)"),
        ("reduce(tags, 0, (s, x) -> s + length(x), s -> s * 1e0)", "double"),
        ("cast(null as decimal(10, 2))", "decimal(10,2)"),
        ("cast(tags as array(varchar(3)))", "array(varchar(3))"),
        ("notes[1].likes", "bigint"), ("if(true, 1, 2e0)", "double"),
        ("try_cast(caption as timestamp(6) with time zone)", "timestamp(6) with time zone"),
    ])
    func types(expression: String, expected: String) throws {
        #expect(try type(expression) == expected)
    }

    @Test func namesOfOutputs() throws {
        let bound = try Planning.bind(
            "select LIKES, likes as \"My Likes\", 1, owner.Username, (select 1), t.* "
                + "from posts, (values (1, 2)) as t (Aa, b)")
        #expect(
            bound.outputs.map(\.name)
                == ["likes", "My Likes", "_col2", "Username", "_col4", "Aa", "b"])
    }

    /// Texts that would double at every level are refused before they fill the memory.
    @Test(arguments: [
        String(repeating: "(", count: 150) + "true"
            + String(repeating: " between false and true)", count: 150),
        String(repeating: "nullif(", count: 150) + "1" + String(repeating: ", 2)", count: 150),
        String(repeating: "case ", count: 60) + "1"
            + String(repeating: " when 1 then 1 when 2 then 2 end", count: 60),
    ])
    func copiesAreCounted(expression: String) {
        let error = #expect(throws: QueryError.self) { try Planning.bind("select " + expression) }
        #expect(error?.message == "The statement expands to more than 1000000 expressions")
    }

    @Test func usesOfCommonTablesAreCounted() {
        var sql = "with a0 as (select count(*) as c from numbers)"
        for level in 1...60 {
            sql += ", a\(level) as (select count(*) c from a\(level - 1) x, a\(level - 1) y)"
        }
        let error = #expect(throws: QueryError.self) {
            try Planning.bind(sql + " select * from a60")
        }
        #expect(error?.message == "The statement expands to more than 10000 operators")
    }

    @Test func lambdaBindingsAreCounted() {
        let level = "reduce(array[length('a')], 0, (s, x) -> s + x + "
        let sql =
            "select " + String(repeating: level, count: 40) + "1"
            + String(repeating: ", s -> s)", count: 40)
        let error = #expect(throws: QueryError.self) { try Planning.bind(sql) }
        #expect(error?.message == "The statement expands to more than 10000 lambdas")
    }

    @Test func pushedConditionsStaySmall() throws {
        var sql = "select n from numbers"
        for _ in 0..<60 { sql = "select n + n as n from (\(sql))" }
        let bound = try Planning.bind("select * from (\(sql)) where n > 1")
        #expect(PlanPrinter.text(Planning.optimizer.optimize(bound.plan)).utf8.count < 20_000)
    }

    @Test func manyAlternativesStayFast() throws {
        let terms = (0..<10_000).map { "n = \($0)" }.joined(separator: " or ")
        let bound = try Planning.bind("select n from numbers where \(terms) or m = 1")
        _ = Planning.optimizer.optimize(bound.plan)
    }
}
