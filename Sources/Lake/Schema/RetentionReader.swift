import Columnar

/// Retention rules of a schema file.
///
/// ```
/// { "id": "stories", "status": "enabled",
///   "where": {"media_type": ["STORY_IMAGE", "STORY_VIDEO"]}, "from": "2020-01-01", "until": "2024-12-31",
///   "larger_than_bytes": 131072, "smaller_than_bytes": 1073741824,
///   "steps": [{"after_days": 180, "transition": "GLACIER"}, {"on_date": "2030-01-01", "expire": true}] }
/// ```
/// A rule of one step may write the step's keys beside its own.
extension DefinitionReader {
    private enum Status: String, CaseIterable {
        case enabled, disabled
    }

    private static let stepKeys = ["after_days", "on_date", "transition", "expire"]
    private static let filterKeys = [
        "where", "from", "until", "larger_than_bytes", "smaller_than_bytes",
    ]

    mutating func retentionRules(
        _ root: JSONValue, _ columns: [ColumnDefinition], _ partition: PartitionRule?
    ) -> [RetentionRule] {
        guard let list = array(root, "retention", isRequired: false) else { return [] }
        let isUnpartitioned =
            root["partition"] == nil || root["partition"]?["transform"]?.string == "none"
        if isUnpartitioned, partition == nil, let value = root["retention"], !list.isEmpty {
            report(
                value, "retention needs a partition: without one a row has no age",
                "name a date or timestamp column in \"partition\"")
        }
        var rules: [RetentionRule] = []
        var places: [JSONValue] = []
        for (number, value) in list.enumerated() {
            guard isObject(value, "a retention rule") else { continue }
            for rule in self.rules(value, number: number + 1, columns) {
                let place = value["id"] ?? value
                if rules.contains(where: { $0.id == rule.id }) {
                    report(
                        place, "the retention rule \"\(rule.id)\" is here twice",
                        "give each rule an \"id\" of its own")
                }
                rules.append(rule)
                places.append(value)
            }
        }
        if rules.count > Limits.retentionRules, let value = root["retention"] {
            report(
                value,
                "\(rules.count) retention rules and steps; the limit is \(Limits.retentionRules)",
                nil)
        } else {
            reportOutrun(rules, places)
        }
        return rules
    }

    /// One rule a step.
    private mutating func rules(
        _ value: JSONValue, number: Int, _ columns: [ColumnDefinition]
    ) -> [RetentionRule] {
        let own = ["id", "status"] + Self.filterKeys
        checkKeys(value, own + ["steps"] + Self.stepKeys, of: "a retention rule")
        let id = ruleID(value) ?? "rule-\(number)"
        let isEnabled = choice(value, "status", Status.self) != .disabled
        let filter = filter(value, columns)
        guard value["steps"] != nil else {
            return step(value, of: "a retention rule").map { step in
                var rule = RetentionRule(id: id, due: step.due, action: step.action)
                rule.isEnabled = isEnabled
                rule.filter = filter
                return [rule]
            } ?? []
        }
        for key in Self.stepKeys {
            guard let extra = value[key] else { continue }
            report(extra, "a rule with \"steps\" has \"\(key)\" in them", "move it into a step")
        }
        let steps = array(value, "steps", isRequired: false) ?? []
        if steps.isEmpty, let list = value["steps"], list.array != nil {
            report(list, "a rule without a step does nothing", "add a step, or remove the rule")
        }
        var rules: [RetentionRule] = []
        for item in steps {
            guard isObject(item, "a retention step") else { continue }
            checkKeys(item, Self.stepKeys, of: "a retention step")
            guard let step = step(item, of: "a retention step") else { continue }
            var rule = RetentionRule(
                id: steps.count == 1 ? id : "\(id)/\(rules.count + 1)", due: step.due,
                action: step.action)
            rule.isEnabled = isEnabled
            rule.filter = filter
            if let last = rules.last { checkOrder(last, rule, item) }
            rules.append(rule)
        }
        return rules
    }

