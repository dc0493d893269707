import Columnar

extension TypeName {
    /// The type that the name means.
    ///
    /// Errors: TYPE_NOT_FOUND for an unknown name, INVALID_FUNCTION_ARGUMENT for parameters out of range.
    func resolved() throws(QueryError) -> DataType {
        switch name {
        case "boolean": return try plain(.boolean)
        case "tinyint": return try plain(.tinyint)
        case "smallint": return try plain(.smallint)
        case "integer", "int": return try plain(.integer)
        case "bigint": return try plain(.bigint)
        case "real": return try plain(.real)
        case "double": return try plain(.double)
        case "varbinary": return try plain(.varbinary)
        case "json": return try plain(.json)
        case "uuid": return try plain(.uuid)
        case "date": return try plain(.date)
        case "unknown": return try plain(.unknown)
        case "interval day to second": return .intervalDayToSecond
        case "interval year to month": return .intervalYearToMonth
        case "decimal", "dec", "numeric": return try resolvedDecimal()
        case "varchar":
            guard let length = try number(upTo: 1) else { return .text }
            return .varchar(
                length: length == 2_147_483_647 ? nil : try checked(length, 0...Int(Int32.max - 1)))
        case "char": return .char(length: try checked(try number(upTo: 1) ?? 1, 1...65_536))
        case "time", "timestamp", "timestamp with time zone": return try resolvedTemporal()
        case "array" where types.count == 1: return .array(try types[0].resolved())
        case "map" where types.count == 2:
            return .map(key: try types[0].resolved(), value: try types[1].resolved())
        case "row" where !types.isEmpty:
            var fields: [RowField] = []
            for (type, name) in zip(types, fieldNames) {
                fields.append(RowField(name: name, type: try type.resolved()))
            }
            return .row(fields)
        default: throw unknownType()
        }
    }

    private func plain(_ type: DataType) throws(QueryError) -> DataType {
        guard numbers.isEmpty, types.isEmpty else { throw unknownType() }
        return type
    }

    private func number(upTo count: Int) throws(QueryError) -> Int? {
        guard numbers.count <= count, types.isEmpty else { throw unknownType() }
        return numbers.first
    }

    private func resolvedDecimal() throws(QueryError) -> DataType {
        _ = try number(upTo: 2)
        let precision = numbers.first ?? 38
        let scale = numbers.count > 1 ? numbers[1] : 0
        guard (1...38).contains(precision) else {
            throw QueryError(
                .invalidFunctionArgument,
                "DECIMAL precision must be in range [1, 38]: \(precision)", at: range)
        }
        guard (0...precision).contains(scale) else {
            throw QueryError(
                .invalidFunctionArgument,
                "DECIMAL scale must be in range [0, precision (\(precision))]: \(scale)", at: range)
        }
        return .decimal(precision: precision, scale: scale)
    }

    private func resolvedTemporal() throws(QueryError) -> DataType {
        let precision = try number(upTo: 1) ?? 3
        guard precision <= 6 else {
            throw QueryError(
                .notSupported,
                "\(name.uppercased()) precision must be in range [0, 6]: \(precision)", at: range)
        }
        return switch name {
        case "time": .time(precision: precision)
        case "timestamp": .timestamp(precision: precision)
        default: .timestampTZ(precision: precision)
        }
    }

    private func checked(_ value: Int, _ allowed: ClosedRange<Int>) throws(QueryError) -> Int {
        guard allowed.contains(value) else {
            throw QueryError(
                .invalidFunctionArgument,
                "\(name.uppercased()) length must be in range "
                    + "[\(allowed.lowerBound), \(allowed.upperBound)], found: \(value)",
                at: range)
        }
        return value
    }

    private func unknownType() -> QueryError {
        let parameters = numbers.map { "\($0)" } + types.map(\.name)
        let text = parameters.isEmpty ? name : "\(name)(\(parameters.joined(separator: ", ")))"
        return QueryError(
            .typeNotFound, "Unknown type: \(text)", at: range,
            hint: Self.foreignNames[name].map { "use \($0)" }
                ?? NearestName.hint(name, among: Self.names))
    }

    private static let names = [
        "boolean", "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal",
        "varchar", "char", "varbinary", "json", "uuid", "date", "time", "timestamp", "array", "map",
        "row",
    ]

    private static let foreignNames = [
        "string": "varchar", "text": "varchar", "float": "real or double", "float8": "double",
        "int4": "integer", "int8": "bigint", "long": "bigint", "bool": "boolean",
        "binary": "varbinary", "bytea": "varbinary", "struct": "row", "datetime": "timestamp",
        "timestamptz": "timestamp with time zone",
    ]
}
