import Columnar

extension Binder {
    /// SHOW and DESCRIBE as literal rows.
    func bindListing(_ statement: Statement) throws(QueryError) -> LogicalPlan {
        switch statement {
        case .showTables(_, let like):
            return listing(["Table"], catalog.tableNames().map { [$0] }, like: like)
        case .showSchemas(let like):
            return listing(["Schema"], catalog.schemaNames().map { [$0] }, like: like)
        case .showCatalogs(let like):
            return listing(["Catalog"], catalog.catalogNames().map { [$0] }, like: like)
        case .showColumns(let name, let range):
            return listColumns(try table(name, at: range))
        case .showFunctions(let like): return listFunctions(like: like)
        case .query, .explain:
            throw QueryError(.internalError, "A query is no listing")
        }
    }

    private func listing(
        _ columns: [String], _ rows: [[String]], like: String?
    ) -> LogicalPlan {
        let kept = rows.filter { row in
            like.map { LikeText.matches(row[0], pattern: $0) } ?? true
        }
        return .values(
            rows: kept.map { row in row.map { .literal(.text($0), .text) } },
            outputs: columns.map { OutputColumn(name: $0, type: .text) })
    }

    private func listColumns(_ table: any Table) -> LogicalPlan {
        var rows: [[String]] = []
        for (index, field) in table.schema.fields.enumerated()
        where !table.hiddenColumns.contains(index) {
            rows.append([field.name, "\(field.type)", "", field.doc ?? ""])
        }
        return listing(["Column", "Type", "Extra", "Comment"], rows, like: nil)
    }

    private func listFunctions(like: String?) -> LogicalPlan {
        var rows: [[String]] = []
        func add(
            _ name: String, _ kind: String, _ parameters: [TypePattern], _ result: ResultRule,
            _ isVariadic: Bool, _ isDeterministic: Bool, _ summary: String
        ) {
            let types = parameters.map(SignatureText.text).joined(separator: ", ")
            rows.append([
                name, result.text, types + (isVariadic ? "..." : ""), kind,
                isDeterministic ? "true" : "false", summary,
            ])
        }
        for (name, function) in registry.scalars where !name.hasPrefix("$") {
            for one in function.overloads {
                add(
                    name, "scalar", one.parameters, one.result, one.isVariadic,
                    one.isDeterministic, function.summary)
            }
        }
        for (name, function) in registry.aggregates {
            for one in function.overloads {
                add(
                    name, "aggregate", one.parameters, one.result, one.isVariadic, true,
                    function.summary)
            }
        }
        for (name, function) in registry.windows {
            for parameters in function.parameters {
                add(name, "window", parameters, function.result, false, true, function.summary)
            }
        }
        for function in catalog.tableFunctions {
            let types = function.parameters.map { $0.kind.description }.joined(separator: ", ")
            rows.append([function.name, "table", types, "table", "true", function.summary])
        }
        rows.sort { $0.lexicographicallyPrecedes($1) }
        return listing(
            [
                "Function", "Return Type", "Argument Types", "Function Type", "Deterministic",
                "Description",
            ], rows, like: like)
    }
}

extension ResultRule {
    fileprivate var text: String {
        switch self {
        case .exact(let type): "\(type)"
        case .pattern(let pattern): SignatureText.text(pattern)
        case .computed: "by arguments"
        }
    }
}

extension Catalog {
    /// Schemas of the listed tables, for `SHOW SCHEMAS`.
    package func schemaNames() -> [String] { names(fromEnd: 2) }

    /// Catalogs of the listed tables, for `SHOW CATALOGS`.
    package func catalogNames() -> [String] { names(fromEnd: 3) }

    private func names(fromEnd place: Int) -> [String] {
        var found: Set<String> = []
        for name in tableNames() {
            let parts = name.split(separator: ".")
            if parts.count >= place { found.insert(String(parts[parts.count - place])) }
        }
        return found.isEmpty ? ["default"] : found.sorted()
    }
}
