import Columnar

extension ExpressionBinder {
    /// An aggregate over the rows of FROM; its value is a placeholder until the rows are grouped.
    func bindAggregate(_ call: FunctionCall, at node: Expression) throws(QueryError)
        -> BoundExpression
    {
        guard let select, !isOverSourceRows, parameters.isEmpty else {
            throw QueryError(
                .expressionNotScalar,
                "Aggregate functions are not allowed here: \(ExpressionText.of(node))",
                at: node.anchor)
        }
        for child in call.children {
            guard let inner = binder.aggregateOrWindow(in: child) else { continue }
            throw QueryError(
                .nestedAggregation,
                "Cannot nest aggregations inside aggregation '\(call.folded)': "
                    + "[\(ExpressionText.of(inner))]",
                at: inner.anchor)
        }
        guard !call.ignoresNulls else {
            throw QueryError(
                .functionNotWindow,
                "Cannot specify null treatment clause for \(call.folded) function",
                at: node.anchor)
        }
        isOverSourceRows = true
        defer { isOverSourceRows = false }
        let (function, arguments) = try resolveAggregate(call, at: node)
        if call.isDistinct {
            for argument in arguments where !argument.type.isComparable {
                throw QueryError(
                    .typeMismatch,
                    "DISTINCT can only be applied to comparable types (actual: \(argument.type))",
                    at: node.anchor)
            }
        }
        let orderBy = try bindSortItems(call.orderBy)
        let filter = try bindFilter(call.filter)
        return select.add(
            AggregateCall(
                function: function, arguments: arguments, isDistinct: call.isDistinct,
                orderBy: orderBy, filter: filter, name: function.name, range: node.anchor))
    }

    private func bindFilter(_ filter: Expression?) throws(QueryError) -> BoundExpression? {
        guard let filter else { return nil }
        return try bindBoolean(filter, as: "FILTER expression")
    }

    private func resolveAggregate(
        _ call: FunctionCall, at node: Expression
    ) throws(QueryError) -> (ResolvedFunction, [BoundExpression]) {
        let name = call.folded
        guard let function = binder.registry.aggregates[name] else {
            throw notRegistered(call, at: node)
        }
        let arguments = try bindArguments(call.arguments)
        let candidates = function.overloads.map(\.candidate)
        let isStarWrong = call.isStar && function.name != "count"
        guard !isStarWrong, let match = try resolve(candidates, arguments) else {
            throw Self.unexpectedParameters(name, candidates, arguments, at: node.anchor)
        }
        return (
            ResolvedFunction(
                kind: .aggregate, name: function.name, overload: match.overload,
                argumentTypes: match.arguments.map(\.type), resultType: match.resultType),
            match.arguments
        )
    }

    /// ORDER BY within a call or a window.
    func bindSortItems(_ items: [SortItem]) throws(QueryError) -> [SortKey] {
        var keys: [SortKey] = []
        for item in items {
            let bound = try bind(item.expression)
            guard bound.type.isOrderable else {
                throw QueryError(
                    .typeMismatch,
                    "Type \(bound.type) is not orderable, and therefore cannot be used in "
                        + "ORDER BY: \(ExpressionText.of(item.expression))",
                    at: item.expression.anchor)
            }
            keys.append(
                SortKey(
                    bound, isDescending: item.isDescending, nullsFirst: item.nullsFirst ?? false))
        }
        return keys
    }

    // MARK: Windows

    /// A ranking or value function, or an aggregate, over a window.
    func bindWindowCall(
        _ call: FunctionCall, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        guard let select, !isOverSourceRows, parameters.isEmpty else {
            throw QueryError(
                .expressionNotScalar,
                "Window functions are not allowed here: \(ExpressionText.of(node))",
                at: node.anchor)
        }
        let window = try resolveWindow(call.window, select)
        let inner = call.children + window.partitionBy + window.orderBy.map(\.expression)
        for child in inner {
            guard let nested = binder.windowCall(in: child) else { continue }
            throw QueryError(
                .nestedWindow,
                "Cannot nest window functions or row pattern measures inside window function "
                    + "arguments or specification: [\(ExpressionText.of(nested))]",
                at: nested.anchor)
        }
        if call.isDistinct {
            throw QueryError(
                .notSupported,
                "DISTINCT in window function parameters not yet supported: "
                    + ExpressionText.of(node),
                at: node.anchor)
        }
        if !call.orderBy.isEmpty {
            throw QueryError(
                .notSupported, "Window function with ORDER BY is not supported", at: node.anchor)
        }
        let (function, arguments, kind) = try resolveWindowFunction(call, at: node)
        var partitionBy: [BoundExpression] = []
        for key in window.partitionBy { partitionBy.append(try bind(key)) }
        let orderBy = try bindSortItems(window.orderBy)
        let frame = try bindFrame(window.frame, kind, orderBy: orderBy, at: node)
        let windowCall = WindowCall(
            function: function, arguments: arguments, filter: try bindFilter(call.filter),
            ignoresNulls: call.ignoresNulls, frame: frame, name: function.name,
            range: node.anchor)
        return select.add(
            SelectState.PendingWindow(
                partitionBy: partitionBy, orderBy: orderBy, call: windowCall))
    }

