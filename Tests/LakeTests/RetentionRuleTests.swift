import Columnar
import Testing

@testable import Lake

/// Retention rules of schema files: what they become, and how each mistake is told.
@Suite struct RetentionRuleTests {
    private static func text(_ retention: String, partition: String = "day") -> String {
        """
        {"table": "t", "raw": {"path": "t/{user}/{k}.json"},
        "partition": {"column": "ts", "transform": "\(partition)"},
        "retention": \(retention),
        "columns": [
        {"name": "k", "type": "varchar", "class": "key"},
        {"name": "ts", "type": "timestamp(6)"},
        {"name": "user_id", "type": "bigint"},
        {"name": "kind", "type": "varchar(5)"},
        {"name": "url", "type": "varchar", "class": "volatile"},
        {"name": "score", "type": "double"}
        ]}
        """
    }

    private static func rules(_ retention: String) throws -> [RetentionRule] {
        try TableDefinition.parse(Array(text(retention).utf8), path: "t.json").retention
    }

    @Test func aListOfStepsHasNumbers() throws {
        let rules = try Self.rules(
            """
            [{"after_days": 0, "transition": "GLACIER_IR"},
             {"after_days": 180, "transition": "GLACIER"},
             {"id": "gone", "status": "disabled", "on_date": "2030-01-31", "expire": true}]
            """)
        #expect(rules.map(\.id) == ["rule-1", "rule-2", "gone"])
        #expect(rules.map(\.isEnabled) == [true, true, false])
        #expect(rules.map(\.due) == [.afterDays(0), .afterDays(180), .onDay(21_945)])
        #expect(
            rules.map(\.action) == [.transition(.glacierIR), .transition(.glacier), .expire])
        #expect(rules.allSatisfy { $0.filter == RetentionRule.Filter() })
    }

    @Test func stepsShareTheirRulesFilter() throws {
        let rules = try Self.rules(
            """
            [{"id": "stories", "status": "enabled",
              "where": {"kind": ["a", "b"], "user_id": 17841400000000001},
              "from": "2020-01-01", "until": "2020-12-31",
              "larger_than_bytes": 10, "smaller_than_bytes": 12,
              "steps": [{"after_days": 180, "transition": "GLACIER"},
                {"after_days": 730, "transition": "DEEP_ARCHIVE"},
                {"after_days": 3650, "expire": true}]},
             {"steps": [{"after_days": 9000, "expire": true}]}]
            """)
        #expect(rules.map(\.id) == ["stories/1", "stories/2", "stories/3", "rule-2"])
        var filter = RetentionRule.Filter()
        filter.conditions = [
            .init(column: 3, values: [.text("a"), .text("b")]),
            .init(column: 2, values: [.int(17_841_400_000_000_001)]),
        ]
        filter.firstDay = 18_262
        filter.lastDay = 18_627
        filter.largerThanBytes = 10
        filter.smallerThanBytes = 12
        #expect(rules.prefix(3).allSatisfy { $0.filter == filter })
        #expect(rules[3].filter == RetentionRule.Filter())
    }

    @Test(arguments: [
        (#"{"after_days": 1}"#, "column 15: a retention rule either transitions or expires"),
        (
            #"{"after_days": 1, "expire": true, "transition": "GLACIER"}"#,
            "a retention rule either transitions or expires"
        ),
        (#"{"expire": true}"#, "a retention rule is due after days or on a date"),
        (
            #"{"expire": true, "after_days": 1, "on_date": "2030-01-01"}"#,
            "a retention rule is due after days or on a date"
        ),
        (#"{"after_days": -1, "expire": true}"#, "\"after_days\" must be an integer in 0...100000"),
        (
            #"{"on_date": "2030-02-30", "expire": true}"#,
            "column 27: \"2030-02-30\" is no date; write it like \"2026-01-31\""
        ),
        (
            #"{"after_days": 1, "transition": "GLACIAR"}"#,
            "there is no transition \"GLACIAR\"; did you mean GLACIER?"
        ),
        (
            #"{"after_days": 1, "expire": true, "status": "off"}"#,
            "there is no status \"off\"; known are enabled, disabled"
        ),
        (#"{"after_days": 1, "expire": true, "id": ""}"#, "an \"id\" has 1 to 255 characters"),
        (
            #"{"after_days": 1, "expire": true, "were": {}}"#,
            "there is no key of a retention rule named \"were\"; did you mean where?"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"kindd": "a"}}"#,
            "there is no column \"kindd\"; did you mean kind?"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"kind": "abcdef"}}"#,
            "column 67: the value is no varchar(5)"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"user_id": [1, "2"]}}"#,
            "the value is no bigint"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"kind": null}}"#,
            "the value is no varchar(5)"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"kind": []}}"#,
            "without a value the rule is for no row"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"kind": "a", "kind": "b"}}"#,
            "kind is here twice; list its values in an array"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"score": 1.5}}"#,
            "a double is not compared with values"
        ),
        (
            #"{"after_days": 1, "expire": true, "where": {"url": "u"}}"#,
            "url is volatile: rows may hold an old value of it"
        ),
        (
            #"{"after_days": 1, "expire": true, "from": "2030-01-01", "until": "2029-01-01"}"#,
            "\"until\" is before \"from\""
        ),
        (
            #"{"after_days": 1, "expire": true, "larger_than_bytes": 5, "smaller_than_bytes": 6}"#,
            "nothing is larger than 5 and smaller than 6 bytes"
        ),
        (#"{"steps": []}"#, "a rule without a step does nothing"),
        (
            #"{"after_days": 1, "steps": [{"after_days": 2, "expire": true}]}"#,
            "column 30: a rule with \"steps\" has \"after_days\" in them; move it into a step"
        ),
        (
            #"{"steps": [{"after_days": 1, "expire": true}, {"after_days": 2, "transition": "GLACIER"}]}"#,
            "nothing is left after \"expire\""
        ),
        (
            #"{"steps": [{"after_days": 1, "transition": "DEEP_ARCHIVE"}, {"after_days": 2, "transition": "GLACIER"}]}"#,
            "GLACIER is warmer than DEEP_ARCHIVE: steps lead downward only; remove the step"
        ),
        (
            #"{"steps": [{"after_days": 2, "transition": "GLACIER"}, {"after_days": 2, "expire": true}]}"#,
            "a step must be due later than the one before"
        ),
        (
            #"{"after_days": 1, "transition": "DEEP_ARCHIVE"}, {"after_days": 2, "transition": "GLACIER"}"#,
            "the retention rule \"rule-2\" never acts: \"rule-1\" goes as far, and is due no later"
        ),
        (
            #"{"after_days": 2, "expire": true}, {"after_days": 2, "expire": true}"#,
            "the retention rule \"rule-2\" never acts"
        ),
        (
            #"{"id": "rule-2", "after_days": 2, "transition": "GLACIER"}, {"after_days": 3, "expire": true}"#,
            "the retention rule \"rule-2\" is here twice"
        ),
    ])
    func mistakesSayWhereAndWhatToDo(rules: String, message: String) throws {
        let all = Self.mistakes(in: Self.text("[\(rules)]"))
        #expect(all.contains("line 3, "), "\(all)")
        #expect(all.contains(message), "\(all)")
    }

    @Test func rowsWithoutPartitionHaveNoAge() {
        let all = Self.mistakes(
            in: Self.text(#"[{"after_days": 1, "expire": true}]"#, partition: "none"))
        #expect(all.contains("retention needs a partition: without one a row has no age"))
        #expect(Self.mistakes(in: Self.text("[]", partition: "none")).isEmpty)
    }

    @Test func overlapsAreNoMistakes() throws {
        let rules = try Self.rules(
            """
            [{"after_days": 180, "transition": "GLACIER"},
             {"where": {"kind": "a"}, "after_days": 365, "transition": "GLACIER"},
             {"status": "disabled", "after_days": 365, "transition": "GLACIER"}]
            """)
        #expect(rules[0].outruns(rules[1]))
        #expect(!rules[1].outruns(rules[0]))
    }

    @Test func thereAreAtMostSoManyRules() throws {
        func list(_ count: Int) -> String {
            "["
                + (1...count).map {
                    #"{"where": {"user_id": \#($0)}, "after_days": 1, "expire": true}"#
                }
                .joined(separator: ",") + "]"
        }
        #expect(try Self.rules(list(1_000)).count == 1_000)
        let all = Self.mistakes(in: Self.text(list(1_001)))
        #expect(all.contains("1001 retention rules and steps; the limit is 1000"))
    }

    private static func mistakes(in text: String) -> String {
        do throws(LakeError) {
            _ = try TableDefinition.parse(Array(text.utf8), path: "t.json")
            return ""
        } catch {
            guard case .schemaFile(_, let mistakes) = error else { return "\(error)" }
            return mistakes.map(\.description).joined(separator: "\n")
        }
    }
}
