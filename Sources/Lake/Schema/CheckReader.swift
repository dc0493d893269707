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
        _ root: JSONValue, _ columns: [ColumnDefinition], _ raw: RawLayout?
    ) -> [QualityCheck] {
        var checks: [QualityCheck] = []
        for value in array(root, "checks", isRequired: false) ?? [] {
            guard isObject(value, "a check") else { continue }
            checkKeys(value, Self.checkKeys, of: "a check")
            let onFailure = choice(value, "on_failure", QualityCheck.OnFailure.self) ?? .warn
            guard let rule = rule(value, columns) else { continue }
            let check = QualityCheck(rule: rule, onFailure: onFailure)
            checks.append(check)
            guard onFailure == .quarantine, !check.isOfRows else { continue }
            let reason: String
            switch rule {
            case .unique, .references:
                guard raw?.format.holdsMany == true else { continue }
                reason = "\(check.name) cannot quarantine single records of a file"
            default: reason = "\(check.name) has no file to quarantine"
            }
            report(value["on_failure"] ?? value, reason, "take \"warn\" or \"fail\"")
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
                if columns[position].type.isNested {
                    report(item, "unique does not compare nested columns", "take scalar ones")
                }
                positions.append(position)
            }
            return positions.isEmpty ? nil : .unique(columns: positions)
        case "not_null", "accepted_values", "range", "pattern", "references", "freshness":
            guard let column = columnNamed(value, "column", columns) else { return nil }
            checkType(name, columns[column], value)
            return columnRule(name, column, value)
        default:
            reportUnknown(value["check"] ?? value, "check", name, Self.checkNames)
            return nil
        }
    }

    /// Each check is of some types.
    private mutating func checkType(
        _ name: String, _ column: ColumnDefinition, _ value: JSONValue
    ) {
        let wanted: String?
        switch (name, column.type) {
        case ("accepted_values", .varchar), ("pattern", .varchar): wanted = nil
        case ("accepted_values", _), ("pattern", _): wanted = "a varchar"
        case ("range", .integer), ("range", .bigint), ("range", .real), ("range", .double):
            wanted = nil
        case ("range", _): wanted = "a number"
        case ("freshness", .date), ("freshness", .timestamp): wanted = nil
        case ("freshness", _): wanted = "a date or a timestamp"
        case ("references", _): wanted = column.type.isNested ? "a scalar" : nil
        default: wanted = nil
        }
        guard let wanted else { return }
        report(
            value["column"] ?? value, "\(name) needs \(wanted); \(column.name) is a \(column.type)",
            nil)
    }

    /// Why a regular expression does not compile.
    private static func failure(of pattern: inout String) -> RegularExpression.Failure? {
        pattern.withUTF8 { bytes in
            do throws(RegularExpression.Failure) {
                _ = try RegularExpression(UnsafeRawBufferPointer(bytes))
                return nil
            } catch {
                return error
            }
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
            if let minimum, let maximum, minimum > maximum {
                report(value, "no number is in the range from \(minimum) to \(maximum)", nil)
            }
            return .range(column: column, minimum: minimum, maximum: maximum)
        case "pattern":
            guard var pattern = string(value, "pattern", isRequired: true) else { return nil }
            if let failure = Self.failure(of: &pattern) {
                report(
                    value["pattern"] ?? value,
                    "the pattern does not compile: \(failure.reason) at byte \(failure.offset ?? 0)",
                    nil)
            }
            return .pattern(column: column, regularExpression: pattern)
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