    private mutating func ruleID(_ value: JSONValue) -> String? {
        guard let id = string(value, "id") else { return nil }
        if id.isEmpty || id.unicodeScalars.count > Limits.retentionIDCharacters {
            report(
                value["id"] ?? value,
                "an \"id\" has 1 to \(Limits.retentionIDCharacters) characters", nil)
        }
        return id
    }

    /// When, and what.
    private mutating func step(
        _ value: JSONValue, of owner: String
    ) -> (due: RetentionRule.Due, action: RetentionRule.Action)? {
        let days = integer(value, "after_days", in: 0...100_000)
        let day = day(value, "on_date")
        let storage = choice(value, "transition", StorageClass.self)
        let expires = boolean(value, "expire") ?? false
        guard (value["after_days"] != nil) != (value["on_date"] != nil) else {
            report(
                value, "\(owner) is due after days or on a date",
                "give one of \"after_days\": 180 and \"on_date\": \"2030-01-01\"")
            return nil
        }
        guard expires != (value["transition"] != nil) else {
            report(
                value, "\(owner) either transitions or expires",
                "give one of \"transition\": \"GLACIER\" and \"expire\": true")
            return nil
        }
        guard let due = days.map({ RetentionRule.Due.afterDays($0) }) ?? day.map({ .onDay($0) })
        else { return nil }
        let action = storage.map { RetentionRule.Action.transition($0) }
        return (expires ? .expire : action).map { (due, $0) }
    }

    /// Steps lead downward, each later than the one before.
    private mutating func checkOrder(
        _ last: RetentionRule, _ next: RetentionRule, _ value: JSONValue
    ) {
        if next.action <= last.action {
            let problem =
                switch (last.action, next.action) {
                case (.expire, _): "nothing is left after \"expire\""
                case (.transition(let a), .transition(let b)) where a != b:
                    "\(b.rawValue) is warmer than \(a.rawValue): steps lead downward only"
                default: "the step before has the same class already"
                }
            report(value["transition"] ?? value["expire"] ?? value, problem, "remove the step")
        }
        let isLater =
            switch (last.due, next.due) {
            case (.afterDays(let a), .afterDays(let b)): a < b
            case (.onDay(let a), .onDay(let b)): a < b
            default: true
            }
        if !isLater {
            report(
                value["after_days"] ?? value["on_date"] ?? value,
                "a step must be due later than the one before", nil)
        }
    }

    /// A list of rules for the same rows leads downward, as steps do; `lake policy check` tells of others.
    private mutating func reportOutrun(_ rules: [RetentionRule], _ places: [JSONValue]) {
        for (index, rule) in rules.enumerated() where rule.isEnabled {
            let faster = rules.indices.first { other in
                // Mistakes within one rule are told already.
                let isOfSameRule = places[other].position == places[index].position
                return !isOfSameRule && rules[other].isEnabled
                    && rules[other].filter == rule.filter && rules[other].outruns(rule)
                    && (other < index || !rule.outruns(rules[other]))
            }
            guard let faster else { continue }
            report(
                places[index],
                "the retention rule \"\(rule.id)\" never acts: \"\(rules[faster].id)\" goes as far, "
                    + "and is due no later",
                "remove one of them, or let them lead downward")
        }
    }
}

/// Which rows a rule is for.
extension DefinitionReader {
    private mutating func filter(
        _ value: JSONValue, _ columns: [ColumnDefinition]
    ) -> RetentionRule.Filter {
        var filter = RetentionRule.Filter()
        filter.conditions = conditions(value, columns)
        filter.firstDay = day(value, "from")
        filter.lastDay = day(value, "until")
        if let first = filter.firstDay, let last = filter.lastDay, first > last {
            report(value["until"] ?? value, "\"until\" is before \"from\"", "swap them")
        }
        filter.largerThanBytes = integer(value, "larger_than_bytes", in: 0...Int.max)
            .map { Int64($0) }
        filter.smallerThanBytes = integer(value, "smaller_than_bytes", in: 1...Int.max)
            .map { Int64($0) }
        if let larger = filter.largerThanBytes, let smaller = filter.smallerThanBytes,
            larger >= smaller - 1
        {
            report(
                value["smaller_than_bytes"] ?? value,
                "nothing is larger than \(larger) and smaller than \(smaller) bytes", "swap them")
        }
        return filter
    }

