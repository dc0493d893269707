extension ExpressionKind {
    /// The direct sub-expressions, left to right; those of subqueries are not among them.
    var children: [Expression] {
        switch self {
        case .literal, .identifier, .exists, .subquery, .currentValue: []
        case .dereference(let base, _): [base]
        case .arithmetic(_, let left, let right), .compare(_, let left, let right),
            .concat(let left, let right), .element(let left, let right),
            .atTimeZone(let left, let right):
            [left, right]
        case .and(let terms), .or(let terms), .array(let terms), .row(let terms): terms
        case .not(let operand), .negate(let operand), .plus(let operand),
            .isNull(let operand, _), .isTruth(let operand, _, _), .inSubquery(let operand, _, _),
            .quantified(_, _, let operand, _), .cast(let operand, _, _), .extract(_, let operand),
            .lambda(_, let operand):
            [operand]
        case .between(let value, let low, let high, _, _): [value, low, high]
        case .inList(let value, let list, _): [value] + list
        case .like(let value, let pattern, let escape, _):
            [value, pattern] + (escape.map { [$0] } ?? [])
        case .caseWhen(let operand, let whens, let otherwise):
            (operand.map { [$0] } ?? []) + whens.flatMap { [$0.condition, $0.result] }
                + (otherwise.map { [$0] } ?? [])
        case .call(let call): call.children
        }
    }
}

extension FunctionCall {
    /// Arguments, order, filter and window of the call.
    var children: [Expression] {
        var result = arguments + orderBy.map(\.expression)
        if let filter { result.append(filter) }
        if case .inline(let window) = window {
            result += window.partitionBy + window.orderBy.map(\.expression)
        }
        return result
    }
}
