import Columnar
import Lake
import Query

/// `lake policy …`: what retention rules say, what they would do, and why a record is where it is.
enum PolicyCommands {
    static let group = CommandGroup(
        name: "policy", summary: "Show and check retention rules, and explain what they do",
        commands: [
            PolicyShowCommand.self, PolicyCheckCommand.self, PolicyExplainCommand.self,
        ],
        examples: [
            "lake policy show posts", "lake policy check --on 2027-01-01",
            "lake policy explain 17900000000000001",
        ])

    /// The tables' definitions: of the one that is named, or of all.
    static func definitions(
        _ arguments: Arguments, _ lake: Lake
    ) throws(CommandError) -> [TableDefinition] {
        let all = try lakeCall { () throws(LakeError) in try lake.definitions() }
        guard let name = arguments.operands.first else { return all }
        guard let definition = all.first(where: { $0.name == name }) else {
            throw unknown(name, all)
        }
        return [definition]
    }

    static func unknown(_ name: String, _ definitions: [TableDefinition]) -> CommandError {
        .user(
            "no schema file describes a table '\(name)'",
            hint: NearestName.of(name, among: definitions.map(\.name)).map {
                "Did you mean \($0)?"
            } ?? "see: lake schema list")
    }

    /// `GLACIER after 180 days`, `expire on 2030-01-01`.
    static func text(_ rule: RetentionRule) -> String {
        switch rule.due {
        case .afterDays(let days): "\(action(rule.action)) after \(Amount.count(days, "day"))"
        case .onDay(let day): "\(action(rule.action)) from \(CivilTime.text(ofDay: day)) on"
        }
    }

    static func action(_ action: RetentionRule.Action) -> String {
        switch action {
        case .transition(let storage): storage.rawValue
        case .expire: "expire"
        }
    }

