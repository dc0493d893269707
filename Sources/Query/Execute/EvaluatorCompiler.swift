import Columnar

/// Compiles bound expressions into nodes: chooses kernels, folds literals into one-row columns.
struct EvaluatorCompiler {
    let query: QueryContext

    func compile(_ expression: BoundExpression) throws(QueryError) -> EvaluatorNode {
        switch expression {
        case .column(let index, let type):
            return EvaluatorNode(
                .column(index), type: type, children: [], ownInputs: [index],
                isCheapAndTotal: true)
        case .literal(let value, let type):
            let column = try storage { () throws(ColumnarError) in
                try Column.from([value], type: type, pool: query.pool)
            }
            return constant(column, type)
        case .scalarSubquery(let id, let type):
            return constant(try query.subqueryValue(id), type)
        case .compare(let op, let a, let b):
            let nodes = try compile([a, b])
            return EvaluatorNode(
                .compare(op, nodes[0], nodes[1]), type: .boolean, children: nodes,
                isCheapAndTotal: !nodes[0].type.isNested)
        case .arithmetic(let op, let a, let b, let type, let range):
            let nodes = try compile([a, b])
            return EvaluatorNode(
                .arithmetic(op, nodes[0], nodes[1]), type: type, range: range, children: nodes,
                isCheapAndTotal: type == .double || type == .real)
        case .negate(let a, let type, let range):
            let node = try compile(a)
            return EvaluatorNode(.negate(node), type: type, range: range, children: [node])
        case .and(let terms):
            let nodes = try compile(terms)
            return EvaluatorNode(
                .and(nodes), type: .boolean, children: nodes, isCheapAndTotal: true)
        case .or(let terms):
            let nodes = try compile(terms)
            return EvaluatorNode(
                .or(nodes), type: .boolean, children: nodes, isCheapAndTotal: true)
        case .not(let a):
            let node = try compile(a)
            return EvaluatorNode(
                .not(node), type: .boolean, children: [node], isCheapAndTotal: true)
        case .isNull(let a):
            let node = try compile(a)
            return EvaluatorNode(
                .isNull(node), type: .boolean, children: [node], isCheapAndTotal: true)
        case .inList(let needle, let list): return try inList(needle, list)
        case .caseWhen(let branches, let otherwise, let type):
            return try caseWhen(branches, otherwise, type)
        case .coalesce(let terms, let type):
            let nodes = try compile(terms)
            return EvaluatorNode(.coalesce(nodes), type: type, children: nodes)
        case .try(let a):
            let node = try compile(a)
            return EvaluatorNode(.attempt(node), type: node.type, children: [node])
        case .cast(let a, let type, let isTry, let range):
            return try cast(a, type, isTry, range)
        case .field(let a, let index, let type):
            let node = try compile(a)
            return EvaluatorNode(
                .field(node, index), type: type, children: [node], isCheapAndTotal: true)
        case .rowConstructor(let terms, let type):
            let nodes = try compile(terms)
            return EvaluatorNode(.row(nodes), type: type, children: nodes)
        case .arrayConstructor(let terms, let type):
            let nodes = try compile(terms)
            return EvaluatorNode(.array(nodes), type: type, children: nodes)
        case .like(let a, let pattern, let escape, let range):
            let nodes = try compile([a, pattern])
            let escapeNode = try escape.map { (e) throws(QueryError) in try compile(e) }
            return EvaluatorNode(
                .like(nodes[0], pattern: nodes[1], escape: escapeNode), type: .boolean,
                range: range, children: nodes + (escapeNode.map { [$0] } ?? []))
        case .call(let call): return try self.call(call)
        case .lambda(let lambda):
            let captures = try compile(lambda.captures)
            let body = try compile(lambda.body)
            return EvaluatorNode(
                .lambda(captures: captures, body: body), type: body.type, children: captures,
                isDeterministic: body.isDeterministic)
        }
    }

    func compile(_ expressions: [BoundExpression]) throws(QueryError) -> [EvaluatorNode] {
        var nodes: [EvaluatorNode] = []
        nodes.reserveCapacity(expressions.count)
        for expression in expressions { nodes.append(try compile(expression)) }
        return nodes
    }

    private func constant(_ column: Column, _ type: DataType) -> EvaluatorNode {
        EvaluatorNode(.constant(column), type: type, children: [], isCheapAndTotal: true)
    }

    private func inList(
        _ needle: BoundExpression, _ list: [BoundExpression]
    ) throws(QueryError) -> EvaluatorNode {
        let node = try compile(needle)
        let members = try compile(list)
        var constants: [Column] = []
        for member in members {
            if case .constant(let column) = member.kind { constants.append(column) }
        }
        if constants.count == members.count, !node.type.isNested {
            let set = try storage { () throws(ColumnarError) in
                try InSet(constants, type: node.type, pool: query.pool)
            }
            return EvaluatorNode(
                .inConstants(node, set), type: .boolean, children: [node], isCheapAndTotal: true)
        }
        return EvaluatorNode(.inList(node, members), type: .boolean, children: [node] + members)
    }

    private func caseWhen(
        _ branches: [CaseBranch], _ otherwise: BoundExpression?, _ type: DataType
    ) throws(QueryError) -> EvaluatorNode {
        var compiled: [(condition: EvaluatorNode, result: EvaluatorNode)] = []
        var children: [EvaluatorNode] = []
        for branch in branches {
            let condition = try compile(branch.condition)
            let result = try compile(branch.result)
            compiled.append((condition, result))
            children += [condition, result]
        }
        var last: EvaluatorNode?
        if let otherwise {
            let node = try compile(otherwise)
            last = node
            children.append(node)
        }
        return EvaluatorNode(.caseWhen(compiled, last), type: type, children: children)
    }

    private func cast(
        _ operand: BoundExpression, _ type: DataType, _ isTry: Bool, _ range: SourceRange?
    ) throws(QueryError) -> EvaluatorNode {
        let node = try compile(operand)
        if node.type == type { return node }
        if node.type == .unknown {
            return constant(
                try storage { () throws(ColumnarError) in
                    try Column.from([.null], type: type, pool: query.pool)
                }, type)
        }
        guard let kernel = Cast.kernel(from: node.type, to: type) else {
            throw QueryError(.typeMismatch, "Cannot cast \(node.type) to \(type)", at: range)
        }
        return EvaluatorNode(
            .cast(node, kernel, isTry: isTry), type: type, range: range, children: [node])
    }

    private func call(_ call: ScalarCall) throws(QueryError) -> EvaluatorNode {
        let arguments = try compile(call.arguments)
        guard let function = query.registry.scalars[call.function.name],
            function.overloads.indices.contains(call.function.overload)
        else {
            throw QueryError(
                .internalError, "function \(call.function.name) is not in the registry")
        }
        let overload = function.overloads[call.function.overload]
        return EvaluatorNode(
            .call(overload.kernel, arguments), type: call.function.resultType, range: call.range,
            children: arguments, isDeterministic: overload.isDeterministic)
    }
}
