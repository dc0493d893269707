import Columnar

/// Columns of a schema file.
extension DefinitionReader {
    static let columnKeys =
        [
            "name", "type", "path", "gather", "separator", "capture", "class", "required", "doc",
            "format", "split", "fields",
        ] + ruleKeys

    /// One column, or one field of a nested row; nil when it cannot be understood at all.
    mutating func column(
        _ value: JSONValue, captures: [String]?, isNested: Bool
    ) -> ColumnDefinition? {
        let what = isNested ? "a field" : "a column"
        guard isObject(value, what) else { return nil }
        checkKeys(value, Self.columnKeys, of: what)
        guard let name = identifier(value, "name"), let declared = columnType(value) else {
            return nil
        }
        let fields = nestedFields(value, declared)
        let type = Self.complete(declared, fields)
        checkBelongings(value, type)
        let valueClass = choice(value, "class", ValueClass.self) ?? .static
        let isRequired = boolean(value, "required") ?? false
        if isNested, isRequired || valueClass == .key {
            report(
                value, "the field \(name) cannot be required or a key",
                "only whole columns can be")
        }
        if valueClass == .key {
            switch type {
            case .varchar, .integer, .bigint, .date, .timestamp: break
            default:
                report(
                    value["type"] ?? value, "a \(type) cannot be a key",
                    "take varchar, integer, bigint, date or timestamp(6)")
            }
        }
        guard let source = source(value, name, type, captures: captures, isNested: isNested)
        else { return nil }
        let format = choice(value, "format", InstantFormat.self) ?? .auto
        return ColumnDefinition(
            name: name, type: type, source: source, valueClass: valueClass,
            isRequired: isRequired || valueClass == .key, doc: string(value, "doc"),
            format: format, splitByte: splitByte(value, type),
            rules: rules(value, type, format), fields: fields)
    }

    private mutating func columnType(_ value: JSONValue) -> DataType? {
        guard let text = string(value, "type", isRequired: true) else { return nil }
        do throws(TypeParser.Invalid) {
            return try TypeParser.parse(text)
        } catch {
            report(
                value["type"] ?? value, "the type \"\(text)\" \(error.reason)",
                "types are \(TypeParser.scalarNames.joined(separator: ", "))")
            return nil
        }
    }

    /// The fields of the row within a type: listed beside it, or taken from the type's own text.
    private mutating func nestedFields(
        _ value: JSONValue, _ type: DataType
    ) -> [ColumnDefinition] {
        var row = type
        if case .array(let element) = type { row = element }
        guard case .row(let inline) = row else {
            if let fields = value["fields"] {
                report(fields, "\"fields\" belong to a row or an array of rows", "remove them")
            }
            if case .array(.array) = type {
                report(value["type"] ?? value, "arrays of arrays have no column form", "take json")
            }
            return []
        }
        guard inline.isEmpty else {
            if value["fields"] != nil {
                report(
                    value, "the fields stand in the type and in \"fields\"",
                    "write \"type\": \"row\" or \"array(row)\" beside \"fields\"")
            }
            return inline.map { Self.plain($0.name ?? "", $0.type) }
        }
        var fields: [ColumnDefinition] = []
        for item in array(value, "fields", isRequired: true) ?? [] {
            guard let field = column(item, captures: nil, isNested: true) else { continue }
            if fields.contains(where: { $0.name == field.name }) {
                report(item, "field \(field.name) is here twice", "rename one of them")
            }
            fields.append(field)
        }
        if fields.isEmpty { report(value, "a row needs fields", nil) }
        return fields
    }

    /// A field that only a type's text names: its key is its name.
    private static func plain(_ name: String, _ type: DataType) -> ColumnDefinition {
        var row = type
        if case .array(let element) = type { row = element }
        var fields: [ColumnDefinition] = []
        if case .row(let inline) = row { fields = inline.map { plain($0.name ?? "", $0.type) } }
        return ColumnDefinition(
            name: name, type: type, source: .paths([KeyPath([name])]), valueClass: .static,
            isRequired: false, doc: nil, format: .auto, splitByte: nil, fields: fields)
    }

