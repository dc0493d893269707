import Columnar

extension BoundExpression {
    /// The direct operands; of a lambda its captures, not its body, which has other columns.
    package var children: [BoundExpression] {
        switch self {
        case .column, .literal, .scalarSubquery: []
        case .compare(_, let a, let b), .arithmetic(_, let a, let b, _, _): [a, b]
        case .negate(let a, _, _), .not(let a), .isNull(let a), .try(let a), .cast(let a, _, _, _),
            .field(let a, _, _):
            [a]
        case .and(let terms), .or(let terms), .coalesce(let terms, _),
            .rowConstructor(let terms, _), .arrayConstructor(let terms, _):
            terms
        case .inList(let needle, let list): [needle] + list
        case .caseWhen(let branches, let otherwise, _):
            branches.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? [])
        case .like(let text, let pattern, let escape, _):
            [text, pattern] + (escape.map { [$0] } ?? [])
        case .call(let call): call.arguments
        case .lambda(let lambda): lambda.captures
        }
    }

    /// The same expression over other operands: as many, in the order of `children`.
    package func replacingChildren(_ new: [BoundExpression]) -> BoundExpression {
        switch self {
        case .column, .literal, .scalarSubquery: self
        case .compare(let op, _, _): .compare(op, new[0], new[1])
        case .arithmetic(let op, _, _, let type, let range):
            .arithmetic(op, new[0], new[1], type, range)
        case .negate(_, let type, let range): .negate(new[0], type, range)
        case .not: .not(new[0])
        case .isNull: .isNull(new[0])
        case .try: .try(new[0])
        case .cast(_, let to, let isTry, let range): .cast(new[0], to: to, isTry: isTry, range)
        case .field(_, let index, let type): .field(new[0], index, type)
        case .and: .and(new)
        case .or: .or(new)
        case .coalesce(_, let type): .coalesce(new, type)
        case .rowConstructor(_, let type): .rowConstructor(new, type)
        case .arrayConstructor(_, let type): .arrayConstructor(new, type)
        case .inList: .inList(new[0], Array(new.dropFirst()))
        case .caseWhen(let branches, let otherwise, let type):
            .caseWhen(
                branches.indices.map {
                    CaseBranch(condition: new[2 * $0], result: new[2 * $0 + 1])
                }, otherwise: otherwise == nil ? nil : new[new.count - 1], type)
        case .like(_, _, let escape, let range):
            .like(new[0], pattern: new[1], escape: escape == nil ? nil : new[2], range)
        case .call(let call):
            .call(ScalarCall(function: call.function, arguments: new, range: call.range))
        case .lambda(let lambda):
            .lambda(
                LambdaExpression(
                    captures: new, parameterTypes: lambda.parameterTypes, body: lambda.body))
        }
    }

    /// Rewrites from the leaves up.
    package func rewritten(
        _ rule: (BoundExpression) throws(QueryError) -> BoundExpression
    ) throws(QueryError) -> BoundExpression {
        let old = children
        if old.isEmpty { return try rule(self) }
        var new: [BoundExpression] = []
        new.reserveCapacity(old.count)
        for child in old { new.append(try child.rewritten(rule)) }
        return try rule(replacingChildren(new))
    }

    /// Rewrites from the leaves up by a rule that cannot fail.
    func mapped(_ rule: (BoundExpression) -> BoundExpression) -> BoundExpression {
        let old = children
        if old.isEmpty { return rule(self) }
        return rule(replacingChildren(old.map { $0.mapped(rule) }))
    }

    /// The same with every input column replaced.
    func mappingColumns(_ replacement: (Int, DataType) -> BoundExpression) -> BoundExpression {
        mapped { node in
            guard case .column(let index, let type) = node else { return node }
            return replacement(index, type)
        }
    }

    /// The same with every input column at another position.
    func movingColumns(_ position: (Int) -> Int) -> BoundExpression {
        mappingColumns { .column(position($0), $1) }
    }

    /// Whether the node or any below satisfies a condition; bodies of lambdas included.
    func contains(_ condition: (BoundExpression) -> Bool) -> Bool {
        if condition(self) { return true }
        if case .lambda(let lambda) = self, lambda.body.contains(condition) { return true }
        for child in children where child.contains(condition) { return true }
        return false
    }

    /// Nodes of the tree, counting stops at a limit.
    func nodeCount(upTo limit: Int) -> Int {
        var count = 1
        for child in children where count < limit {
            count += child.nodeCount(upTo: limit - count)
        }
        if case .lambda(let lambda) = self, count < limit {
            count += lambda.body.nodeCount(upTo: limit - count)
        }
        return count
    }

    /// Positions of the input columns used.
    package var columns: Set<Int> {
        var result: Set<Int> = []
        collectColumns(into: &result)
        return result
    }

    private func collectColumns(into result: inout Set<Int>) {
        if case .column(let index, _) = self { result.insert(index) }
        for child in children { child.collectColumns(into: &result) }
    }

    /// The same without places in the text: equal for equal computations.
    package var unlocated: BoundExpression {
        mapped { node in
            switch node {
            case .arithmetic(let op, let a, let b, let type, _): .arithmetic(op, a, b, type, nil)
            case .negate(let a, let type, _): .negate(a, type, nil)
            case .cast(let a, let to, let isTry, _): .cast(a, to: to, isTry: isTry, nil)
            case .like(let text, let pattern, let escape, _):
                .like(text, pattern: pattern, escape: escape, nil)
            case .call(let call):
                .call(ScalarCall(function: call.function, arguments: call.arguments, range: nil))
            case .lambda(let lambda):
                .lambda(
                    LambdaExpression(
                        captures: lambda.captures, parameterTypes: lambda.parameterTypes,
                        body: lambda.body.unlocated))
            default: node
            }
        }
    }
}
