import Columnar

extension Binder {
    /// UNION, INTERSECT and EXCEPT: rows of both sides in common types, then counted by side.
    ///
    /// INTERSECT and EXCEPT mark each row with its side and count the marks per distinct row; their ALL
    /// forms number equal rows and keep as many as the counts allow. NULLs are equal to each other.
    func bindSetOperation(
        _ operation: SetOperation, _ left: BoundRelation, _ right: BoundRelation,
        _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        let name = operation.kind.rawValue
        let a = left.plan.outputs
        let b = right.plan.outputs
        guard a.count == b.count else {
            throw QueryError(
                .typeMismatch,
                "\(name) query has different number of fields: \(a.count), \(b.count)",
                at: operation.range)
        }
        var outputs: [OutputColumn] = []
        for (index, (x, y)) in zip(a, b).enumerated() {
            guard let type = Coercion.commonSuperType(x.type, y.type) else {
                throw QueryError(
                    .typeMismatch,
                    "column \(index + 1) in \(name) query has incompatible types: "
                        + "\(x.type), \(y.type)",
                    at: operation.range)
            }
            let isDistinct = operation.kind != .union || !operation.isAll
            guard !isDistinct || type.isComparable else {
                throw QueryError(
                    .typeMismatch,
                    "Type \(type) is not comparable and therefore cannot be used in \(name)",
                    at: operation.range)
            }
            outputs.append(OutputColumn(name: x.name, type: type))
        }
        let types = outputs.map(\.type)
        let inputs = [coerced(left.plan, to: types), coerced(right.plan, to: types)]
        let plan: LogicalPlan
        switch (operation.kind, operation.isAll) {
        case (.union, true): plan = unionAll(inputs)
        case (.union, false): plan = distinct(unionAll(inputs), outputs)
        case (let kind, false):
            plan = try countedDistinct(kind, inputs, outputs, at: operation.range)
        case (let kind, true):
            plan = try countedAll(kind, inputs, outputs, at: operation.range)
        }
        let fields = outputs.enumerated().map { index, output in
            ScopeField(qualifier: [], name: output.name, type: output.type, column: index)
        }
        return BoundRelation(plan: plan, scope: Scope(fields, outer: environment.outer))
    }

    /// One operator for a chain of UNION ALL.
    private func unionAll(_ inputs: [LogicalPlan]) -> LogicalPlan {
        guard case .unionAll(let first) = inputs[0] else { return .unionAll(inputs) }
        return .unionAll(first + inputs.dropFirst())
    }

    /// Each distinct row once.
    func distinct(_ plan: LogicalPlan, _ outputs: [OutputColumn]) -> LogicalPlan {
        .aggregate(
            AggregateNode(input: plan, keys: columns(outputs), aggregates: []))
    }

    private func columns(_ outputs: [OutputColumn]) -> [NamedExpression] {
        outputs.enumerated().map { index, output in
            NamedExpression(.column(index, output.type), name: output.name)
        }
    }

    /// Both sides one after the other, with a 1 in the column of their own side.
    private func marked(_ inputs: [LogicalPlan], _ outputs: [OutputColumn]) -> LogicalPlan {
        let one = BoundExpression.literal(.int(1), .bigint)
        let none = BoundExpression.null(.bigint)
        return .unionAll(
            inputs.enumerated().map { side, input in
                .project(
                    input,
                    columns(outputs) + [
                        NamedExpression(side == 0 ? one : none, name: "in_left"),
                        NamedExpression(side == 1 ? one : none, name: "in_right"),
                    ])
            })
    }

    private func markCounts(
        _ width: Int, at range: SourceRange
    ) throws(QueryError) -> [AggregateCall] {
        var calls: [AggregateCall] = []
        for (index, name) in ["left_count", "right_count"].enumerated() {
            var call = try aggregate("count", [.column(width + index, .bigint)], at: range)
            call.name = name
            calls.append(call)
        }
        return calls
    }

    private func countedDistinct(
        _ kind: SetOperation.Kind, _ inputs: [LogicalPlan], _ outputs: [OutputColumn],
        at range: SourceRange
    ) throws(QueryError) -> LogicalPlan {
        let width = outputs.count
        let grouped = LogicalPlan.aggregate(
            AggregateNode(
                input: marked(inputs, outputs), keys: columns(outputs),
                aggregates: try markCounts(width, at: range)))
        let zero = BoundExpression.literal(.int(0), .bigint)
        let filter = BoundExpression.and([
            .compare(.greater, .column(width, .bigint), zero),
            .compare(
                kind == .intersect ? .greater : .equal, .column(width + 1, .bigint), zero),
        ])
        return .project(.filter(grouped, filter), columns(outputs))
    }

    private func countedAll(
        _ kind: SetOperation.Kind, _ inputs: [LogicalPlan], _ outputs: [OutputColumn],
        at range: SourceRange
    ) throws(QueryError) -> LogicalPlan {
        let width = outputs.count
        let counts = try markCounts(width, at: range)
        guard registry.windows["row_number"] != nil else {
            throw QueryError(
                .functionNotFound, "Function 'row_number' not registered", at: range)
        }
        let rowNumber = ResolvedFunction(
            kind: .window, name: "row_number", overload: 0, argumentTypes: [], resultType: .bigint)
        var calls = counts.map {
            WindowCall(
                function: $0.function, arguments: $0.arguments, frame: .wholePartition,
                name: $0.name)
        }
        calls.append(
            WindowCall(
                function: rowNumber, arguments: [], frame: .wholePartition, name: "row_number"))
        let window = LogicalPlan.window(
            WindowNode(
                input: marked(inputs, outputs), partitionBy: columns(outputs).map(\.expression),
                orderBy: [], calls: calls))
        let left = BoundExpression.column(width + 2, .bigint)
        let right = BoundExpression.column(width + 3, .bigint)
        let number = BoundExpression.column(width + 4, .bigint)
        let filter: BoundExpression =
            kind == .intersect
            ? .and([.compare(.lessOrEqual, number, left), .compare(.lessOrEqual, number, right)])
            : .compare(
                .lessOrEqual, number, .arithmetic(.subtract, left, right, .bigint, nil))
        return .project(.filter(window, filter), columns(outputs))
    }
}
