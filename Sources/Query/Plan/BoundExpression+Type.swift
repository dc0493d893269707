import Columnar

extension BoundExpression {
    /// The type of the value.
    package var type: DataType {
        switch self {
        case .column(_, let type), .literal(_, let type), .arithmetic(_, _, _, let type, _),
            .negate(_, let type, _), .caseWhen(_, _, let type), .coalesce(_, let type),
            .cast(_, let type, _, _), .field(_, _, let type), .rowConstructor(_, let type),
            .arrayConstructor(_, let type), .scalarSubquery(_, let type):
            type
        case .compare, .and, .or, .not, .isNull, .inList, .like: .boolean
        case .try(let operand): operand.type
        case .call(let call): call.function.resultType
        case .lambda(let lambda):
            .function(arguments: lambda.parameterTypes, result: lambda.body.type)
        }
    }

    /// TRUE as a literal.
    package static let `true` = BoundExpression.literal(.boolean(true), .boolean)
    /// FALSE as a literal.
    package static let `false` = BoundExpression.literal(.boolean(false), .boolean)

    /// NULL of a type.
    package static func null(_ type: DataType) -> BoundExpression { .literal(.null, type) }

    var isLiteral: Bool {
        if case .literal = self { true } else { false }
    }

    /// The terms of a conjunction, nested ones flattened; any other expression is its only term.
    package var conjuncts: [BoundExpression] {
        guard case .and(let terms) = self else { return [self] }
        return terms.flatMap(\.conjuncts)
    }

    /// The conjunction of terms: TRUE for none, the term itself for one.
    package static func conjunction(_ terms: [BoundExpression]) -> BoundExpression {
        terms.isEmpty ? .true : terms.count == 1 ? terms[0] : .and(terms)
    }
}
