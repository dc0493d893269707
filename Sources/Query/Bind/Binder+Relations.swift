import Columnar

extension Binder {
    /// A relation of FROM with the names it brings.
    func bindRelation(
        _ relation: Relation, _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        switch relation {
        case .table(let name, let range): return try bindTable(name, environment, at: range)
        case .function(let call): return try bindTableCall(call, environment)
        case .query(let query): return try bindQuery(query, environment)
        case .unnest:
            let empty = BoundRelation(
                plan: .values(rows: [[]], outputs: []), scope: Scope([], outer: environment.outer))
            return try bindUnnest(relation, beside: empty, keepsEmpty: false, environment)
        case .aliased(let inner, let name, let columns):
            var bound = try bindRelation(inner, environment)
            bound.scope = try rename(bound.scope, name, columns: columns)
            return bound
        case .join(let join): return try bindJoin(join, environment)
        }
    }

    private func bindTable(
        _ name: [Name], _ environment: NameEnvironment, at range: SourceRange
    ) throws(QueryError) -> BoundRelation {
        if name.count == 1, let common = environment.tables[name[0].folded] {
            try usage.addPlanNodes(common.size, at: range)
            return BoundRelation(
                plan: common.plan,
                scope: Scope(common.scope.fields, outer: environment.outer))
        }
        return try scan(
            try table(name, at: range), qualifier: name.map(\.folded), environment, at: range)
    }

    /// A scan of all of a table's columns; the qualifier's last part is what the plan calls it.
    func scan(
        _ table: any Table, qualifier: [String], _ environment: NameEnvironment,
        at range: SourceRange
    ) throws(QueryError) -> BoundRelation {
        try usage.addPlanNodes(1, at: range)
        var columns: [ScanColumn] = []
        var outputs: [OutputColumn] = []
        var fields: [ScopeField] = []
        for (index, field) in table.schema.fields.enumerated() {
            columns.append(ScanColumn(index: index))
            outputs.append(OutputColumn(name: field.name, type: field.type))
            fields.append(
                ScopeField(
                    qualifier: qualifier, name: field.name, type: field.type,
                    isHidden: table.hiddenColumns.contains(index), column: index))
        }
        let scan = ScanNode(
            table: table, name: qualifier.last ?? "",
            request: ScanRequest(columns: columns), outputs: outputs)
        return BoundRelation(
            plan: .scan(scan), scope: Scope(fields, outer: environment.outer))
    }

    /// The scope under an alias, with as many column names as it has columns.
    func rename(_ scope: Scope, _ name: Name, columns: [Name]?) throws(QueryError) -> Scope {
        let visible = scope.fields.filter { !$0.isHidden }.count
        if let columns, columns.count != visible {
            throw QueryError(
                .mismatchedColumnAliases,
                "Column alias list has \(columns.count) entries but '\(name.folded)' has "
                    + "\(visible) columns available",
                at: name.range)
        }
        return scope.renamed([name.folded], columns: columns?.map(\.text))
    }

    // MARK: UNNEST

    /// The UNNEST within a relation, under its alias if it has one.
    static func unnest(in relation: Relation) -> (Relation, alias: (Name, [Name]?)?)? {
        switch relation {
        case .unnest: return (relation, nil)
        case .aliased(let inner, let name, let columns):
            if case .unnest = inner { return (inner, (name, columns)) }
            return nil
        default: return nil
        }
    }

    /// UNNEST of expressions over the rows beside it; the result has both sides' columns.
    func bindUnnest(
        _ relation: Relation, beside left: BoundRelation, keepsEmpty: Bool,
        _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        guard let (inner, alias) = Self.unnest(in: relation),
            case .unnest(let arguments, let hasOrdinality, let range) = inner
        else {
            throw QueryError(.internalError, "UNNEST expected")
        }
        let binder = ExpressionBinder(binder: self, environment: environment, scope: left.scope)
        let offset = left.plan.outputs.count
        var bound: [BoundExpression] = []
        var outputs: [OutputColumn] = []
        var fields: [ScopeField] = []
        func add(_ name: String?, _ type: DataType, _ fallback: String) {
            fields.append(
                ScopeField(
                    qualifier: [], name: name, type: type, column: offset + outputs.count))
            outputs.append(OutputColumn(name: name ?? fallback, type: type))
        }
        for argument in arguments {
            try requireScalar(argument, in: "UNNEST")
            let value = try binder.bind(argument)
            switch value.type {
            case .array(.row(let rowFields)):
                for field in rowFields { add(field.name, field.type, "field") }
            case .array(let element): add(nil, element, "element")
            case .map(let key, let element):
                add(nil, key, "key")
                add(nil, element, "value")
            default:
                throw QueryError(
                    .typeMismatch, "Cannot unnest type: \(value.type)", at: argument.anchor)
            }
            bound.append(value)
        }
        if hasOrdinality { add(nil, .bigint, "ordinality") }
        var scope = Scope(fields, outer: environment.outer)
        if let (name, columns) = alias { scope = try rename(scope, name, columns: columns) }
        guard !outputs.isEmpty else {
            throw QueryError(.typeMismatch, "Cannot unnest an empty row", at: range)
        }
        let node = UnnestNode(
            input: left.plan, arguments: bound, outputs: outputs, hasOrdinality: hasOrdinality,
            keepsEmpty: keepsEmpty)
        return BoundRelation(
            plan: .unnest(node),
            scope: Scope(left.scope.fields + scope.fields, outer: environment.outer))
    }
}
