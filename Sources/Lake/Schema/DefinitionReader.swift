import Columnar

extension TableDefinition {
    /// Decodes one schema file; throws `schemaFile` with every mistake that it holds.
    ///
    /// - zoneFolder: where tzdata's files are.
    package static func parse(
        _ bytes: [UInt8], path: String, zoneFolder: String = ZoneRules.systemFolder
    ) throws(LakeError) -> TableDefinition {
        guard bytes.count <= Limits.schemaFileBytes else {
            throw .limit(
                name: "schemaFileBytes", value: bytes.count, limit: Limits.schemaFileBytes,
                location: FileLocation(path: path))
        }
        let root: JSONValue
        do throws(ColumnarError) {
            root = try JSONValue.parse(bytes)
        } catch .json(let reason, let position, _) {
            let mistake = SchemaMistake(
                position: position, problem: "not JSON: \(reason)", remedy: nil)
            throw .schemaFile(path: path, mistakes: [mistake])
        } catch {
            throw .columnar(error)
        }
        var reader = DefinitionReader(zoneFolder: zoneFolder)
        guard let definition = reader.table(root), reader.mistakes.isEmpty else {
            throw .schemaFile(path: path, mistakes: reader.mistakesInFileOrder)
        }
        return definition
    }
}

/// Walks a schema file's tree, collecting mistakes instead of stopping at the first.
struct DefinitionReader {
    let zoneFolder: String
    private(set) var mistakes: [SchemaMistake] = []
    /// Columns whose own mistakes are told already.
    private var brokenColumns: Set<String> = []

    init(zoneFolder: String) {
        self.zoneFolder = zoneFolder
    }

    var mistakesInFileOrder: [SchemaMistake] {
        mistakes.sorted { a, b in
            let first = a.position.map { ($0.line, $0.column) } ?? (0, 0)
            let second = b.position.map { ($0.line, $0.column) } ?? (0, 0)
            return first < second
        }
    }

    static let tableKeys = [
        "table", "doc", "raw", "partition", "sort", "retention", "checks", "settings", "columns",
        "ignore",
    ]

    mutating func table(_ root: JSONValue) -> TableDefinition? {
        guard root.object != nil else {
            report(root, "a schema file is an object, not \(root.kindName)", nil)
            return nil
        }
        checkKeys(root, Self.tableKeys, of: "a table")
        let name = identifier(root, "table")
        let raw = member(root, "raw").flatMap { rawLayout($0) }
        var columns: [ColumnDefinition] = []
        if let list = array(root, "columns", isRequired: true) {
            for value in list {
                if let column = column(value, captures: raw?.captureNames, isNested: false) {
                    if columns.contains(where: { $0.name == column.name }) {
                        report(value, "column \(column.name) is here twice", "rename one of them")
                    }
                    columns.append(column)
                } else if let name = value["name"]?.string {
                    brokenColumns.insert(name)
                }
            }
        }
        if columns.count > Limits.tableColumns {
            report(root, "\(columns.count) columns; the limit is \(Limits.tableColumns)", nil)
        }
        if mistakes.isEmpty, !columns.contains(where: { $0.valueClass == .key }) {
            report(
                root["columns"] ?? root, "no column has the class key",
                "give \"class\": \"key\" to the columns that identify a row")
        }
        let partition = partitionRule(root, &columns)
        let sort = sortRules(root, columns, partition)
        let retention = retentionRules(root, columns, partition)
        let checks = qualityChecks(root, columns, raw)
        let settings = tableSettings(root, columns)
        checkMetrics(root, columns, settings)
        let ignored = paths(root, "ignore", mayIgnore: true) ?? []
        checkSelectors(root, columns)
        guard let name, let raw else { return nil }
        var table = TableDefinition(
            name: name, doc: string(root, "doc"), raw: raw, columns: columns,
            partition: partition, sort: sort, retention: retention, checks: checks,
            settings: settings)
        table.ignored = ignored
        return table
    }

    private mutating func rawLayout(_ value: JSONValue) -> RawLayout? {
        guard isObject(value, "raw") else { return nil }
        checkKeys(value, ["path", "format", "records"], of: "raw")
        let format = choice(value, "format", RawLayout.Format.self) ?? .json
        let keys = string(value, "records").map { text in
            text.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        }
        if let keys, format != .array || keys.contains("") || keys.count > Limits.nestingDepth {
            report(
                value["records"] ?? value,
                format == .array
                    ? "\"records\" must be keys with dots between them"
                    : "\"records\" says where an array lies, and the format is \(format.rawValue)",
                "write it like \"format\": \"array\", \"records\": \"data\"")
        }
        guard let pattern = string(value, "path", isRequired: true) else { return nil }
        do throws(RawLayout.InvalidPattern) {
            return try RawLayout(pattern: pattern, format: format, recordPath: keys ?? [])
        } catch {
            report(
                value["path"] ?? value, "the path \"\(pattern)\" \(error.reason)",
                "write it like posts/{user_id}/{post_id}.json")
            return nil
        }
    }

