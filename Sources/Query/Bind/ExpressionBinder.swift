import Columnar

/// Expressions to bound expressions: names to columns, calls to functions, implicit casts written out.
final class ExpressionBinder {
    let binder: Binder
    let environment: NameEnvironment
    let scope: Scope
    /// The SELECT block that may hold aggregates and windows; nil in JOIN ON, VALUES and UNNEST.
    let select: SelectState?
    /// Output names that ORDER BY may use, with the expressions they stand for.
    var aliases: [String: [BoundExpression]] = [:]
    /// Parameters of the lambdas around the current expression, innermost last.
    var parameters: [Parameter] = []
    /// True within arguments of an aggregate and within WHERE and GROUP BY: the rows are those of FROM.
    var isOverSourceRows = false

    /// A lambda's parameter in scope.
    struct Parameter {
        var name: String
        var column: Int
        var type: DataType
    }

    init(
        binder: Binder, environment: NameEnvironment, scope: Scope, select: SelectState? = nil
    ) {
        self.binder = binder
        self.environment = environment
        self.scope = scope
        self.select = select
    }

    func bind(_ expression: Expression) throws(QueryError) -> BoundExpression {
        try binder.usage.addExpressionNodes(1, at: expression.anchor)
        switch expression.kind {
        case .literal(let literal):
            return try LiteralBinding.bind(literal, at: expression.anchor)
        case .identifier, .dereference: return try bindName(expression)
        case .arithmetic(let op, let left, let right):
            return try bindArithmetic(op, left, right, at: expression)
        case .compare(let op, let left, let right):
            return try bindComparison(op, left, right, at: expression)
        case .concat(let left, let right):
            return try bindConcat(left, right, at: expression)
        case .and(let terms): return .and(try bindLogical(terms))
        case .or(let terms): return .or(try bindLogical(terms))
        case .not(let operand):
            return .not(
                try bindBoolean(operand, as: "Value of logical NOT expression"))
        case .negate(let operand): return try bindNegation(operand, at: expression)
        case .plus(let operand): return try bindPlus(operand, at: expression)
        case .isNull(let operand, let isNegated):
            let test = BoundExpression.isNull(try bind(operand))
            return isNegated ? .not(test) : test
        case .isTruth(let operand, let truth, let isNegated):
            return try bindTruth(operand, truth, isNegated: isNegated)
        default: return try bindCompound(expression)
        }
    }

    private func bindCompound(_ expression: Expression) throws(QueryError) -> BoundExpression {
        switch expression.kind {
        case .between(let value, let low, let high, let isNegated, let isSymmetric):
            let test = try bindBetween(value, low, high, isSymmetric: isSymmetric)
            return isNegated ? .not(test) : test
        case .inList(let value, let list, let isNegated):
            let test = try bindInList(value, list)
            return isNegated ? .not(test) : test
        case .like(let value, let pattern, let escape, let isNegated):
            let test = try bindLike(value, pattern, escape, at: expression)
            return isNegated ? .not(test) : test
        case .caseWhen(let operand, let whens, let otherwise):
            return try bindCase(operand, whens, otherwise)
        case .cast(let operand, let type, let isTry):
            return try bindCast(operand, type, isTry: isTry, at: expression)
        case .extract(let field, let operand):
            return try bindExtract(field, operand, at: expression)
        case .atTimeZone(let value, let zone):
            return try bindAtTimeZone(value, zone, at: expression)
        case .array(let elements): return try bindArray(elements)
        case .row(let fields): return try bindRow(fields)
        case .element(let base, let index): return try bindElement(base, index, at: expression)
        case .call(let call): return try bindCall(call, at: expression)
        case .currentValue(let value, let precision):
            return try bindCurrentValue(value, precision: precision, at: expression)
        case .lambda:
            throw QueryError(
                .syntaxError, "Lambda expression should always be used inside a function",
                at: expression.anchor)
        case .inSubquery, .exists, .quantified, .subquery:
            guard parameters.isEmpty else {
                throw QueryError(
                    .notSupported, "Lambda expression cannot contain subqueries",
                    at: expression.anchor)
            }
            return try bindSubquery(expression)
        default:
            throw QueryError(.internalError, "Unbound expression form", at: expression.anchor)
        }
    }

    // MARK: Types

    /// Binds an operand that must be boolean, `what` naming it in the message.
    func bindBoolean(_ operand: Expression, as what: String) throws(QueryError) -> BoundExpression {
        let bound = try bind(operand)
        guard Coercion.isImplicit(from: bound.type, to: .boolean) else {
            throw QueryError(
                .typeMismatch, "\(what) must evaluate to a boolean (actual: \(bound.type))",
                at: operand.anchor)
        }
        return bound.coerced(to: .boolean)
    }

    private func bindLogical(_ terms: [Expression]) throws(QueryError) -> [BoundExpression] {
        var bound: [BoundExpression] = []
        for term in terms {
            bound.append(try bindBoolean(term, as: "Logical expression term"))
        }
        return bound
    }

    /// The common type of expressions that must agree, `what` naming them in the message.
    func commonType(
        of expressions: [BoundExpression], as what: String, at range: SourceRange
    ) throws(QueryError) -> DataType {
        switch Coercion.commonSuperType(of: expressions.map(\.type)) {
        case .success(let type): return type
        case .failure(let clash):
            var distinct: [DataType] = []
            for expression in expressions where !distinct.contains(expression.type) {
                distinct.append(expression.type)
            }
            let list = distinct.map { "\($0)" }.joined(separator: ", ")
            throw QueryError(
                .typeMismatch,
                "\(what) must be the same type or coercible to a common type. Cannot find common "
                    + "type between \(clash.first) and \(clash.second), all types (without "
                    + "duplicates): [\(list)]",
                at: range)
        }
    }
}
