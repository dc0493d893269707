import Columnar
import Testing

@testable import Lake

/// Retention rules and holds against the clock: what is due for partitions, and for single rows.
@Suite struct LifecycleTests {
    static let days: Int64 = CivilTime.microsPerDay

    static func day(_ year: Int64, _ month: Int, _ day: Int) -> Int32 {
        Int32(CivilTime.days(year: year, month: month, day: day))
    }

    static func micros(_ year: Int64, _ month: Int, _ day: Int, hour: Int64 = 0) -> Int64 {
        Int64(Self.day(year, month, day)) * days + hour * 3_600_000_000
    }

    static func table(_ transform: String = "day", key: String = "varchar") throws
        -> TableDefinition
    {
        let text = """
            {"table": "posts", "raw": {"path": "posts/{user_id}/{post}.json"},
             "partition": {"column": "posted_at", "transform": "\(transform)"},
             "settings": {"account": "user_id"},
             "columns": [
               {"name": "id", "type": "\(key)", "class": "key"},
               {"name": "user_id", "type": "varchar", "capture": "user_id"},
               {"name": "posted_at", "type": "timestamp(6)"},
               {"name": "media_type", "type": "varchar"},
               {"name": "width", "type": "integer"},
               {"name": "is_paid", "type": "boolean"}]}
            """
        return try TableDefinition.parse(Array(text.utf8), path: "posts.json")
    }

    static func rule(
        _ id: String, _ due: RetentionRule.Due, _ action: RetentionRule.Action,
        _ change: (inout RetentionRule) -> Void = { _ in }
    ) -> RetentionRule {
        var rule = RetentionRule(id: id, due: due, action: action)
        change(&rule)
        return rule
    }

    static func hold(_ change: (inout Holds.Record) -> Void = { _ in }) -> Holds.Record {
        var hold = Holds.Record(reason: "court", placedBy: "ann", placedMicros: 0)
        hold.id = 1
        change(&hold)
        return hold
    }

    static func lifecycle(
        _ rules: [RetentionRule], holds: [Holds.Record] = [], now: Int64,
        transform: String = "day", key: String = "varchar"
    ) throws -> Lifecycle {
        var table = try table(transform, key: key)
        table.retention = rules
        return Lifecycle(table, source: 1, holds: holds, nowMicros: now)
    }

    // S3's own example: created 2014-01-15 10:30 UTC with 3 days is due 2014-01-19 00:00 UTC.
    @Test func dueAtTheNextMidnight() throws {
        let rule = Self.rule("r", .afterDays(3), .transition(.glacier))
        let partition = Self.day(2014, 1, 15)
        let due = Self.micros(2014, 1, 19)
        for (now, isDue) in [(due - 1, false), (due, true), (due + 1, true)] {
            let lifecycle = try Self.lifecycle([rule], now: now)
            #expect(lifecycle.dueMicros(rule, partition: partition) == due)
            let verdict = lifecycle.verdict(partition: partition, sizeBytes: 1)
            #expect(verdict.common == (isDue ? rule : nil))
            #expect(verdict.isUniform)
            #expect(verdict.isEmpty == !isDue)
        }
    }

