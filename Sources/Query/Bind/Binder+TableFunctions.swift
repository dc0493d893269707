import Columnar

extension Binder {
    /// A call in FROM: arguments by name or place, constant, of the kinds that the function declares.
    ///
    /// Source: Trino 401 `StatementAnalyzer.visitTableFunctionInvocation`; unlike there, names may follow
    /// positions.
    func bindTableCall(
        _ call: TableCall, _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        let written = call.name.map(\.folded).joined(separator: ".")
        guard let function = catalog.tableFunctions.first(where: { $0.name == written }) else {
            throw QueryError(
                .functionNotFound, "Table function '\(written)' not registered", at: call.range,
                hint: NearestName.hint(written, among: catalog.tableFunctions.map(\.name)))
        }
        let arguments = try bindArguments(call, function)
        let table: any Table
        do {
            table = try function.table(arguments)
        } catch {
            var located = error
            located.range = error.range ?? call.range
            throw located
        }
        return try scan(table, qualifier: [written], environment, at: call.range)
    }

    private func bindArguments(
        _ call: TableCall, _ function: any TableFunction
    ) throws(QueryError) -> TableArguments {
        var arguments = TableArguments()
        var given: Set<String> = []
        var nextPosition = 0
        for argument in call.arguments {
            let parameter: TableParameter
            if let name = argument.name {
                parameter = try self.parameter(name, of: function)
            } else {
                guard function.parameters.indices.contains(nextPosition),
                    nextPosition == given.count
                else { throw misplaced(argument.value, call, function) }
                parameter = function.parameters[nextPosition]
                nextPosition += 1
            }
            guard given.insert(parameter.name).inserted else {
                throw QueryError(
                    .invalidFunctionArgument, "Duplicate argument name: \(parameter.name)",
                    at: argument.name?.range ?? argument.value.anchor)
            }
            let value = try constant(argument.value, for: parameter)
            arguments.add(value, for: parameter.name, at: argument.value.range)
        }
        for parameter in function.parameters
        where parameter.isRequired && !given.contains(parameter.name) {
            throw QueryError(
                .invalidFunctionArgument, "Missing argument: \(parameter.name)", at: call.range)
        }
        return arguments
    }

    private func parameter(
        _ name: Name, of function: any TableFunction
    ) throws(QueryError) -> TableParameter {
        if let found = function.parameters.first(where: { $0.name == name.folded }) {
            return found
        }
        let names = function.parameters.map(\.name)
        throw QueryError(
            .invalidFunctionArgument, "Unexpected argument name: \(name.folded)", at: name.range,
            hint: NearestName.hint(name.folded, among: names)
                ?? "\(function.name) has \(names.joined(separator: ", "))")
    }

    private func misplaced(
        _ value: Expression, _ call: TableCall, _ function: any TableFunction
    ) -> QueryError {
        let most = function.parameters.count
        let message =
            call.arguments.count > most
            ? "Too many arguments. Expected at most \(most) arguments, got \(call.arguments.count)"
            : "An argument without a name cannot follow one with a name"
        return QueryError(.invalidFunctionArgument, message, at: value.anchor)
    }

    /// The value of a constant expression, if it is of the parameter's kind.
    private func constant(
        _ expression: Expression, for parameter: TableParameter
    ) throws(QueryError) -> Value {
        try requireScalar(expression, in: "Table function arguments")
        let environment = NameEnvironment()
        let binder = ExpressionBinder(
            binder: self, environment: environment, scope: Scope([], outer: nil))
        let bound = try binder.bind(expression)
        let value: Value
        if case .literal(let literal, _) = bound {
            value = literal
        } else if let constant = evaluate(bound) {
            value = constant
        } else {
            throw QueryError(
                .expressionNotConstant,
                "Argument \(parameter.name) must be a constant", at: expression.anchor)
        }
        guard parameter.kind.accepts(value, bound.type),
            !(value.isNull && parameter.isRequired)
        else {
            throw QueryError(
                .invalidFunctionArgument,
                "Invalid argument \(parameter.name). Expected \(parameter.kind.description), "
                    + "got \(bound.type)", at: expression.anchor)
        }
        return value
    }
}

extension TableParameter.Kind {
    fileprivate func accepts(_ value: Value, _ type: DataType) -> Bool {
        if value.isNull { return true }
        switch (self, value) {
        case (.text, .text): return type.isText
        case (.texts, .text): return type.isText
        case (.texts, .list(let values)):
            return values.allSatisfy { if case .text = $0 { true } else { false } }
        case (.boolean, .boolean): return true
        case (.integer, .int): return type.isInteger
        default: return false
        }
    }
}