    /// The type with its row's fields filled in.
    private static func complete(_ type: DataType, _ fields: [ColumnDefinition]) -> DataType {
        guard !fields.isEmpty else { return type }
        let row = DataType.row(fields.map { RowField(name: $0.name, type: $0.type) })
        if case .array = type { return .array(row) }
        return row
    }

    private mutating func checkBelongings(_ value: JSONValue, _ type: DataType) {
        if let format = value["format"] {
            switch type {
            case .timestamp, .date: break
            default: report(format, "\"format\" belongs to dates and timestamps", "remove it")
            }
        }
    }

    private mutating func splitByte(_ value: JSONValue, _ type: DataType) -> UInt8? {
        guard let text = string(value, "split") else { return nil }
        guard type == .array(.text) else {
            report(value["split"] ?? value, "\"split\" belongs to array(varchar)", nil)
            return nil
        }
        guard text.utf8.count == 1, let byte = text.utf8.first else {
            report(value["split"] ?? value, "\"split\" must be one ASCII character", nil)
            return nil
        }
        return byte
    }

    /// Where the value comes from; without a word about it, from the key of the column's name.
    private mutating func source(
        _ value: JSONValue, _ name: String, _ type: DataType, captures: [String]?, isNested: Bool
    ) -> ColumnSource? {
        let given = ["path", "gather", "capture", "constant"].filter { value[$0] != nil }
        if given.count > 1, given != ["path", "gather"] {
            report(
                value[given[1]] ?? value, "a column has one source",
                "give \"path\", \"capture\" or \"constant\"")
            return nil
        }
        if value["separator"] != nil, value["gather"] == nil {
            report(value["separator"] ?? value, "\"separator\" belongs to \"gather\"", "remove it")
        }
        switch given.last {
        case "constant": return .constant
        case "capture":
            guard !isNested else {
                report(value["capture"] ?? value, "fields of rows have paths only", nil)
                return nil
            }
            guard let wanted = string(value, "capture"), let captures else { return nil }
            guard let position = captures.firstIndex(of: wanted) else {
                reportUnknown(
                    value["capture"] ?? value, "capture in the raw path named", wanted, captures)
                return nil
            }
            return .capture(position)
        case "gather":
            switch type {
            case .varchar: break
            case .array(let element) where !element.isNested: break
            default:
                report(
                    value["gather"] ?? value, "\"gather\" makes no \(type)",
                    "it belongs to varchar and to arrays of scalars")
                return nil
            }
            guard let parts = paths(value, "gather") else { return nil }
            let whole = value["path"] == nil ? [] : paths(value, "path")
            return whole.map {
                .gathered(
                    paths: $0, parts: parts, separator: string(value, "separator") ?? " ")
            }
        case "path": return paths(value, "path").map { .paths($0) }
        default: return .paths([KeyPath([name])])
        }
    }

    /// The paths under a key, a string or a list of strings; nil when none of them can be read.
    mutating func paths(
        _ owner: JSONValue, _ key: String, mayIgnore: Bool = false
    ) -> [KeyPath]? {
        guard let given = owner[key] else { return nil }
        var paths: [KeyPath] = []
        for item in given.array ?? [given] {
            guard let text = item.string, let path = KeyPath(parsing: text) else {
                report(
                    item, "a path is a string of keys",
                    "write it like owner.id, \"a.b\".c for a key with a dot, or data[name=reach].value"
                )
                continue
            }
            if path.steps.count > Limits.nestingDepth {
                report(item, "a path has at most \(Limits.nestingDepth) steps", nil)
                continue
            }
            if !mayIgnore, path.steps.contains(.everyItem) {
                report(
                    item, "[*] is many values, and a column takes one", "take [0] or [key=value]")
                continue
            }
            paths.append(path)
        }
        if paths.isEmpty, given.array?.isEmpty == true { report(given, "no path is given", nil) }
        return paths.isEmpty ? nil : paths
    }
}