    @Test func partitionsAreAsOldAsTheirYoungestRow() throws {
        let rule = Self.rule("r", .afterDays(3), .expire)
        let hours = try Self.lifecycle([rule], now: 0, transform: "hour")
        #expect(
            hours.dueMicros(rule, partition: Self.day(2014, 1, 15) * 24 + 10)
                == Self.micros(2014, 1, 19))
        #expect(hours.days(of: -1) == -1 ... -1)
        let months = try Self.lifecycle([rule], now: 0, transform: "month")
        #expect(months.dueMicros(rule, partition: 44 * 12) == Self.micros(2014, 2, 4))
        #expect(months.days(of: 46 * 12 + 1) == Self.day(2016, 2, 1)...Self.day(2016, 2, 29))
        #expect(months.days(of: -1) == Self.day(1969, 12, 1)...Self.day(1969, 12, 31))
        #expect(months.verdict(partition: nil, sizeBytes: 1).isEmpty, "NULL's rows stay")
        // Beyond all time is never, not a trap.
        let late = Self.rule("late", .afterDays(.max), .expire)
        #expect(try Self.lifecycle([late], now: .max).dueMicros(late, partition: .max) == nil)
    }

    @Test func theFurthestRuleCounts() throws {
        let partition = Self.day(2014, 1, 15)
        let rules = [
            Self.rule("ir", .afterDays(0), .transition(.glacierIR)),
            Self.rule("deep", .afterDays(2), .transition(.deepArchive)),
            Self.rule("glacier", .afterDays(1), .transition(.glacier)),
            Self.rule("gone", .afterDays(3), .expire),
        ]
        var order: [String?] = []
        for day in 15...19 {
            let lifecycle = try Self.lifecycle(rules, now: Self.micros(2014, 1, day))
            order.append(lifecycle.verdict(partition: partition, sizeBytes: 1).common?.id)
        }
        #expect(order == [nil, "ir", "glacier", "deep", "gone"])
        let disabled = rules.map { rule in
            var rule = rule
            rule.isEnabled = rule.id != "gone"
            return rule
        }
        let lifecycle = try Self.lifecycle(disabled, now: Self.micros(2020, 1, 1))
        #expect(lifecycle.verdict(partition: partition, sizeBytes: 1).common?.id == "deep")
    }

    @Test func rulesLeadDownward() {
        let glacier = RetentionRule.Action.transition(.glacier)
        #expect(glacier.isBelow(nil))
        #expect(glacier.isBelow(.glacierIR))
        #expect(!glacier.isBelow(.glacier))
        #expect(!glacier.isBelow(.deepArchive))
        #expect(RetentionRule.Action.expire.isBelow(.deepArchive))
    }

    @Test func datesActFromTheirDayOnAndKeepActing() throws {
        let rule = Self.rule("date", .onDay(Self.day(2014, 1, 19)), .transition(.glacier))
        for partition in [Self.day(2000, 1, 1), Self.day(2014, 1, 15), Self.day(2030, 1, 1)] {
            let before = try Self.lifecycle([rule], now: Self.micros(2014, 1, 18, hour: 23))
            #expect(before.verdict(partition: partition, sizeBytes: 1).isEmpty)
            for year: Int64 in [2014, 2040] {
                let after = try Self.lifecycle([rule], now: Self.micros(year, 1, 19))
                #expect(after.verdict(partition: partition, sizeBytes: 1).common == rule)
            }
        }
    }

    @Test func filtersOfDaysAndSizes() throws {
        let now = Self.micros(2020, 1, 1)
        let rule = Self.rule("r", .afterDays(0), .expire) {
            $0.filter.firstDay = Self.day(2014, 1, 10)
            $0.filter.lastDay = Self.day(2014, 2, 20)
            $0.filter.largerThanBytes = 100
            $0.filter.smallerThanBytes = 200
        }
        let byDay = try Self.lifecycle([rule], now: now)
        for (day, size, isDue) in [
            (9, 150, false), (10, 150, true), (10, 100, false), (10, 101, true), (10, 199, true),
            (10, 200, false),
        ] {
            let verdict = byDay.verdict(
                partition: Self.day(2014, 1, day), sizeBytes: Int64(size))
            #expect(verdict.isEmpty == !isDue, "\(day) \(size)")
        }
        // A month that is only partly meant is weighed row by row.
        let byMonth = try Self.lifecycle([rule], now: now, transform: "month")
        let january = byMonth.verdict(partition: 44 * 12, sizeBytes: 150)
        #expect(january.common == nil)
        #expect(january.conditional == [rule])
        #expect(!january.isUniform)
        #expect(byMonth.verdict(partition: 44 * 12 + 2, sizeBytes: 150).isEmpty)
        let rows = try Self.actions(
            january, posted: [(2014, 1, 9), (2014, 1, 10), (2014, 1, 31)], transform: "month")
        #expect(rows == [nil, .expire, .expire])
    }

    @Test func holdsBeatRules() throws {
        let now = Self.micros(2020, 1, 1)
        let partition = Self.day(2014, 1, 15)
        let rule = Self.rule("r", .afterDays(0), .expire)
        func verdict(
            _ hold: Holds.Record, _ transform: String = "day", _ number: Int32? = nil
        ) throws -> Lifecycle.Verdict {
            try Self.lifecycle([rule], holds: [hold], now: now, transform: transform)
                .verdict(partition: number ?? partition, sizeBytes: 1)
        }
        let days = Self.hold {
            $0.firstDay = partition
            $0.lastDay = partition + 2
        }
        #expect(try verdict(days).hold == days)
        #expect(try verdict(days).isEmpty)
        #expect(try verdict(days, "day", partition + 3).common == rule)
        // Part of a month is held row by row.
        let month = try verdict(days, "month", 44 * 12)
        #expect(month.rowHolds == [days])
        #expect(!month.isUniform)
        let rows = try Self.actions(
            month, posted: [(2014, 1, 14), (2014, 1, 15), (2014, 1, 17), (2014, 1, 18)],
            transform: "month")
        #expect(rows == [.expire, nil, nil, .expire])
        // Ended, released, of another table.
        for gone in [
            Self.hold { $0.endsMicros = now },
            Self.hold { $0.releasedMicros = 5 },
            Self.hold { $0.source = 2 },
        ] {
            #expect(try verdict(gone).common == rule)
        }
        // What cannot be told apart is held as a whole, if the hold means this very table.
        var lifecycle = try Self.lifecycle([rule], now: now)
        var table = lifecycle.definition
        table.settings.accountColumn = nil
        for (source, isHeld) in [(Int64?.none, false), (1, true)] {
            let account = Self.hold {
                $0.account = "ann"
                $0.source = source
            }
            lifecycle = Lifecycle(table, source: 1, holds: [account], nowMicros: now)
            let verdict = lifecycle.verdict(partition: partition, sizeBytes: 1)
            #expect(verdict.isEmpty == isHeld)
            #expect(verdict.rowHolds.isEmpty)
        }
    }

    @Test func rowsFollowTheirConditions() throws {
        let now = Self.micros(2020, 1, 1)
        let table = try Self.table()
        let stories = RetentionRule.Filter.Condition(
            column: 3, values: [.text("STORY_IMAGE"), .text("STORY_VIDEO")])
        let rules = [
            Self.rule("all", .afterDays(0), .transition(.glacier)),
            Self.rule("stories", .afterDays(0), .expire) { $0.filter.conditions = [stories] },
            Self.rule("bob", .afterDays(0), .transition(.deepArchive)) {
                $0.filter.conditions = [.init(column: 1, values: [.text("bob")])]
            },
            Self.rule("bob's stories, warmer", .afterDays(0), .transition(.glacierIR)) {
                $0.filter.conditions = [stories, .init(column: 1, values: [.text("bob")])]
            },
        ]
        let holds = [
            Self.hold { $0.account = "carl" }, Self.hold { $0.key = "7" },
            Self.hold {
                $0.account = "dora"
                $0.key = "8"
            },
        ]
        let lifecycle = Lifecycle(
            {
                var table = table
                table.retention = rules
                return table
            }(), source: 1, holds: holds, nowMicros: now)
        let verdict = lifecycle.verdict(partition: 0, sizeBytes: 1)
        #expect(verdict.conditional.map(\.id) == ["stories", "bob"])
        let ids: [Value] = (1...9).map { .text("\($0)") }
        let users: [Value] = ["ann", "ann", "bob", "bob", "carl", "carl", "ann", "dora", "dora"]
            .map { .text($0) }
        let types: [Value] =
            [
                .text("IMAGE"), .text("STORY_IMAGE"), .text("IMAGE"), .text("STORY_VIDEO"),
                .text("IMAGE"), .text("STORY_IMAGE"), .text("STORY_IMAGE"), .text("IMAGE"), .null,
            ]
        let actions = try Self.actions(verdict, ids: ids, users: users, types: types)
        let glacier = RetentionRule.Action.transition(.glacier)
        #expect(
            actions == [
                glacier, .expire, .transition(.deepArchive), .expire, nil, nil, nil, nil, glacier,
            ])
    }

    @Test func valuesAreComparedInTheirTypes() throws {
        let table = try Self.table(key: "bigint")
        let pool = BufferPool()
        let cases: [(Int, [Value], [Value])] = [
            (0, [.int(17_841_400_000_000_001)], [.int(17_841_400_000_000_000), .null]),
            (4, [.int(-1)], [.int(1), .null]),
            (5, [.boolean(true)], [.boolean(false), .null]),
        ]
        for (column, wanted, others) in cases {
            let rule = Self.rule("r", .afterDays(0), .expire) {
                $0.filter.conditions = [.init(column: column, values: wanted)]
            }
            let verdicts = RowVerdicts(
                Lifecycle.Verdict(conditional: [rule]), table, schema: table.schema)
            #expect(verdicts.columns == [column])
            var columns: [Column] = []
            let rows = wanted + others
            for field in table.schema.fields {
                let values =
                    field.name == table.columns[column].name
                    ? rows : rows.map { _ in Value.null }
                columns.append(try .from(values, type: field.type, pool: pool))
            }
            let actions = try verdicts.actions(of: columns, count: rows.count, pool: pool)
            #expect(actions == wanted.map { _ in .expire } + others.map { _ in nil })
        }
        // A hold's key is a text, the column is not.
        let hold = Self.hold { $0.key = "17841400000000001" }
        let verdict = Lifecycle.Verdict(
            common: Self.rule("r", .afterDays(0), .expire), rowHolds: [hold])
        let verdicts = RowVerdicts(verdict, table, schema: Schema([table.schema.fields[0]]))
        let ids = try Column.from(
            [.int(17_841_400_000_000_001), .int(2)], type: .bigint, pool: pool)
        #expect(try verdicts.actions(of: [ids], count: 2, pool: pool) == [nil, .expire])
    }

    @Test func aColumnThatFilesDoNotHaveIsNull() throws {
        let table = try Self.table()
        let rule = Self.rule("r", .afterDays(0), .expire) {
            $0.filter.conditions = [.init(column: 3, values: [.text("IMAGE")])]
        }
        let verdicts = RowVerdicts(
            Lifecycle.Verdict(conditional: [rule]), table, schema: Schema([table.schema.fields[0]]))
        let pool = BufferPool()
        let ids = try Column.from([.text("1")], type: .text, pool: pool)
        #expect(verdicts.columns.isEmpty)
        #expect(try verdicts.actions(of: [ids], count: 1, pool: pool) == [nil])
    }

    @Test func dictionariesAreWeighedOnce() throws {
        let table = try Self.table()
        let pool = BufferPool()
        let rule = Self.rule("r", .afterDays(0), .expire) {
            $0.filter.conditions = [.init(column: 3, values: [.text("VIDEO")])]
        }
        let verdicts = RowVerdicts(
            Lifecycle.Verdict(conditional: [rule]), table, schema: Schema([table.schema.fields[3]]))
        let entries = try Column.from([.text("IMAGE"), .text("VIDEO")], type: .text, pool: pool)
        let codes = try pool.allocate(bytes: 16)
        for (row, code) in [UInt32(1), 2, 0, 1].enumerated() {
            codes.base.storeBytes(of: code, toByteOffset: row * 4, as: UInt32.self)
        }
        let coded = Column.coded(
            CodedColumn(
                codes: codes, count: 4, dictionary: ColumnDictionary(entries: entries),
                mayHaveNulls: true))
        let actions = try verdicts.actions(of: [coded], count: 4, pool: pool)
        #expect(actions == [.expire, nil, nil, .expire])
    }
}

extension LifecycleTests {
    static func actions(
        _ verdict: Lifecycle.Verdict, ids: [Value], users: [Value], types: [Value]
    ) throws -> [RetentionRule.Action?] {
        let table = try table()
        let pool = BufferPool()
        let fields = [0, 1, 3].map { table.schema.fields[$0] }
        var columns: [Column] = []
        for (field, values) in zip(fields, [ids, users, types]) {
            columns.append(try .from(values, type: field.type, pool: pool))
        }
        return try RowVerdicts(verdict, table, schema: Schema(fields))
            .actions(of: columns, count: ids.count, pool: pool)
    }

    static func actions(
        _ verdict: Lifecycle.Verdict, posted: [(Int64, Int, Int)], transform: String
    ) throws -> [RetentionRule.Action?] {
        let table = try table(transform)
        let pool = BufferPool()
        let field = table.schema.fields[2]
        let values = posted.map { Value.int(micros($0.0, $0.1, $0.2, hour: 23)) }
        let column = try Column.from(values, type: field.type, pool: pool)
        return try RowVerdicts(verdict, table, schema: Schema([field]))
            .actions(of: [column], count: values.count, pool: pool)
    }
}