    /// `media_type is STORY_IMAGE or STORY_VIDEO; larger than 5 KB`; nil if it is for every row.
    static func filter(_ filter: RetentionRule.Filter, _ definition: TableDefinition) -> String? {
        var parts = filter.conditions.map { condition in
            let column = definition.columns[condition.column]
            let values = condition.values.map { ValueText.format($0, column.type) }
            return "\(column.name) is \(values.joined(separator: " or "))"
        }
        switch (filter.firstDay, filter.lastDay) {
        case (let first?, let last?):
            parts.append("\(CivilTime.text(ofDay: first)) to \(CivilTime.text(ofDay: last))")
        case (let first?, nil): parts.append("from \(CivilTime.text(ofDay: first)) on")
        case (nil, let last?): parts.append("until \(CivilTime.text(ofDay: last))")
        case (nil, nil): break
        }
        if let bytes = filter.largerThanBytes {
            parts.append("larger than \(Amount.count(Int(bytes), "byte"))")
        }
        if let bytes = filter.smallerThanBytes {
            parts.append("smaller than \(Amount.count(Int(bytes), "byte"))")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// The members of a rule's object.
    static func write(
        _ rule: RetentionRule, of definition: TableDefinition, to json: inout JSONWriter
    ) {
        json.key("id")
        json.string(rule.id)
        json.key("enabled")
        json.boolean(rule.isEnabled)
        json.key("action")
        json.string(action(rule.action))
        switch rule.due {
        case .afterDays(let days):
            json.key("after_days")
            json.integer(days)
        case .onDay(let day):
            json.key("on_date")
            json.string(CivilTime.text(ofDay: day))
        }
        let filter = rule.filter
        if !filter.conditions.isEmpty {
            json.key("where")
            json.beginObject()
            for condition in filter.conditions {
                let column = definition.columns[condition.column]
                json.key(column.name)
                json.beginArray()
                for value in condition.values {
                    switch (value, column.type) {
                    case (.int(let number), .integer), (.int(let number), .bigint):
                        json.integer(number)
                    case (.boolean(let bit), _): json.boolean(bit)
                    default: json.string(ValueText.format(value, column.type))
                    }
                }
                json.endArray()
            }
            json.endObject()
        }
        for (name, day) in [("from", filter.firstDay), ("until", filter.lastDay)] {
            guard let day else { continue }
            json.key(name)
            json.string(CivilTime.text(ofDay: day))
        }
        for (name, bytes) in [
            ("larger_than_bytes", filter.largerThanBytes),
            ("smaller_than_bytes", filter.smallerThanBytes),
        ] {
            guard let bytes else { continue }
            json.key(name)
            json.integer(bytes)
        }
    }
}

/// `lake policy show`: the rules as they are understood.
enum PolicyShowCommand: Command {
    static let syntax = CommandSyntax(
        name: "policy show", summary: "Show the retention rules of a table, or of all",
        operands: "[TABLE]", maximumOperands: 1,
        options: [Option("json", "Print JSON, one table a line")],
        discussion: """
            Rules stand in the schema files, under "retention". A partition is as old as the youngest row
            that it may hold; rules are due at midnight UTC, so many days after the partition's end. Of
            rules that are due for a row the furthest counts; holds beat them all.
            """,
        examples: ["lake policy show", "lake policy show posts --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let lake = try LakeLocation.open(arguments, surroundings)
        let definitions = try PolicyCommands.definitions(arguments, lake)
        let output = StandardOutput()
        defer { output.flush() }
        for (index, definition) in definitions.enumerated() {
            if arguments.has("json") {
                output.write(json(definition))
            } else {
                output.write((index > 0 ? "\n" : "") + text(definition))
            }
        }
        return ExitCode.done
    }

    private static func text(_ definition: TableDefinition) -> String {
        guard !definition.retention.isEmpty else {
            return "\(definition.name): no retention rules; its rows stay\n"
        }
        let column = definition.partition.map { definition.columns[$0.column].name } ?? ""
        var text = "\(definition.name): age by \(column), raw files packed after "
        text += Amount.count(definition.settings.quietDays, "quiet day") + "\n"
        var grid = TextGrid(["  rule", "", "what", "for"])
        for rule in definition.retention {
            grid.append([
                "  \(rule.id)", rule.isEnabled ? "" : "disabled", PolicyCommands.text(rule),
                PolicyCommands.filter(rule.filter, definition) ?? "every row",
            ])
        }
        return text + grid.text()
    }

    private static func json(_ definition: TableDefinition) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("table")
        json.string(definition.name)
        json.key("quiet_days")
        json.integer(definition.settings.quietDays)
        json.key("glacier_mode")
        json.string(definition.settings.glacierMode.rawValue)
        json.objects("rules", definition.retention) { json, rule in
            PolicyCommands.write(rule, of: definition, to: &json)
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}

/// `lake policy check`: what would be due, by rule.
enum PolicyCheckCommand: Command {
    static let syntax = CommandSyntax(
        name: "policy check", summary: "Show what is due by each rule, and rules that never act",
        operands: "[TABLE]", maximumOperands: 1,
        options: [
            Option("on", value: "DATE", "As of the first instant of this day (default: now)"),
            Option("json", "Print JSON, one table a line"),
        ],
        discussion: """
            Changes nothing. Where a partition's rows go different ways, bytes are shared by rows. What a
            sweep will really do, raw files too: lake sweep --dry-run
            """,
        examples: ["lake policy check", "lake policy check posts --on 2027-01-01"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        var now = surroundings.nowMicros()
        if let day = try HoldCommands.day(arguments, "on", command: syntax.name) {
            now = Int64(day) * CivilTime.microsPerDay
        }
        let lake = try LakeLocation.open(arguments, surroundings)
        _ = try PolicyCommands.definitions(arguments, lake)
        let moment = now
        let reports = try lakeCall { () throws(LakeError) in
            try lake.checkPolicy(
                table: arguments.operands.first, nowMicros: moment, pool: BufferPool())
        }
        let output = StandardOutput()
        defer { output.flush() }
        for (index, report) in reports.enumerated() {
            if arguments.has("json") {
                output.write(json(report))
            } else {
                output.write((index > 0 ? "\n" : "") + text(report))
            }
        }
        if reports.isEmpty, !arguments.has("json") {
            output.write("no table has retention rules\n")
        }
        return ExitCode.done
    }

    private static func text(_ report: PolicyReport) -> String {
        let day = CivilTime.text(
            ofDay: Int32(clamping: CivilTime.floorDays(micros: report.nowMicros)))
        var text = "\(report.definition.name), due on \(day):\n"
        if report.rules.isEmpty { return text + "  no retention rules; its rows stay\n" }
        var grid = TextGrid(
            ["  rule", "what", "partitions", "rows", "size", ""], rightAligned: [2, 3, 4])
        func append(_ name: String, _ what: String, _ amount: PolicyReport.Amount) {
            grid.append([
                "  \(name)", what, Amount.count(amount.partitions), Amount.count(Int(amount.rows)),
                Amount.bytes(Int(amount.bytes)), range(amount),
            ])
        }
        for rule in report.rules {
            append(rule.rule.id, PolicyCommands.text(rule.rule), rule.due)
        }
        for hold in report.holds { append("hold \(hold.hold.id)", "kept", hold.kept) }
        append("", "nothing due", report.settled)
        text += grid.text()
        if report.undatedRows > 0 {
            text += "  \(Amount.count(Int(report.undatedRows), "row")) without a date: they stay\n"
        }
        for rule in report.rules {
            guard let reason = rule.idleReason else { continue }
            text += "  \(rule.rule.id) never acts: \(reason)\n"
        }
        for hold in report.holds where hold.isForAllRows {
            text += "  hold \(hold.hold.id) names what the table cannot tell: it holds all rows\n"
        }
        return text
    }

    /// `timestamp_day=2025-01-01 to 2025-06-30`, without the name twice.
    private static func range(_ amount: PolicyReport.Amount) -> String {
        guard let first = amount.first, let last = amount.last else { return "" }
        if first == last { return first }
        return "\(first) to \(last.split(separator: "=").last ?? "")"
    }

    private static func json(_ report: PolicyReport) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("table")
        json.string(report.definition.name)
        json.key("on")
        json.string(CivilTime.text(ofMicros: report.nowMicros))
        json.objects("rules", report.rules) { json, rule in
            PolicyCommands.write(rule.rule, of: report.definition, to: &json)
            json.key("due")
            json.beginObject()
            write(rule.due, to: &json)
            json.endObject()
            json.key("never_acts")
            if let reason = rule.idleReason { json.string(reason) } else { json.null() }
        }
        json.objects("holds", report.holds) { json, hold in
            json.key("hold")
            json.integer(hold.hold.id)
            json.key("kept")
            json.beginObject()
            write(hold.kept, to: &json)
            json.endObject()
        }
        json.key("settled")
        json.beginObject()
        write(report.settled, to: &json)
        json.endObject()
        json.key("undated_rows")
        json.integer(report.undatedRows)
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ amount: PolicyReport.Amount, to json: inout JSONWriter) {
        for (key, number) in [
            ("partitions", Int64(amount.partitions)), ("rows", amount.rows),
            ("size_bytes", amount.bytes),
        ] {
            json.key(key)
            json.integer(number)
        }
        for (key, name) in [("first", amount.first), ("last", amount.last)] {
            json.key(key)
            if let name { json.string(name) } else { json.null() }
        }
    }
}
