/// One schema for many files: columns by name, types widened to one that holds every file's values.
///
/// Columns come in the order of their first appearance. A name in another case is the same column unless
/// some file has both. A column that some files lack is NULL there. Source of the widenings: DuckDB's
/// `union_by_name` and Spark's `mergeSchema`, as far as no value is lost in a way that SQL would not.
struct SchemaUnion {
    private struct Column {
        var name: String
        var type: DataType
        /// The file that the type came from, for errors.
        var path: String
    }

    private var columns: [Column] = []
    private var byName: [String: Int] = [:]
    private var byFolded: [String: [Int]] = [:]
    /// Schemas that were added already: most files of a dataset have the first one's.
    private var seen: Set<Schema> = []

    /// The columns so far; nested parts and types without field ids, all nullable.
    var schema: Schema { Schema(columns.map { Field(name: $0.name, type: $0.type) }) }

    /// Positions of columns whose name another column has in another case.
    var columnsWithTwins: [Int] { byFolded.values.filter { $0.count > 1 }.flatMap { $0 }.sorted() }

    /// Adds one file's columns.
    ///
    /// Errors: `unsupported` where a column's types have no common one; it names both files.
    mutating func add(_ file: Schema, path: String) throws(ColumnarError) {
        guard seen.insert(file).inserted else { return }
        var folded: [String: Int] = [:]
        for field in file.fields { folded[field.name.lowercased(), default: 0] += 1 }
        var own: Set<String> = []
        // Of two columns with the very same name no query could mean the second.
        for field in file.fields where own.insert(field.name).inserted {
            let isAmbiguous = folded[field.name.lowercased(), default: 0] > 1
            guard let held = position(of: field.name, isAmbiguous: isAmbiguous) else {
                append(field, path: path)
                continue
            }
            let column = columns[held]
            guard let type = Self.common(column.type, field.type) else {
                throw .unsupported(
                    FileLocation(path: path, column: field.name),
                    feature:
                        "\(field.type) together with \(column.type), which the column is in "
                        + "\(column.path),")
            }
            if type != column.type {
                columns[held].type = type
                columns[held].path = path
            }
        }
    }

    private func position(of name: String, isAmbiguous: Bool) -> Int? {
        if let exact = byName[name] { return exact }
        guard !isAmbiguous, let same = byFolded[name.lowercased()], same.count == 1 else {
            return nil
        }
        return same[0]
    }

    private mutating func append(_ field: Field, path: String) {
        byName[field.name] = columns.count
        byFolded[field.name.lowercased(), default: []].append(columns.count)
        columns.append(Column(name: field.name, type: field.type, path: path))
    }

    // MARK: Types

    /// The type that holds the values of both; nil: there is none.
    static func common(_ a: DataType, _ b: DataType) -> DataType? {
        if a == b { return a }
        switch (a, b) {
        case (.unknown, let other), (let other, .unknown): return other
        case (.array(let x), .array(let y)): return common(x, y).map { .array($0) }
        case (.map(let k1, let v1), .map(let k2, let v2)):
            guard let key = common(k1, k2), let value = common(v1, v2) else { return nil }
            return .map(key: key, value: value)
        case (.row(let x), .row(let y)): return common(x, y)
        case (.timestamp(let p), .timestamp(let q)): return .timestamp(precision: max(p, q))
        case (.timestampTZ(let p), .timestampTZ(let q)): return .timestampTZ(precision: max(p, q))
        case (.time(let p), .time(let q)): return .time(precision: max(p, q))
        case (.timestamp(let p), .timestampTZ(let q)), (.timestampTZ(let q), .timestamp(let p)):
            return .timestampTZ(precision: max(p, q))
        case (.date, .timestamp), (.date, .timestampTZ): return b
        case (.timestamp, .date), (.timestampTZ, .date): return a
        case (.varchar, .json), (.json, .varchar): return .text
        case (.varchar, .varbinary), (.varbinary, .varchar): return .varbinary
        default: return number(a, b)
        }
    }

    private static func common(_ a: [RowField], _ b: [RowField]) -> DataType? {
        var fields = a
        for field in b {
            let same =
                fields.firstIndex { $0.name == field.name }
                ?? fields.firstIndex { $0.name?.lowercased() == field.name?.lowercased() }
            guard let same else {
                fields.append(field)
                continue
            }
            guard let type = common(fields[same].type, field.type) else { return nil }
            fields[same] = RowField(name: fields[same].name, type: type)
        }
        return .row(fields)
    }

    private static func number(_ a: DataType, _ b: DataType) -> DataType? {
        guard a.isNumeric, b.isNumeric else { return nil }
        let ranks: [DataType] = [.tinyint, .smallint, .integer, .bigint]
        if let x = ranks.firstIndex(of: a), let y = ranks.firstIndex(of: b) {
            return ranks[max(x, y)]
        }
        guard let (p, s) = a.asDecimal, let (q, t) = b.asDecimal else { return .double }
        let scale = max(s, t)
        let precision = max(p - s, q - t) + scale
        return precision <= 38 ? .decimal(precision: precision, scale: scale) : .double
    }
}
