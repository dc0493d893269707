import Columnar

/// Makes conditions short and flat: no nested AND, no double NOT, no constants, shared terms of OR first.
///
/// A filter that is always true vanishes; one that is never true leaves no rows.
enum SimplifyBooleans {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        plan.mapped { node in
            let simple = node.mappingExpressions(simplify)
            guard case .filter(let input, let predicate) = simple else { return simple }
            switch predicate {
            case .literal(.boolean(true), _): return input
            case .literal: return .values(rows: [], outputs: input.outputs)
            default: return simple
            }
        }
    }

    static func simplify(_ expression: BoundExpression) -> BoundExpression {
        expression.mapped { node in
            switch node {
            case .and(let terms): conjunction(terms)
            case .or(let terms): disjunction(terms)
            case .not(let operand): negation(operand)
            case .isNull(.literal(let value, _)): value == .null ? .true : .false
            case .compare(let op, let a, let b): comparison(op, a, b)
            case .inList(let needle, let list): membership(needle, list)
            case .coalesce(let terms, let type): coalesced(terms, type)
            case .caseWhen(let branches, let otherwise, let type):
                chosen(branches, otherwise, type)
            case .cast(let operand, let to, _, _) where operand.type == to: operand
            default: node
            }
        }
    }

    private static func conjunction(_ terms: [BoundExpression]) -> BoundExpression {
        var kept: [BoundExpression] = []
        var seen: Set<BoundExpression> = []
        for term in terms.flatMap(\.conjuncts) where term != .true {
            if term == .false { return .false }
            if seen.insert(term.unlocated).inserted { kept.append(term) }
        }
        return .conjunction(kept)
    }

    private static func disjuncts(_ expression: BoundExpression) -> [BoundExpression] {
        guard case .or(let terms) = expression else { return [expression] }
        return terms.flatMap(disjuncts)
    }

    private static func disjunction(_ terms: [BoundExpression]) -> BoundExpression {
        var kept: [BoundExpression] = []
        var seen: Set<BoundExpression> = []
        for term in terms.flatMap(disjuncts) where term != .false {
            if term == .true { return .true }
            if seen.insert(term.unlocated).inserted { kept.append(term) }
        }
        if kept.isEmpty { return .false }
        if kept.count == 1 { return kept[0] }
        return listed(kept) ?? factored(kept)
    }

    /// `x = 1 OR x = 2 OR x IN (3, 4)` is `x IN (1, 2, 3, 4)`.
    private static func listed(_ terms: [BoundExpression]) -> BoundExpression? {
        var needle: BoundExpression?
        var items: [BoundExpression] = []
        for term in terms {
            let subject: BoundExpression
            switch term {
            case .compare(.equal, let value, let constant) where constant.isLiteral:
                subject = value
                items.append(constant)
            case .inList(let value, let list) where list.allSatisfy(\.isLiteral):
                subject = value
                items += list
            default: return nil
            }
            if let held = needle, held != subject, held.unlocated != subject.unlocated {
                return nil
            }
            needle = needle ?? subject
        }
        return needle.map { membership($0, items) }
    }

    /// `(a AND b) OR (a AND c)` is `a AND (b OR c)`: the shared term can be pushed down.
    private static func factored(_ terms: [BoundExpression]) -> BoundExpression {
        guard terms.count <= 64 else { return .or(terms) }
        let branches = terms.map(\.conjuncts)
        let shared = branches[0].filter { term in
            branches.dropFirst().allSatisfy { $0.contains { isSame($0, term) } }
        }
        guard !shared.isEmpty else { return .or(terms) }
        var rest: [BoundExpression] = []
        for branch in branches {
            let own = branch.filter { term in !shared.contains { isSame($0, term) } }
            if own.isEmpty { return .conjunction(shared) }
            rest.append(.conjunction(own))
        }
        return .conjunction(shared + [listed(rest) ?? .or(rest)])
    }

    private static func isSame(_ a: BoundExpression, _ b: BoundExpression) -> Bool {
        a == b || a.unlocated == b.unlocated
    }

    private static func negation(_ operand: BoundExpression) -> BoundExpression {
        switch operand {
        case .literal(.boolean(let value), _): return value ? .false : .true
        case .literal(.null, _): return operand
        case .not(let inner): return inner
        case .compare(let op, let a, let b):
            guard let inverse = inverse(op, a.type) else { return .not(operand) }
            return .compare(inverse, a, b)
        default: return .not(operand)
        }
    }

    /// The opposite comparison; with NaN `NOT (a < b)` is not `a >= b`.
    private static func inverse(_ op: Comparison, _ type: DataType) -> Comparison? {
        switch op {
        case .equal: return .notEqual
        case .notEqual: return .equal
        case .isDistinctFrom: return .isNotDistinctFrom
        case .isNotDistinctFrom: return .isDistinctFrom
        default: break
        }
        guard type != .double, type != .real, !type.isNested else { return nil }
        switch op {
        case .less: return .greaterOrEqual
        case .lessOrEqual: return .greater
        case .greater: return .lessOrEqual
        default: return .less
        }
    }

    /// NULL on either side is NULL; a literal moves to the right.
    private static func comparison(
        _ op: Comparison, _ a: BoundExpression, _ b: BoundExpression
    ) -> BoundExpression {
        let isNullSafe = op == .isDistinctFrom || op == .isNotDistinctFrom
        for side in [a, b] {
            if case .literal(.null, _) = side, !isNullSafe { return .null(.boolean) }
        }
        guard a.isLiteral, !b.isLiteral else { return .compare(op, a, b) }
        let flipped: Comparison =
            switch op {
            case .less: .greater
            case .lessOrEqual: .greaterOrEqual
            case .greater: .less
            case .greaterOrEqual: .lessOrEqual
            default: op
            }
        return .compare(flipped, b, a)
    }

    private static func membership(
        _ needle: BoundExpression, _ list: [BoundExpression]
    ) -> BoundExpression {
        guard list.count > 1 else { return comparison(.equal, needle, list[0]) }
        var seen: Set<BoundExpression> = []
        var kept: [BoundExpression] = []
        for item in list where !item.isLiteral || seen.insert(item).inserted { kept.append(item) }
        return .inList(needle, kept)
    }

    private static func coalesced(_ terms: [BoundExpression], _ type: DataType) -> BoundExpression {
        var kept: [BoundExpression] = []
        for term in terms {
            if case .literal(.null, _) = term { continue }
            kept.append(term)
            if term.isLiteral { break }
        }
        if kept.isEmpty { return .null(type) }
        return kept.count == 1 ? kept[0] : .coalesce(kept, type)
    }

    private static func chosen(
        _ branches: [CaseBranch], _ otherwise: BoundExpression?, _ type: DataType
    ) -> BoundExpression {
        var kept: [CaseBranch] = []
        for branch in branches {
            guard case .literal(let value, _) = branch.condition else {
                kept.append(branch)
                continue
            }
            guard value == .boolean(true) else { continue }
            if kept.isEmpty { return branch.result }
            return .caseWhen(kept, otherwise: branch.result, type)
        }
        return kept.isEmpty
            ? otherwise ?? .null(type) : .caseWhen(kept, otherwise: otherwise, type)
    }
}
