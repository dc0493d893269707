import Columnar

/// An expression whose names are columns by position, whose calls are chosen and whose types are known.
///
/// The binder inserts every implicit cast, so that operands of `compare`, `arithmetic`, `inList`, `caseWhen`
/// and `coalesce` have equal types already (decimal arithmetic keeps each operand's precision and scale;
/// date and interval arithmetic is a call).
package indirect enum BoundExpression: Hashable, Sendable {
    /// An input column by position.
    case column(Int, DataType)
    case literal(Value, DataType)
    /// Operands of one type; the result is boolean.
    case compare(Comparison, BoundExpression, BoundExpression)
    /// Numeric operands; the type is the result's.
    case arithmetic(ArithmeticOperator, BoundExpression, BoundExpression, DataType, SourceRange?)
    case negate(BoundExpression, DataType, SourceRange?)
    case and([BoundExpression])
    case or([BoundExpression])
    case not(BoundExpression)
    case isNull(BoundExpression)
    /// `needle IN (list)`, three-valued; all of one type.
    case inList(BoundExpression, [BoundExpression])
    /// Searched CASE; a simple CASE is bound to comparisons. `otherwise` nil is NULL.
    case caseWhen([CaseBranch], otherwise: BoundExpression?, DataType)
    /// The first non-NULL; later arguments run only where earlier ones are NULL.
    case coalesce([BoundExpression], DataType)
    /// Deferred errors of the operand become NULL.
    case `try`(BoundExpression)
    case cast(BoundExpression, to: DataType, isTry: Bool, SourceRange?)
    /// A field of a row value, by position.
    case field(BoundExpression, Int, DataType)
    /// `ROW(...)`.
    case rowConstructor([BoundExpression], DataType)
    /// `ARRAY[...]`; elements of one type.
    case arrayConstructor([BoundExpression], DataType)
    /// `x LIKE pattern ESCAPE escape`.
    case like(BoundExpression, pattern: BoundExpression, escape: BoundExpression?, SourceRange?)
    case call(ScalarCall)
    /// An argument of a higher-order function.
    case lambda(LambdaExpression)
    /// A subquery without correlation: run once before the plan that uses it; its one value is a constant.
    case scalarSubquery(SubqueryID, DataType)
}

/// `=`, `<>`, `<`, ...
///
/// and the two null-safe forms.
package enum Comparison: Hashable, Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case isDistinctFrom, isNotDistinctFrom
}

/// `+ - * / %` on numbers.
package enum ArithmeticOperator: Hashable, Sendable {
    case add, subtract, multiply, divide, modulus
}

/// One WHEN ...
///
/// THEN ... of a searched CASE.
package struct CaseBranch: Hashable, Sendable {
    package var condition: BoundExpression
    package var result: BoundExpression

    package init(condition: BoundExpression, result: BoundExpression) {
        self.condition = condition
        self.result = result
    }
}

/// A resolved function call.
package struct ScalarCall: Hashable, Sendable {
    package var function: ResolvedFunction
    package var arguments: [BoundExpression]
    package var range: SourceRange?

    package init(function: ResolvedFunction, arguments: [BoundExpression], range: SourceRange?) {
        self.function = function
        self.arguments = arguments
        self.range = range
    }
}

/// `(a, b) -> body`: the body's columns are the captured outer expressions, then the parameters.
package struct LambdaExpression: Hashable, Sendable {
    package var captures: [BoundExpression]
    package var parameterTypes: [DataType]
    package var body: BoundExpression

    package init(
        captures: [BoundExpression], parameterTypes: [DataType], body: BoundExpression
    ) {
        self.captures = captures
        self.parameterTypes = parameterTypes
        self.body = body
    }
}

/// Names one uncorrelated subquery of a statement.
package struct SubqueryID: Hashable, Sendable {
    package let number: Int

    package init(number: Int) {
        self.number = number
    }
}
