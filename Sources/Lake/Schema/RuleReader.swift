import Columnar

/// Column rules of a schema file.
extension DefinitionReader {
    static let ruleKeys = [
        "null_values", "strip_prefix", "default", "constant", "number", "scale", "time_zone",
    ]

    /// The rules of a column or field; each is checked against the column's type.
    mutating func rules(
        _ value: JSONValue, _ type: DataType, _ format: InstantFormat
    ) -> ColumnRules {
        var rules = ColumnRules()
        var scalar = type
        if case .array(let element) = type { scalar = element }
        let isRow = if case .row = scalar { true } else { false }
        let owner: String? = isRow ? "columns that are no rows" : nil
        if belongs(value, "null_values", to: owner) { rules.nullTexts = nullTexts(value) }
        if belongs(value, "strip_prefix", to: owner) { rules.prefixes = prefixes(value) }
        let numbers = scalar.isNumeric ? nil : "integer, bigint, real and double"
        if belongs(value, "number", to: numbers) {
            rules.number = choice(value, "number", NumberForm.self) ?? .plain
        }
        if belongs(value, "scale", to: numbers) { rules.scaleExponent = scaleExponent(value) }
        let times = scalar.isTemporal ? nil : "dates and timestamps"
        if belongs(value, "time_zone", to: times) { rules.zone = zone(value) }
        if value["default"] != nil, value["constant"] != nil {
            report(value["default"] ?? value, "a constant needs no default", "remove one of them")
        }
        for key in ["default", "constant"] {
            guard let literal = value[key], !literal.isNull else { continue }
            rules.fallback = ColumnLiteral.value(literal, type, format)
            if rules.fallback == nil {
                report(
                    literal, "the \(key) is no \(type)",
                    type.isNested ? "only scalar columns have one" : nil)
            }
        }
        return rules
    }

    /// Whether a key is there, and may be: `owner` names the columns that it belongs to when this is none.
    private mutating func belongs(_ value: JSONValue, _ key: String, to owner: String?) -> Bool {
        guard let member = value[key] else { return false }
        guard let owner else { return true }
        report(member, "\"\(key)\" belongs to \(owner)", "remove it")
        return false
    }

    private mutating func nullTexts(_ value: JSONValue) -> [NullText] {
        var texts: [NullText] = []
        for item in array(value, "null_values", isRequired: false) ?? [] {
            guard let text = item.string ?? item.integer.map({ "\($0)" }) else {
                report(item, "a null value must be a string, not \(item.kindName)", nil)
                continue
            }
            guard text != "*" else {
                report(
                    item, "\"*\" would make every value NULL",
                    "write the beginning of the placeholder before the *")
                continue
            }
            texts.append(NullText(text))
        }
        return texts
    }

    private mutating func prefixes(_ value: JSONValue) -> [String] {
        guard let given = value["strip_prefix"] else { return [] }
        var prefixes: [String] = []
        for item in given.array ?? [given] {
            guard let text = item.string, !text.isEmpty else {
                report(item, "\"strip_prefix\" is a text that is not empty, or a list of them", nil)
                continue
            }
            prefixes.append(text)
        }
        return prefixes
    }

    /// A power of ten from 1e-18 to 1e18, as its exponent.
    private mutating func scaleExponent(_ value: JSONValue) -> Int {
        let given = value["scale"]?.double
        for exponent in -18...18 where Double("1e\(exponent)") == given { return exponent }
        report(
            value["scale"] ?? value, "\"scale\" must be a power of ten",
            "write 0.001 to make seconds of milliseconds")
        return 0
    }

    private mutating func zone(_ value: JSONValue) -> NamedZone? {
        guard let name = string(value, "time_zone") else { return nil }
        if name == "UTC" { return nil }
        guard let rules = ZoneRules.named(name, in: zoneFolder) else {
            report(
                value["time_zone"] ?? value, "there is no time zone \"\(name)\" in \(zoneFolder)",
                "write it like Asia/Singapore")
            return nil
        }
        return NamedZone(name: name, rules: rules)
    }
}

/// Paths into arrays.
extension DefinitionReader {
    /// An element is one item: the paths of a frame reach into one array all by position or all by one key.
    mutating func checkSelectors(_ owner: JSONValue, _ columns: [ColumnDefinition]) {
        var ways: [KeyPath: (way: String, path: KeyPath)] = [:]
        let values = (owner["columns"] ?? owner["fields"])?.array ?? []
        for column in columns {
            let value = values.first { $0["name"]?.string == column.name } ?? owner
            for path in column.source.allPaths {
                for (depth, step) in path.steps.enumerated() {
                    let way: String
                    switch step {
                    case .position: way = "position"
                    case .item(let key, _): way = "key " + key
                    case .key, .everyItem: continue
                    }
                    let array = KeyPath(steps: Array(path.steps[..<depth]))
                    if let other = ways[array], other.way != way {
                        report(
                            value["path"] ?? value,
                            "\(path) and \(other.path) reach into \(array) in two ways",
                            "take positions, or one key, for all paths into an array")
                    } else {
                        ways[array] = (way, path)
                    }
                }
            }
            if !column.fields.isEmpty { checkSelectors(value, column.fields) }
        }
    }
}

/// Values that a schema file writes down: defaults and constants.
enum ColumnLiteral {
    /// The value as the type holds it; nil when it does not.
    static func value(_ literal: JSONValue, _ type: DataType, _ format: InstantFormat) -> Value? {
        switch (type, literal.content) {
        case (.boolean, .boolean(let bit)): return .boolean(bit)
        case (.bigint, .integer(let number)): return .int(number)
        case (.integer, .integer(let number)):
            return Int32(exactly: number).map { .int(Int64($0)) }
        case (.double, _): return literal.double.map { .double($0) }
        case (.real, _):
            return literal.double.flatMap { Float($0).isFinite ? .float(Float($0)) : nil }
        case (.varchar(let length), .string(let text)):
            return text.unicodeScalars.count <= length ?? .max ? .text(text) : nil
        case (.json, _):
            var writer = JSONWriter()
            writer.value(literal)
            return .text(writer.text)
        case (.timestamp, .string(let text)): return micros(text, format).map { .int($0) }
        case (.date, .string(let text)):
            return micros(text, format).flatMap {
                Int32(exactly: CivilTime.floorDays(micros: $0)).map { .int(Int64($0)) }
            }
        default: return nil
        }
    }

    static func micros(_ text: String, _ format: InstantFormat) -> Int64? {
        Array(text.utf8).withUnsafeBytes {
            InstantText.micros($0, format: InstantFormatCode(format))
        }
    }
}

extension DataType {
    fileprivate var isTemporal: Bool {
        switch self {
        case .date, .timestamp: true
        default: false
        }
    }
}