    private mutating func partitionRule(
        _ root: JSONValue, _ columns: inout [ColumnDefinition]
    ) -> PartitionRule? {
        guard let value = root["partition"], isObject(value, "partition") else { return nil }
        checkKeys(value, ["column", "transform"], of: "partition")
        let names = PartitionTransform.allCases.map(\.rawValue) + ["none"]
        let text = string(value, "transform", isRequired: true)
        if text == "none" { return nil }
        guard let position = columnNamed(value, "column", columns), let text else { return nil }
        guard let transform = PartitionTransform(rawValue: text) else {
            reportUnknown(value["transform"] ?? value, "transform", text, names)
            return nil
        }
        switch (columns[position].type, transform) {
        case (.timestamp, _), (.date, .day), (.date, .month): break
        default:
            report(
                value["column"] ?? value,
                "\(transform.rawValue) of a \(columns[position].type) is no partition",
                "take a timestamp column, or a date by day or month")
        }
        if columns[position].valueClass == .volatile {
            report(value["column"] ?? value, "a volatile column cannot be the partition", nil)
        }
        columns[position].isRequired = true
        return PartitionRule(column: position, transform: transform)
    }

    /// Without a sort order: the partition column, then the key.
    private mutating func sortRules(
        _ root: JSONValue, _ columns: [ColumnDefinition], _ partition: PartitionRule?
    ) -> [SortRule] {
        guard let list = array(root, "sort", isRequired: false) else {
            var rules: [SortRule] = []
            if let partition {
                rules.append(SortRule(column: partition.column, isDescending: false))
            }
            for i in columns.indices where columns[i].valueClass == .key && i != partition?.column {
                rules.append(SortRule(column: i, isDescending: false))
            }
            return rules
        }
        var rules: [SortRule] = []
        for value in list {
            guard let text = value.string else {
                report(value, "a sort column must be a string, not \(value.kindName)", nil)
                continue
            }
            let isDescending = text.hasSuffix(" desc")
            let name = isDescending ? String(text.dropLast(5)) : text
            guard let position = columns.firstIndex(where: { $0.name == name }) else {
                reportUnknown(value, "column", name, columns.map(\.name))
                continue
            }
            if columns[position].type.isNested {
                report(value, "\(name) is nested and has no order", "sort by a scalar column")
            }
            rules.append(SortRule(column: position, isDescending: isDescending))
        }
        return rules
    }

    private mutating func tableSettings(
        _ root: JSONValue, _ columns: [ColumnDefinition]
    ) -> TableSettings {
        var settings = TableSettings()
        guard let value = root["settings"], isObject(value, "settings") else { return settings }
        checkKeys(
            value,
            [
                "profile", "zstd_level", "row_group_rows", "volatile", "metrics", "on_delete",
                "account", "quiet_days", "glacier_mode",
            ],
            of: "settings")
        if value["account"] != nil {
            settings.accountColumn = columnNamed(value, "account", columns)
        }
        settings.quietDays = integer(value, "quiet_days", in: 0...3_650) ?? settings.quietDays
        settings.glacierMode =
            choice(value, "glacier_mode", GlacierMode.self) ?? settings.glacierMode
        settings.profile = choice(value, "profile", ParquetProfile.self) ?? settings.profile
        settings.zstdLevel = integer(value, "zstd_level", in: 1...22)
        settings.rowGroupRows =
            integer(value, "row_group_rows", in: 1_024...16_777_216) ?? settings.rowGroupRows
        settings.volatile =
            choice(value, "volatile", TableSettings.Volatile.self) ?? settings.volatile
        settings.metrics = boolean(value, "metrics") ?? settings.metrics
        settings.onDelete =
            choice(value, "on_delete", TableSettings.OnDelete.self) ?? settings.onDelete
        return settings
    }

    /// The columns of the metrics table must have names of their own.
    private mutating func checkMetrics(
        _ root: JSONValue, _ columns: [ColumnDefinition], _ settings: TableSettings
    ) {
        let counters = TableDefinition.counters(of: columns, path: [])
        guard settings.metrics, !counters.isEmpty else { return }
        var seen = Set(columns.filter { $0.valueClass == .key }.map(\.name))
        seen.insert(TableDefinition.observedAt.name)
        for counter in counters where !seen.insert(counter.name).inserted {
            report(
                root["columns"] ?? root,
                "the metrics table would have the column \(counter.name) twice",
                "rename \(counter.path.joined(separator: ".")), or set \"metrics\": false")
        }
    }
}