    private mutating func conditions(
        _ value: JSONValue, _ columns: [ColumnDefinition]
    ) -> [RetentionRule.Filter.Condition] {
        guard let given = value["where"], isObject(given, "\"where\"") else { return [] }
        var conditions: [RetentionRule.Filter.Condition] = []
        for member in given.object ?? [] {
            guard let position = columns.firstIndex(where: { $0.name == member.key }) else {
                reportUnknown(member.value, "column", member.key, columns.map(\.name))
                continue
            }
            if conditions.contains(where: { $0.column == position }) {
                report(member.value, "\(member.key) is here twice", "list its values in an array")
                continue
            }
            guard mayBeCondition(columns[position], member.value) else { continue }
            let literals = member.value.array ?? [member.value]
            if literals.isEmpty {
                report(member.value, "without a value the rule is for no row", "add one")
            }
            let values = literals.compactMap { self.value($0, columns[position]) }
            conditions.append(.init(column: position, values: values))
        }
        return conditions
    }

    private mutating func mayBeCondition(
        _ column: ColumnDefinition, _ value: JSONValue
    ) -> Bool {
        switch column.type {
        case .boolean, .integer, .bigint, .varchar, .date, .timestamp: break
        default:
            report(
                value, "a \(column.type) is not compared with values",
                "take a column of text, integers, booleans, dates or timestamps")
            return false
        }
        if column.valueClass == .volatile {
            report(
                value, "\(column.name) is volatile: rows may hold an old value of it",
                "take another column")
            return false
        }
        return true
    }

    private mutating func value(_ literal: JSONValue, _ column: ColumnDefinition) -> Value? {
        let value = ColumnLiteral.value(literal, column.type, column.format)
        if value == nil {
            report(literal, "the value is no \(column.type)", nil)
        }
        return value
    }

    /// A date of the form 2026-01-31, as days since 1970.
    private mutating func day(_ owner: JSONValue, _ key: String) -> Int32? {
        guard let text = string(owner, key) else { return nil }
        guard text.utf8.count == 10, let micros = ColumnLiteral.micros(text, .iso8601) else {
            report(
                owner[key] ?? owner, "\"\(text)\" is no date", "write it like \"2026-01-31\"")
            return nil
        }
        return Int32(clamping: CivilTime.floorDays(micros: micros))
    }
}

extension RetentionRule {
    /// Whether this rule acts on all rows of another, as far as it and never later.
    package func outruns(_ other: RetentionRule) -> Bool {
        guard action >= other.action, filter.isWiderThan(other.filter) else { return false }
        switch (due, other.due) {
        case (.afterDays(let mine), .afterDays(let others)): return mine <= others
        case (.onDay(let mine), .onDay(let others)): return mine <= others
        default: return false
        }
    }
}

extension RetentionRule.Filter {
    /// Whether every row that another filter lets pass passes this one.
    func isWiderThan(_ other: RetentionRule.Filter) -> Bool {
        let hasConditions = conditions.allSatisfy { mine in
            other.conditions.contains {
                $0.column == mine.column && Set($0.values).isSubset(of: mine.values)
            }
        }
        return hasConditions
            && firstDay ?? .min <= other.firstDay ?? .min
            && lastDay ?? .max >= other.lastDay ?? .max
            && largerThanBytes ?? -1 <= other.largerThanBytes ?? -1
            && smallerThanBytes ?? .max >= other.smallerThanBytes ?? .max
    }
}
