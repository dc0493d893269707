import Columnar

/// One signature among which a call is resolved.
struct FunctionCandidate {
    var parameters: [TypePattern]
    var isVariadic: Bool
    var result: ResultRule

    /// The patterns for a number of arguments, or nil if the signature takes another number.
    func patterns(for count: Int) -> [TypePattern]? {
        guard isVariadic, let last = parameters.last else {
            return parameters.count == count ? parameters : nil
        }
        guard count >= parameters.count - 1 else { return nil }
        let repeated = count - (parameters.count - 1)
        return parameters.dropLast() + Array(repeating: last, count: repeated)
    }
}

/// A call resolved to one signature, with its arguments converted.
struct FunctionMatch {
    var overload: Int
    var arguments: [BoundExpression]
    var resultType: DataType
    var cost: Int
}

/// An argument before its type is settled: lambdas wait for the types of their parameters.
enum CallArgument {
    case value(BoundExpression)
    case lambda([Name], body: Expression, at: SourceRange)
}

extension ExpressionBinder {
    /// The cheapest signature that takes the arguments; the first of equally cheap ones.
    func resolve(
        _ candidates: [FunctionCandidate], _ arguments: [CallArgument]
    ) throws(QueryError) -> FunctionMatch? {
        var best: FunctionMatch?
        for (index, candidate) in candidates.enumerated() {
            guard let match = try match(candidate, arguments, overload: index) else { continue }
            if match.cost < best?.cost ?? Int.max { best = match }
        }
        return best
    }

    private func match(
        _ candidate: FunctionCandidate, _ arguments: [CallArgument], overload: Int
    ) throws(QueryError) -> FunctionMatch? {
        guard let patterns = candidate.patterns(for: arguments.count) else { return nil }
        var unifier = TypeUnifier()
        for (pattern, argument) in zip(patterns, arguments) {
            switch argument {
            case .value(let value):
                if case .function = pattern { return nil }
                guard unifier.gather(pattern, value.type) else { return nil }
            case .lambda(let names, _, _):
                guard case .function(let parameters, _) = pattern, parameters.count == names.count
                else { return nil }
            }
        }
        guard let lambdas = try bindLambdas(patterns, arguments, &unifier) else { return nil }
        var bound: [BoundExpression] = []
        for (index, argument) in arguments.enumerated() {
            if case .value(let value) = argument {
                guard let target = unifier.target(patterns[index], value.type) else { return nil }
                bound.append(value.coerced(to: target))
            } else if let lambda = lambdas[index] {
                bound.append(lambda)
            }
        }
        let types = bound.map(\.type)
        let result: DataType?
        switch candidate.result {
        case .exact(let type): result = type
        case .pattern(let pattern): result = unifier.instantiate(pattern)
        case .computed(let rule): result = rule(types)
        }
        guard let result else { return nil }
        return FunctionMatch(
            overload: overload, arguments: bound, resultType: result, cost: unifier.cost)
    }

    /// Binds lambdas from left to right; a result that widens a variable binds them all once more.
    private func bindLambdas(
        _ patterns: [TypePattern], _ arguments: [CallArgument], _ unifier: inout TypeUnifier
    ) throws(QueryError) -> [Int: BoundExpression]? {
        for _ in 0..<3 {
            var lambdas: [Int: BoundExpression] = [:]
            let before = unifier.bindings
            for (index, argument) in arguments.enumerated() {
                guard case .lambda(let names, let body, let range) = argument,
                    case .function(let parameters, let result) = patterns[index]
                else { continue }
                var types: [DataType] = []
                for parameter in parameters {
                    guard let type = unifier.instantiate(parameter) else { return nil }
                    types.append(type)
                }
                let lambda = try bindLambda(names, types, body: body, at: range)
                guard unifier.gather(result, lambda.body.type),
                    let wanted = unifier.instantiate(result),
                    Coercion.isImplicit(from: lambda.body.type, to: wanted)
                else { return nil }
                var converted = lambda
                converted.body = lambda.body.coerced(to: wanted)
                lambdas[index] = .lambda(converted)
            }
            if lambdas.isEmpty || unifier.bindings == before { return lambdas }
            if before.allSatisfy({ unifier.bindings[$0.key] == $0.value }) { return lambdas }
        }
        return nil
    }

