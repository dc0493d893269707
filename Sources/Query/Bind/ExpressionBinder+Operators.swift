import Columnar

extension ExpressionBinder {
    func bindArithmetic(
        _ op: ArithmeticOperator, _ left: Expression, _ right: Expression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        try arithmetic(op, try bind(left), try bind(right), at: node)
    }

    /// Arithmetic on two bound operands, coerced to their common type.
    func arithmetic(
        _ op: ArithmeticOperator, _ a: BoundExpression, _ b: BoundExpression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        let mismatch = cannotApply(op.symbol, a.type, b.type, at: node)
        if a.type == .unknown || b.type == .unknown, a.type.isNumeric || b.type.isNumeric {
            let type = a.type == .unknown ? b.type : a.type
            return .arithmetic(op, a.coerced(to: type), b.coerced(to: type), type, node.anchor)
        }
        guard a.type.isNumeric, b.type.isNumeric else {
            return try bindTemporalArithmetic(op, a, b, at: node, mismatch: mismatch)
        }
        guard let common = Coercion.commonSuperType(a.type, b.type) else { throw mismatch }
        guard case .decimal = common else {
            return .arithmetic(
                op, a.coerced(to: common), b.coerced(to: common), common, node.anchor)
        }
        let x = a.coerced(to: Coercion.decimal(holding: a.type))
        let y = b.coerced(to: Coercion.decimal(holding: b.type))
        let type = Coercion.decimalResult(op, x.type, y.type)
        if case .decimal(let precision, let scale) = type, scale > precision {
            throw QueryError(
                .invalidFunctionArgument,
                "DECIMAL scale must be in range [0, precision (\(precision))]: \(scale)",
                at: node.anchor)
        }
        return .arithmetic(op, x, y, type, node.anchor)
    }

    /// Dates, timestamps and intervals: calls of internal functions.
    private func bindTemporalArithmetic(
        _ op: ArithmeticOperator, _ a: BoundExpression, _ b: BoundExpression, at node: Expression,
        mismatch: QueryError
    ) throws(QueryError) -> BoundExpression {
        let name: String
        var arguments = [a, b]
        switch op {
        case .add where a.type.isInterval && b.type.isTemporal:
            name = "$plus_interval"
            arguments = [b, a]
        case .add where b.type.isInterval: name = "$plus_interval"
        case .subtract where b.type.isInterval: name = "$minus_interval"
        case .subtract where a.type.isTemporal && b.type.isTemporal: name = "$timestamp_minus"
        case .multiply where a.type.isInterval: name = "$multiply_interval"
        case .multiply where b.type.isInterval:
            name = "$multiply_interval"
            arguments = [b, a]
        case .divide where a.type.isInterval: name = "$divide_interval"
        default: throw mismatch
        }
        guard let call = try resolveOperator(name, arguments, at: node.anchor) else {
            throw mismatch
        }
        return call
    }

    func bindComparison(
        _ op: Comparison, _ left: Expression, _ right: Expression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        try compare(op, try bind(left), try bind(right), at: node)
    }

    /// A comparison of two bound operands, coerced to their common type.
    func compare(
        _ op: Comparison, _ a: BoundExpression, _ b: BoundExpression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        if op == .equal || op == .notEqual, case .rowConstructor(let x, _) = a,
            case .rowConstructor(let y, _) = b, x.count == y.count, !x.isEmpty
        {
            var terms: [BoundExpression] = []
            for (p, q) in zip(x, y) { terms.append(try compare(.equal, p, q, at: node)) }
            return op == .equal ? .conjunction(terms) : .not(.conjunction(terms))
        }
        guard let common = Coercion.commonSuperType(a.type, b.type) else {
            throw cannotApply(op.symbol, a.type, b.type, at: node)
        }
        let isOrdering = [.less, .lessOrEqual, .greater, .greaterOrEqual].contains(op)
        guard isOrdering ? common.isOrderable : common.isComparable else {
            throw cannotApply(op.symbol, a.type, b.type, at: node)
        }
        return .compare(op, a.coerced(to: common), b.coerced(to: common))
    }

