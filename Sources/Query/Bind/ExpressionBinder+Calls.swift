import Columnar

extension ExpressionBinder {
    /// A special form, a window call, an aggregate or a scalar function.
    func bindCall(_ call: FunctionCall, at node: Expression) throws(QueryError) -> BoundExpression {
        let name = call.folded
        if call.name.count > 1 { throw notRegistered(call, at: node) }
        if call.window != nil { return try bindWindowCall(call, at: node) }
        if binder.registry.aggregates[name] != nil { return try bindAggregate(call, at: node) }
        if binder.registry.windows[name] != nil {
            throw QueryError(
                .missingOver, "Window function \(name) must have an OVER clause", at: node.anchor)
        }
        try checkScalar(call, at: node)
        if let form = try bindSpecialForm(name, call.arguments, at: node) { return form }
        guard let function = binder.registry.scalars[name], !name.hasPrefix("$") else {
            throw notRegistered(call, at: node)
        }
        let arguments = try bindArguments(call.arguments)
        let candidates = function.overloads.map(\.candidate)
        guard let match = try resolve(candidates, arguments) else {
            throw Self.unexpectedParameters(name, candidates, arguments, at: node.anchor)
        }
        return Self.call(function.name, match, at: node.anchor)
    }

    func bindArguments(_ expressions: [Expression]) throws(QueryError) -> [CallArgument] {
        var arguments: [CallArgument] = []
        for expression in expressions {
            if case .lambda(let names, let body) = expression.kind {
                arguments.append(.lambda(names, body: body, at: expression.anchor))
            } else {
                arguments.append(.value(try bind(expression)))
            }
        }
        return arguments
    }

    func notRegistered(_ call: FunctionCall, at node: Expression) -> QueryError {
        let name = call.name.map(\.folded).joined(separator: ".")
        return QueryError(
            .functionNotFound, "Function '\(name)' not registered", at: node.anchor,
            hint: Self.foreignFunctions[name]
                ?? NearestName.hint(name, among: binder.registry.callableNames))
    }

    private static let foreignFunctions: [String: String] = [
        "ifnull": "use coalesce(a, b)", "nvl": "use coalesce(a, b)", "isnull": "use x IS NULL",
        "group_concat": "use listagg(x, ',') WITHIN GROUP (ORDER BY x)",
        "string_agg": "use listagg(x, ',') WITHIN GROUP (ORDER BY x)",
        "len": "use length(x)", "datediff": "use date_diff('day', a, b)",
        "dateadd": "use date_add('day', n, x)", "getdate": "use now()",
        "to_char": "use date_format(x, '%Y-%m-%d')", "to_date": "use date(x) or date_parse",
        "median": "use approx_percentile(x, 0.5)", "first": "use arbitrary(x) or min_by(x, y)",
        "any": "use any_value(x)", "size": "use cardinality(x)", "charindex": "use strpos(x, part)",
        "explode": "use CROSS JOIN UNNEST(x)",
        "get_json_object": "use json_extract_scalar(x, path)",
    ]

    /// DISTINCT, FILTER and the like belong to aggregates only.
    private func checkScalar(_ call: FunctionCall, at node: Expression) throws(QueryError) {
        guard binder.registry.scalars[call.folded] != nil else { return }
        let misuse: String? =
            if call.isStar || call.isDistinct {
                "DISTINCT is not supported for non-aggregation functions"
            } else if call.filter != nil {
                "Filter is only valid for aggregation functions"
            } else if !call.orderBy.isEmpty {
                "ORDER BY is only valid for aggregation functions"
            } else if call.ignoresNulls {
                "Cannot specify null treatment clause for \(call.folded) function"
            } else { nil }
        if let misuse { throw QueryError(.functionNotAggregate, misuse, at: node.anchor) }
    }

