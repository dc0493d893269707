import Columnar

extension ExpressionBinder {
    /// `IS [NOT] TRUE|FALSE|UNKNOWN`: never NULL.
    func bindTruth(
        _ operand: Expression, _ truth: Bool?, isNegated: Bool
    ) throws(QueryError) -> BoundExpression {
        let bound = try bindBoolean(operand, as: "Value of IS expression")
        let test: BoundExpression =
            switch truth {
            case true: .coalesce([bound, .false], .boolean)
            case false: .coalesce([.not(bound), .false], .boolean)
            default: .isNull(bound)
            }
        return isNegated ? .not(test) : test
    }

    func bindBetween(
        _ value: Expression, _ low: Expression, _ high: Expression, isSymmetric: Bool
    ) throws(QueryError) -> BoundExpression {
        let mark = binder.usage.expressionNodes
        let bound = [try bind(value), try bind(low), try bind(high)]
        try binder.usage.addCopies(isSymmetric ? 3 : 1, since: mark, at: value.anchor)
        guard case .success(let type) = Coercion.commonSuperType(of: bound.map(\.type)),
            type.isOrderable
        else {
            throw QueryError(
                .typeMismatch,
                "Cannot check if \(bound[0].type) is BETWEEN \(bound[1].type) and \(bound[2].type)",
                at: value.anchor,
                hint: Self.mismatchHint(bound[1].type, bound[0].type)
                    ?? Self.mismatchHint(bound[2].type, bound[0].type))
        }
        let operands = bound.map { $0.coerced(to: type) }
        let (x, a, b) = (operands[0], operands[1], operands[2])
        let straight = BoundExpression.and([
            .compare(.greaterOrEqual, x, a), .compare(.lessOrEqual, x, b),
        ])
        guard isSymmetric else { return straight }
        return .or([
            straight,
            .and([.compare(.greaterOrEqual, x, b), .compare(.lessOrEqual, x, a)]),
        ])
    }

    func bindInList(
        _ value: Expression, _ list: [Expression]
    ) throws(QueryError) -> BoundExpression {
        let mark = binder.usage.expressionNodes
        let needle = try bind(value)
        let needleSize = binder.usage.expressionNodes - mark
        var items: [BoundExpression] = []
        for item in list { items.append(try bind(item)) }
        if case .rowConstructor = needle {
            let copies = needleSize.multipliedReportingOverflow(by: list.count).partialValue
            try binder.usage.addExpressionNodes(copies, at: value.anchor)
            var tests: [BoundExpression] = []
            for item in items { tests.append(try compare(.equal, needle, item, at: value)) }
            return tests.count == 1 ? tests[0] : .or(tests)
        }
        let type = try commonType(
            of: [needle] + items, as: "IN value and list items", at: value.anchor)
        return .inList(needle.coerced(to: type), items.map { $0.coerced(to: type) })
    }

    func bindLike(
        _ value: Expression, _ pattern: Expression, _ escape: Expression?, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        let text = try bindText(value, as: "Left side of LIKE expression")
        let boundPattern = try bindText(pattern, as: "Pattern for LIKE expression")
        var boundEscape: BoundExpression?
        if let escape {
            let bound = try bindText(escape, as: "Escape for LIKE expression")
            if case .literal(.text(let mark), _) = bound, mark.unicodeScalars.count != 1 {
                throw QueryError(
                    .invalidFunctionArgument, "Escape string must be a single character",
                    at: escape.anchor)
            }
            boundEscape = bound
        }
        return .like(text, pattern: boundPattern, escape: boundEscape, node.anchor)
    }

    private func bindText(
        _ operand: Expression, as what: String
    ) throws(QueryError) -> BoundExpression {
        let bound = try bind(operand)
        guard bound.type.isText || bound.type == .unknown else {
            throw QueryError(
                .typeMismatch, "\(what) must evaluate to a varchar (actual: \(bound.type))",
                at: operand.anchor)
        }
        return bound.coerced(to: .text)
    }

    /// A searched CASE; a simple one compares its operand with each WHEN.
    func bindCase(
        _ operand: Expression?, _ whens: [WhenClause], _ otherwise: Expression?
    ) throws(QueryError) -> BoundExpression {
        var conditions: [BoundExpression] = []
        let subject: BoundExpression?
        if let operand {
            let mark = binder.usage.expressionNodes
            subject = try bind(operand)
            try binder.usage.addCopies(whens.count - 1, since: mark, at: operand.anchor)
        } else {
            subject = nil
        }
        for when in whens {
            guard let subject else {
                conditions.append(try bindBoolean(when.condition, as: "CASE WHEN clause"))
                continue
            }
            let value = try bind(when.condition)
            guard Coercion.commonSuperType(subject.type, value.type) != nil else {
                throw QueryError(
                    .typeMismatch,
                    "CASE operand type does not match WHEN clause operand type: "
                        + "\(subject.type) vs \(value.type)",
                    at: when.condition.anchor)
            }
            conditions.append(try compare(.equal, subject, value, at: when.condition))
        }
        var results: [BoundExpression] = []
        for when in whens { results.append(try bind(when.result)) }
        if let otherwise { results.append(try bind(otherwise)) }
        let type = try commonType(
            of: results, as: "All CASE results", at: whens[0].result.anchor)
        let coerced = results.map { $0.coerced(to: type) }
        var branches: [CaseBranch] = []
        for (condition, result) in zip(conditions, coerced) {
            branches.append(CaseBranch(condition: condition, result: result))
        }
        return .caseWhen(
            branches, otherwise: otherwise == nil ? nil : coerced[coerced.count - 1], type)
    }

    func bindCast(
        _ operand: Expression, _ type: TypeName, isTry: Bool, at node: Expression
    ) throws(QueryError) -> BoundExpression {
        let bound = try bind(operand)
        let target = try type.resolved()
        guard target != .unknown else {
            throw QueryError(.typeMismatch, "UNKNOWN is not a valid type", at: type.range)
        }
        guard Coercion.isCastable(from: bound.type, to: target) else {
            throw QueryError(
                .typeMismatch, "Cannot cast \(bound.type) to \(target)", at: node.anchor,
                hint: bound.type.isNested && target.isText
                    ? "use json_format(CAST(x AS json)) or array_join(x, ',')" : nil)
        }
        if bound.type == target { return bound }
        if bound.type == .unknown { return .null(target) }
        return .cast(bound, to: target, isTry: isTry, node.anchor)
    }

    func bindArray(_ elements: [Expression]) throws(QueryError) -> BoundExpression {
        var bound: [BoundExpression] = []
        for element in elements { bound.append(try bind(element)) }
        guard let first = elements.first else {
            return .arrayConstructor([], .array(.unknown))
        }
        let type = try commonType(of: bound, as: "All ARRAY elements", at: first.anchor)
        return .arrayConstructor(bound.map { $0.coerced(to: type) }, .array(type))
    }

    func bindRow(_ fields: [Expression]) throws(QueryError) -> BoundExpression {
        var bound: [BoundExpression] = []
        for field in fields { bound.append(try bind(field)) }
        return .rowConstructor(
            bound, .row(bound.map { RowField(name: nil, type: $0.type) }))
    }
}