    private func resolveWindowFunction(
        _ call: FunctionCall, at node: Expression
    ) throws(QueryError) -> (ResolvedFunction, [BoundExpression], WindowFunctionKind?) {
        let name = call.folded
        guard let function = binder.registry.windows[name] else {
            guard binder.registry.aggregates[name] != nil else {
                guard binder.registry.scalars[name] != nil else {
                    throw notRegistered(call, at: node)
                }
                throw QueryError(
                    .functionNotWindow, "Not a window function: \(name)", at: node.anchor)
            }
            let (resolved, arguments) = try resolveAggregate(call, at: node)
            return (resolved, arguments, nil)
        }
        let candidates = function.parameters.map {
            FunctionCandidate(parameters: $0, isVariadic: false, result: function.result)
        }
        let arguments = try bindArguments(call.arguments)
        guard !call.isStar, let match = try resolve(candidates, arguments) else {
            throw Self.unexpectedParameters(name, candidates, arguments, at: node.anchor)
        }
        let resolved = ResolvedFunction(
            kind: .window, name: function.name, overload: match.overload,
            argumentTypes: match.arguments.map(\.type), resultType: match.resultType)
        return (resolved, match.arguments, function.kind)
    }

    /// The specification behind `OVER`, with what it takes from a named window.
    private func resolveWindow(
        _ reference: WindowReference?, _ select: SelectState
    ) throws(QueryError) -> WindowSpecification {
        func named(_ name: Name) throws(QueryError) -> WindowSpecification {
            guard let found = select.namedWindows[name.folded] else {
                throw QueryError(
                    .invalidWindowFrame, "Cannot resolve WINDOW name \(name.text)", at: name.range,
                    hint: NearestName.hint(name.text, among: select.namedWindows.keys.sorted()))
            }
            return found
        }
        switch reference {
        case .named(let name): return try named(name)
        case .inline(var window):
            guard let existing = window.existing else { return window }
            let base = try named(existing)
            if !window.partitionBy.isEmpty {
                throw QueryError(
                    .invalidWindowFrame,
                    "WINDOW specification with named WINDOW reference cannot specify PARTITION BY",
                    at: existing.range)
            }
            window.partitionBy = base.partitionBy
            if window.orderBy.isEmpty { window.orderBy = base.orderBy }
            window.existing = nil
            return window
        case nil: return WindowSpecification()
        }
    }

    private func bindFrame(
        _ frame: FrameClause?, _ kind: WindowFunctionKind?, orderBy: [SortKey],
        at node: Expression
    ) throws(QueryError) -> WindowFrame {
        guard let frame else { return orderBy.isEmpty ? .wholePartition : .toCurrentRow }
        switch kind {
        case .rowNumber, .rank, .denseRank, .percentRank, .cumeDist, .ntile, .lag, .lead:
            throw QueryError(
                .invalidWindowFrame,
                "Cannot specify window frame for "
                    + "\(ExpressionText.of(node).prefix { $0 != "(" }) function",
                at: frame.range)
        default: break
        }
        if let problem = Self.problem(frame.start, frame.end) {
            throw QueryError(.invalidWindowFrame, "Window frame \(problem)", at: frame.range)
        }
        let start = try bindFrameBound(frame.start, frame, orderBy)
        let end = try bindFrameBound(frame.end, frame, orderBy)
        return WindowFrame(unit: frame.unit, start: start, end: end)
    }

    /// What is wrong with the order of a frame's ends.
    private static func problem(_ start: FrameBound, _ end: FrameBound) -> String? {
        switch (start, end) {
        case (.unboundedFollowing, _): "start cannot be UNBOUNDED FOLLOWING"
        case (_, .unboundedPreceding): "end cannot be UNBOUNDED PRECEDING"
        case (.currentRow, .preceding): "starting from CURRENT ROW cannot end with PRECEDING"
        case (.following, .preceding): "starting from FOLLOWING cannot end with PRECEDING"
        case (.following, .currentRow): "starting from FOLLOWING cannot end with CURRENT ROW"
        default: nil
        }
    }

    private func bindFrameBound(
        _ bound: FrameBound, _ frame: FrameClause, _ orderBy: [SortKey]
    ) throws(QueryError) -> WindowFrame.Bound {
        switch bound {
        case .unboundedPreceding: return .unboundedPreceding
        case .currentRow: return .currentRow
        case .unboundedFollowing: return .unboundedFollowing
        case .preceding(let distance):
            return .preceding(try bindDistance(distance, frame, orderBy, isPreceding: true))
        case .following(let distance):
            return .following(try bindDistance(distance, frame, orderBy, isPreceding: false))
        }
    }

    /// A count of rows or groups; for RANGE the edge that lies that far from the order key.
    private func bindDistance(
        _ distance: Expression, _ frame: FrameClause, _ orderBy: [SortKey], isPreceding: Bool
    ) throws(QueryError) -> BoundExpression {
        let bound = try bind(distance)
        guard frame.unit == .range else {
            guard bound.type.isInteger else {
                throw QueryError(
                    .typeMismatch,
                    "Window frame \(frame.unit == .rows ? "ROWS" : "GROUPS") value type must be "
                        + "exact numeric type with scale 0 (actual \(bound.type))",
                    at: distance.anchor)
            }
            return bound.coerced(to: .bigint)
        }
        guard orderBy.count == 1 else {
            throw QueryError(
                .missingOrderBy,
                "Window frame of type RANGE PRECEDING or FOLLOWING requires "
                    + (orderBy.isEmpty
                        ? "ORDER BY" : "single sort item in ORDER BY (actual: \(orderBy.count))"),
                at: frame.range)
        }
        let key = orderBy[0].expression.type
        if (key.isNumeric && bound.type.isNumeric) || (key.isTemporal && bound.type.isInterval) {
            let isBackwards = isPreceding != orderBy[0].isDescending
            return try arithmetic(
                isBackwards ? .subtract : .add, orderBy[0].expression, bound, at: distance
            ).coerced(to: key)
        }
        throw QueryError(
            .typeMismatch,
            "Window frame of type RANGE PRECEDING or FOLLOWING requires that sort item type be "
                + "numeric, datetime or interval (actual: \(key))",
            at: distance.anchor)
    }
}