    /// Calls that are no functions: their arguments run conditionally or are not values.
    private func bindSpecialForm(
        _ name: String, _ arguments: [Expression], at node: Expression
    ) throws(QueryError) -> BoundExpression? {
        switch (name, arguments.count) {
        case ("if", 2...3):
            let condition = try bindBoolean(arguments[0], as: "IF condition")
            var results: [BoundExpression] = []
            for argument in arguments.dropFirst() { results.append(try bind(argument)) }
            let type = try commonType(
                of: results, as: "Result types for IF", at: arguments[1].anchor)
            return .caseWhen(
                [CaseBranch(condition: condition, result: results[0].coerced(to: type))],
                otherwise: results.count == 2 ? results[1].coerced(to: type) : nil, type)
        case ("coalesce", 2...):
            var bound: [BoundExpression] = []
            for argument in arguments { bound.append(try bind(argument)) }
            let type = try commonType(
                of: bound, as: "All COALESCE operands", at: arguments[0].anchor)
            return .coalesce(bound.map { $0.coerced(to: type) }, type)
        case ("nullif", 2):
            let mark = binder.usage.expressionNodes
            let value = try bind(arguments[0])
            try binder.usage.addCopies(1, since: mark, at: node.anchor)
            let other = try bind(arguments[1])
            guard Coercion.commonSuperType(value.type, other.type) != nil else {
                throw QueryError(
                    .typeMismatch,
                    "Types are not comparable with NULLIF: \(value.type) vs \(other.type)",
                    at: node.anchor)
            }
            let equal = try compare(.equal, value, other, at: node)
            return .caseWhen(
                [CaseBranch(condition: equal, result: .null(value.type))], otherwise: value,
                value.type)
        case ("try", 1): return .try(try bind(arguments[0]))
        case ("typeof", 1):
            return .literal(.text("\(try bind(arguments[0]).type)"), .text)
        case ("if", _), ("coalesce", _), ("nullif", _), ("try", _):
            throw QueryError(
                .syntaxError, "Invalid number of arguments for '\(name)' function",
                at: node.anchor)
        default: return nil
        }
    }

    // MARK: Times

    func bindExtract(
        _ field: Name, _ operand: Expression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        let functions = [
            "year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day",
            "day_of_month": "day", "day_of_week": "day_of_week", "dow": "day_of_week",
            "day_of_year": "day_of_year", "doy": "day_of_year", "year_of_week": "year_of_week",
            "yow": "year_of_week", "hour": "hour", "minute": "minute", "second": "second",
            "timezone_hour": "timezone_hour", "timezone_minute": "timezone_minute",
        ]
        guard let name = functions[field.folded] else {
            throw QueryError(
                .syntaxError, "Invalid EXTRACT field: \(field.text.uppercased())", at: field.range,
                hint: NearestName.hint(field.folded, among: functions.keys.sorted()))
        }
        let value = try bind(operand)
        guard let call = try resolveOperator(name, [value], at: node.anchor) else {
            throw QueryError(
                .typeMismatch,
                "Type of argument to extract must be DATE, TIME, TIMESTAMP, or INTERVAL "
                    + "(actual \(value.type))",
                at: operand.anchor)
        }
        return call
    }

    func bindAtTimeZone(
        _ value: Expression, _ zone: Expression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        var instant = try bind(value)
        if case .timestamp(let precision) = instant.type {
            instant = instant.coerced(to: .timestampTZ(precision: precision))
        }
        let name = try bind(zone)
        guard let call = try resolveOperator("at_timezone", [instant, name], at: node.anchor) else {
            throw QueryError(
                .typeMismatch,
                "Type of value must be a time or timestamp with or without time zone "
                    + "(actual \(instant.type))",
                at: value.anchor)
        }
        return call
    }

    /// `CURRENT_DATE` and its kin: constants of the query, in the session's zone.
    func bindCurrentValue(
        _ value: CurrentValue, precision: Int?, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        let session = binder.session
        let digits = min(precision ?? 3, 6)
        var unit: Int64 = 1
        for _ in digits..<6 { unit *= 10 }
        let micros = session.nowMicros - (session.nowMicros % unit + unit) % unit
        let utc = BoundExpression.literal(
            .int128(ZonedTime(micros: micros).bits), .timestampTZ(precision: digits))
        func now() throws(QueryError) -> BoundExpression {
            if session.zoneName == "UTC" { return utc }
            let zone = BoundExpression.literal(.text(session.zoneName), .text)
            return try resolveOperator("at_timezone", [utc, zone], at: node.anchor) ?? utc
        }
        func converted(to type: DataType) throws(QueryError) -> BoundExpression {
            .cast(try now(), to: type, isTry: false, node.anchor)
        }
        let isUTC = session.zoneName == "UTC"
        switch value {
        case .timestamp: return try now()
        case .date:
            if isUTC { return .literal(.int(CivilTime.floorDays(micros: micros)), .date) }
            return try converted(to: .date)
        case .localTimestamp:
            if isUTC { return .literal(.int(micros), .timestamp(precision: digits)) }
            return try converted(to: .timestamp(precision: digits))
        case .localTime: return try converted(to: .time(precision: digits))
        case .time:
            throw QueryError(
                .notSupported, "CURRENT_TIME is not supported", at: node.anchor,
                hint: "use LOCALTIME or CURRENT_TIMESTAMP")
        case .user: return .literal(.text(session.user), .text)
        case .catalog, .schema: return .null(.text)
        }
    }
}

extension FunctionRegistry {
    /// Every name that a query may call, and the special forms.
    var callableNames: [String] {
        let forms = ["if", "coalesce", "nullif", "try", "typeof", "listagg"]
        let scalarNames = scalars.keys.filter { !$0.hasPrefix("$") }
        return (forms + scalarNames + aggregates.keys + windows.keys).sorted()
    }
}
