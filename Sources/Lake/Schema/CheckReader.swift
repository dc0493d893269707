import Columnar

/// Quality checks of a schema file.
extension DefinitionReader {
    static let checkNames = [
        "not_null", "unique", "accepted_values", "range", "pattern", "references", "minimum_rows",
        "freshness",
    ]

    static let checkKeys = [
        "check", "column", "columns", "values", "minimum", "maximum", "pattern", "table",
        "foreign_column", "rows", "hours", "on_failure",
    ]

    mutating func qualityChecks(
        _ root: JSONValue, _ columns: [ColumnDefinition]
    ) -> [QualityCheck] {
        var checks: [QualityCheck] = []
        for value in array(root, "checks", isRequired: false) ?? [] {
            guard isObject(value, "a check") else { continue }
            checkKeys(value, Self.checkKeys, of: "a check")
            let onFailure = choice(value, "on_failure", QualityCheck.OnFailure.self) ?? .warn
            if let rule = rule(value, columns) {
                checks.append(QualityCheck(rule: rule, onFailure: onFailure))
            }
        }
        return checks
    }

    private mutating func rule(
        _ value: JSONValue, _ columns: [ColumnDefinition]
    ) -> QualityCheck.Rule? {
        guard let name = string(value, "check", isRequired: true) else { return nil }
        switch name {
        case "minimum_rows":
            return integer(value, "rows", in: 0...Int.max, isRequired: true).map {
                .minimumRows($0)
            }
        case "unique":
            var positions: [Int] = []
            for item in array(value, "columns", isRequired: true) ?? [] {
                guard let position = columns.firstIndex(where: { $0.name == item.string }) else {
                    reportUnknown(item, "column", item.string ?? "", columns.map(\.name))
                    continue
                }
                positions.append(position)
            }
            return positions.isEmpty ? nil : .unique(columns: positions)
        case "not_null", "accepted_values", "range", "pattern", "references", "freshness":
            guard let column = columnNamed(value, "column", columns) else { return nil }
            return columnRule(name, column, value)
        default:
            reportUnknown(value["check"] ?? value, "check", name, Self.checkNames)
            return nil
        }
    }

    private mutating func columnRule(
        _ name: String, _ column: Int, _ value: JSONValue
    ) -> QualityCheck.Rule? {
        switch name {
        case "accepted_values":
            guard let list = array(value, "values", isRequired: true) else { return nil }
            let values = list.compactMap(\.string)
            if values.count != list.count { report(value, "accepted values are strings", nil) }
            return .acceptedValues(column: column, values: values)
        case "range":
            let minimum = value["minimum"]?.double
            let maximum = value["maximum"]?.double
            guard minimum != nil || maximum != nil else {
                report(value, "a range needs \"minimum\", \"maximum\" or both, as numbers", nil)
                return nil
            }
            return .range(column: column, minimum: minimum, maximum: maximum)
        case "pattern":
            return string(value, "pattern", isRequired: true).map {
                .pattern(column: column, regularExpression: $0)
            }
        case "references":
            guard let table = identifier(value, "table"),
                let foreign = identifier(value, "foreign_column")
            else { return nil }
            return .references(column: column, table: table, foreignColumn: foreign)
        case "freshness":
            return integer(value, "hours", in: 1...1_000_000, isRequired: true).map {
                .freshness(column: column, hours: $0)
            }
        default: return .notNull(column: column)
        }
    }
}