/// Members by kind: each reports what does not fit and returns nil.
extension DefinitionReader {
    mutating func report(_ value: JSONValue, _ problem: String, _ remedy: String?) {
        mistakes.append(
            SchemaMistake(position: value.position, problem: problem, remedy: remedy))
    }

    mutating func reportUnknown(
        _ value: JSONValue, _ what: String, _ name: String, _ known: [String]
    ) {
        reportUnknown(at: value.position, what, name, known)
    }

    private mutating func reportUnknown(
        at position: JSONPosition, _ what: String, _ name: String, _ known: [String]
    ) {
        if what == "column", brokenColumns.contains(name) { return }
        let remedy =
            NearestName.of(name, in: known).map { "did you mean \($0)?" }
            ?? "known are \(known.joined(separator: ", "))"
        mistakes.append(
            SchemaMistake(
                position: position, problem: "there is no \(what) \"\(name)\"", remedy: remedy))
    }

    mutating func checkKeys(_ value: JSONValue, _ known: [String], of owner: String) {
        var seen: [String] = []
        for member in value.object ?? [] {
            if !known.contains(member.key) {
                reportUnknown(
                    at: member.keyPosition, "key of \(owner) named", member.key, known)
            } else if seen.contains(member.key) {
                mistakes.append(
                    SchemaMistake(
                        position: member.keyPosition,
                        problem: "the key \"\(member.key)\" is here twice",
                        remedy: "remove one of them"))
            }
            seen.append(member.key)
        }
    }

    mutating func isObject(_ value: JSONValue, _ what: String) -> Bool {
        if value.object != nil { return true }
        report(value, "\(what) must be an object, not \(value.kindName)", nil)
        return false
    }

    mutating func member(_ owner: JSONValue, _ key: String) -> JSONValue? {
        guard let value = owner[key] else {
            report(owner, "the key \"\(key)\" is missing", "add it")
            return nil
        }
        return value
    }

    mutating func string(_ owner: JSONValue, _ key: String, isRequired: Bool = false) -> String? {
        guard let value = isRequired ? member(owner, key) : owner[key] else { return nil }
        if value.string == nil {
            report(value, "\"\(key)\" must be a string, not \(value.kindName)", nil)
        }
        return value.string
    }

    mutating func boolean(_ owner: JSONValue, _ key: String) -> Bool? {
        guard let value = owner[key] else { return nil }
        if value.boolean == nil {
            report(value, "\"\(key)\" must be true or false, not \(value.kindName)", nil)
        }
        return value.boolean
    }

    mutating func integer(
        _ owner: JSONValue, _ key: String, in range: ClosedRange<Int>, isRequired: Bool = false
    ) -> Int? {
        guard let value = isRequired ? member(owner, key) : owner[key] else { return nil }
        guard let number = value.integer, range.contains(Int(number)) else {
            let bounds = "\(range.lowerBound)...\(range.upperBound)"
            report(value, "\"\(key)\" must be an integer in \(bounds)", nil)
            return nil
        }
        return Int(number)
    }

    mutating func array(_ owner: JSONValue, _ key: String, isRequired: Bool) -> [JSONValue]? {
        guard let value = isRequired ? member(owner, key) : owner[key] else { return nil }
        if value.array == nil {
            report(value, "\"\(key)\" must be an array, not \(value.kindName)", nil)
        }
        return value.array
    }

    mutating func identifier(_ owner: JSONValue, _ key: String) -> String? {
        guard let name = string(owner, key, isRequired: true) else { return nil }
        guard Identifier.isValid(name) else {
            report(
                owner[key] ?? owner, "\"\(name)\" cannot be a name",
                "take \(Identifier.rule)")
            return nil
        }
        return name
    }

    /// A member that is one of an enum's raw values.
    mutating func choice<T: RawRepresentable & CaseIterable>(
        _ owner: JSONValue, _ key: String, _ type: T.Type
    ) -> T? where T.RawValue == String {
        guard let text = string(owner, key) else { return nil }
        guard let choice = T(rawValue: text) else {
            reportUnknown(owner[key] ?? owner, key, text, T.allCases.map(\.rawValue))
            return nil
        }
        return choice
    }

    mutating func columnNamed(
        _ owner: JSONValue, _ key: String, _ columns: [ColumnDefinition]
    ) -> Int? {
        guard let name = string(owner, key, isRequired: true) else { return nil }
        guard let position = columns.firstIndex(where: { $0.name == name }) else {
            reportUnknown(owner[key] ?? owner, "column", name, columns.map(\.name))
            return nil
        }
        return position
    }
}