    func cannotApply(
        _ symbol: String, _ a: DataType, _ b: DataType, at node: Expression
    ) -> QueryError {
        QueryError(
            .typeMismatch, "Cannot apply operator: \(a) \(symbol) \(b)", at: node.anchor,
            hint: Self.mismatchHint(a, b) ?? Self.mismatchHint(b, a))
    }

    /// What to write where text meets a number or a time.
    static func mismatchHint(_ text: DataType, _ other: DataType) -> String? {
        guard text.isText else { return nil }
        switch other {
        case .date: return "Write the date as DATE '2020-01-31', or cast the text: CAST(x AS date)."
        case .timestamp, .timestampTZ:
            return "Write the time as TIMESTAMP '2020-01-31 12:00:00', or cast the text."
        case _ where other.isNumeric:
            return "Text is never converted implicitly: CAST(x AS \(other))."
        default: return nil
        }
    }

    func bindConcat(
        _ left: Expression, _ right: Expression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        let a = try bind(left)
        let b = try bind(right)
        let arguments = Self.flattenedConcat(a) + [b]
        let isConcatenable = { (type: DataType) -> Bool in
            if case .array = type { return true }
            return type.isText || type == .varbinary || type == .unknown
        }
        if isConcatenable(a.type) || isConcatenable(b.type) {
            if let call = try resolveOperator("concat", arguments, at: node.anchor) { return call }
            if let call = try resolveOperator("concat", [a, b], at: node.anchor) { return call }
        }
        throw cannotApply("||", a.type, b.type, at: node)
    }

    /// `a || b || c` of texts is one call.
    private static func flattenedConcat(_ left: BoundExpression) -> [BoundExpression] {
        guard case .call(let call) = left, call.function.name == "concat",
            call.function.resultType.isText
        else { return [left] }
        return call.arguments
    }

    func bindNegation(
        _ operand: Expression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        if case .literal(let literal) = operand.kind,
            let number = try LiteralBinding.negated(literal, at: node.range)
        {
            return number
        }
        let bound = try bind(operand)
        if case .literal(.int(let value), let type) = bound, type.isInterval, value != .min {
            return .literal(.int(-value), type)
        }
        if bound.type.isInterval,
            let call = try resolveOperator("$negate_interval", [bound], at: node.anchor)
        {
            return call
        }
        guard bound.type.isNumeric else {
            throw QueryError(.typeMismatch, "Cannot negate \(bound.type)", at: node.anchor)
        }
        return .negate(bound, bound.type, node.anchor)
    }

    func bindPlus(_ operand: Expression, at node: Expression) throws(QueryError) -> BoundExpression
    {
        let bound = try bind(operand)
        guard bound.type.isNumeric || bound.type.isInterval else {
            throw QueryError(
                .typeMismatch,
                "Unary '+' operator cannot by applied to \(bound.type) type", at: node.anchor)
        }
        return bound
    }

    /// `a[i]`: an array's element, a map's value, a row's field by a constant position.
    func bindElement(
        _ base: Expression, _ index: Expression, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        let value = try bind(base)
        let position = try bind(index)
        if case .row(let fields) = value.type {
            guard case .literal(.int(let number), let type) = position, type.isInteger else {
                throw QueryError(
                    .expressionNotConstant,
                    "Subscript expression on ROW requires a constant index", at: index.anchor)
            }
            guard number >= 1, number <= fields.count else {
                throw QueryError(
                    .invalidFunctionArgument,
                    "Invalid subscript index: \(number). ROW indices start at 1 and cannot exceed "
                        + "the number of fields: \(fields.count)",
                    at: index.anchor)
            }
            return .field(value, Int(number) - 1, fields[Int(number) - 1].type)
        }
        guard value.type.isNested,
            let call = try resolveOperator("$subscript", [value, position], at: node.anchor)
        else {
            throw QueryError(
                .typeMismatch, "Cannot use \(position.type) for subscript of \(value.type)",
                at: node.anchor)
        }
        return call
    }
}