    /// Binds a body under typed parameters; what it uses from outside becomes captures.
    private func bindLambda(
        _ names: [Name], _ types: [DataType], body: Expression, at range: SourceRange
    ) throws(QueryError) -> LambdaExpression {
        if let call = binder.aggregateOrWindow(in: body) {
            throw QueryError(
                .expressionNotScalar,
                "Lambda expression cannot contain aggregations, window functions or grouping "
                    + "operations: [\(ExpressionText.of(call))]",
                at: call.anchor)
        }
        try binder.usage.addLambdaBinding(at: range)
        let first =
            Placeholder.parameters
            + (parameters.last.map { $0.column + 1 - Placeholder.parameters } ?? 0)
        let outerCount = parameters.count
        for (index, (name, type)) in zip(names, types).enumerated() {
            parameters.append(Parameter(name: name.folded, column: first + index, type: type))
        }
        defer { parameters.removeLast(parameters.count - outerCount) }
        let bound = try bind(body)
        let own = first..<(first + names.count)
        var captures: [BoundExpression] = []
        let inner = bound.mappingColumns { column, type in
            if own.contains(column) { return .column(column, type) }
            let capture = BoundExpression.column(column, type)
            if !captures.contains(capture) { captures.append(capture) }
            return .column(-1 - (captures.firstIndex(of: capture) ?? 0), type)
        }
        let settled = inner.movingColumns { column in
            column < 0 ? -1 - column : captures.count + column - first
        }
        return LambdaExpression(captures: captures, parameterTypes: types, body: settled)
    }

    // MARK: Scalar functions

    /// A call of an internal operator function, or nil if no signature takes the arguments.
    func resolveOperator(
        _ name: String, _ arguments: [BoundExpression], at range: SourceRange
    ) throws(QueryError) -> BoundExpression? {
        guard let function = binder.registry.scalars[name] else { return nil }
        let match = try resolve(
            function.overloads.map(\.candidate), arguments.map { CallArgument.value($0) })
        return match.map { Self.call(function.name, $0, at: range) }
    }

    static func call(
        _ name: String, _ match: FunctionMatch, at range: SourceRange
    ) -> BoundExpression {
        let function = ResolvedFunction(
            kind: .scalar, name: name, overload: match.overload,
            argumentTypes: match.arguments.map(\.type), resultType: match.resultType)
        return .call(ScalarCall(function: function, arguments: match.arguments, range: range))
    }

    /// Types before binding, for messages; lambdas have none yet.
    static func typeList(_ arguments: [CallArgument]) -> String {
        arguments.map { argument in
            switch argument {
            case .value(let value): "\(value.type)"
            case .lambda: "<function>"
            }
        }.joined(separator: ", ")
    }

    /// Trino's message for a known function with unfit arguments.
    static func unexpectedParameters(
        _ name: String, _ candidates: [FunctionCandidate], _ arguments: [CallArgument],
        at range: SourceRange
    ) -> QueryError {
        let expected = candidates.map {
            SignatureText.of(name, $0.parameters, isVariadic: $0.isVariadic)
        }
        return QueryError(
            .functionNotFound,
            "Unexpected parameters (\(typeList(arguments))) for function \(name). "
                + "Expected: \(expected.joined(separator: ", "))",
            at: range)
    }
}

extension ScalarOverload {
    var candidate: FunctionCandidate {
        FunctionCandidate(parameters: parameters, isVariadic: isVariadic, result: result)
    }
}

extension AggregateOverload {
    var candidate: FunctionCandidate {
        FunctionCandidate(parameters: parameters, isVariadic: isVariadic, result: result)
    }
}
