import Columnar

@testable import Query

/// A table that is planned and never read.
struct PlannedTable: Table {
    let schema: Schema
    var hiddenColumns: Set<Int> = []
    var rowCount: Int?

    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan {
        throw QueryError(.internalError, "a planned table has no rows")
    }
}

/// The small catalog of the planning tests: posts, accounts, and numbers of unknown size.
struct PlanCatalog: Catalog {
    private let tables: [String: PlannedTable]

    init() {
        tables = [
            "posts": Self.posts, "accounts": Self.accounts,
            "numbers": PlannedTable(
                schema: Schema([
                    Field(name: "n", type: .bigint), Field(name: "m", type: .integer),
                    Field(name: "t", type: .tinyint), Field(name: "x", type: .double),
                ])),
        ]
    }

    func table(named name: [String]) throws(QueryError) -> any Table {
        if name.count > 1, name[name.count - 2] != "instagram" {
            throw QueryError(
                .schemaNotFound, "Schema '\(name[name.count - 2])' does not exist")
        }
        guard let table = tables[name[name.count - 1]] else {
            throw QueryError(
                .tableNotFound, "Table '\(name.joined(separator: "."))' does not exist")
        }
        return table
    }

    func tableNames() -> [String] { tables.keys.sorted() }

    private static let owner = DataType.row([
        RowField(name: "id", type: .bigint), RowField(name: "username", type: .text),
        RowField(
            name: "address",
            type: .row([
                RowField(name: "city", type: .text), RowField(name: "zip", type: .text),
            ])),
    ])

    private static let comment = DataType.row([
        RowField(name: "author", type: .text), RowField(name: "body", type: .text),
        RowField(name: "likes", type: .bigint),
    ])

    private static let posts = PlannedTable(
        schema: Schema([
            Field(name: "id", type: .bigint), Field(name: "user_id", type: .text),
            Field(name: "media_type", type: .text), Field(name: "caption", type: .text),
            Field(name: "likes", type: .integer),
            Field(name: "price", type: .decimal(precision: 10, scale: 2)),
            Field(name: "score", type: .double), Field(name: "ts", type: .timestamp(precision: 3)),
            Field(name: "tz", type: .timestampTZ(precision: 6)), Field(name: "day", type: .date),
            Field(name: "is_video", type: .boolean), Field(name: "owner", type: owner),
            Field(name: "tags", type: .array(.text)), Field(name: "notes", type: .array(comment)),
            Field(name: "meta", type: .map(key: .text, value: .bigint)),
            Field(name: "$path", type: .text),
        ]), hiddenColumns: [15], rowCount: 10_000_000)

    private static let accounts = PlannedTable(
        schema: Schema([
            Field(name: "user_id", type: .text), Field(name: "name", type: .text),
            Field(name: "followers", type: .bigint),
        ]), rowCount: 50_000)
}
