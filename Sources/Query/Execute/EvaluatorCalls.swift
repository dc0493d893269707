import Columnar

/// Expressions computed by a kernel over whole columns: comparison, arithmetic, casts, calls, LIKE.
extension EvaluatorRun {
    mutating func compared(
        _ op: Comparison, _ left: EvaluatorNode, _ right: EvaluatorNode, _ selection: Selection
    ) throws(QueryError) -> Column {
        let a = try value(of: left, selection)
        let b = try value(of: right, selection)
        let type = left.type
        return try kernel { (pool) throws(ColumnarError) in
            switch op {
            case .isDistinctFrom:
                return try Compare.distinct(a, b, type: type, selection: selection, pool: pool)
            case .isNotDistinctFrom:
                let distinct = try Compare.distinct(
                    a, b, type: type, selection: selection, pool: pool)
                return try BooleanLogic.not(distinct, pool: pool)
            default:
                return try Compare.columns(
                    op.scanComparison, a, b, type: type, selection: selection, pool: pool)
            }
        }
    }

    mutating func arithmetic(
        _ node: EvaluatorNode, _ op: ArithmeticOperator, _ left: EvaluatorNode,
        _ right: EvaluatorNode, _ selection: Selection
    ) throws(QueryError) -> Column {
        let a = try value(of: left, selection)
        let b = try value(of: right, selection)
        let outcome = try kernel { (pool) throws(ColumnarError) in
            if case .decimal = node.type {
                return try DecimalArithmetic.columns(
                    op.operation, a, b, types: (left.type, right.type), result: node.type,
                    selection: selection, pool: pool)
            }
            return try Arithmetic.columns(
                op.operation, a, b, type: node.type, selection: selection, pool: pool)
        }
        for failure in outcome.failures {
            let error = try kernel { (_) throws(ColumnarError) in
                try ArithmeticErrors.error(
                    failure, op, a, b, type: node.type, operandType: left.type, at: node.range)
            }
            context.errors.record(row: failure.row, error)
        }
        return outcome.column
    }

    mutating func negated(
        _ node: EvaluatorNode, _ operand: EvaluatorNode, _ selection: Selection
    ) throws(QueryError) -> Column {
        let a = try value(of: operand, selection)
        let outcome = try kernel { (pool) throws(ColumnarError) in
            try Arithmetic.negate(a, type: node.type, selection: selection, pool: pool)
        }
        for failure in outcome.failures {
            let error = try kernel { (_) throws(ColumnarError) in
                try ArithmeticErrors.negation(a, row: failure.row, type: node.type, at: node.range)
            }
            context.errors.record(row: failure.row, error)
        }
        return outcome.column
    }

    func isNull(_ operand: Column, pool: BufferPool) throws(ColumnarError) -> Column {
        if case .constant(let c) = operand {
            let one = try isNull(c.value.flattened(pool: pool), pool: pool)
            return .constant(ConstantColumn(one, count: c.count))
        }
        guard let valid = try operand.validity(pool: pool) else {
            let no = try Bitmap.filled(false, count: 1, pool: pool)
            return .constant(
                ConstantColumn(
                    .bits(BitColumn(values: no, validity: nil)), count: operand.count))
        }
        return try BooleanLogic.not(.bits(BitColumn(values: valid, validity: nil)), pool: pool)
    }

    /// An IN list that is not constant: OR of equalities.
    mutating func inList(
        _ needle: EvaluatorNode, _ members: [EvaluatorNode], _ selection: Selection
    ) throws(QueryError) -> Column {
        let a = try value(of: needle, selection)
        let count = frame.count
        var yes = try kernel { (pool) throws(ColumnarError) in
            try Bitmap.filled(false, count: count, pool: pool)
        }
        var no = try kernel { (pool) throws(ColumnarError) in
            try Bitmap.filled(true, count: count, pool: pool)
        }
        for member in members {
            let b = try value(of: member, selection)
            (yes, no) = try kernel { (pool) throws(ColumnarError) in
                let equal = try Compare.columns(
                    .equal, a, b, type: needle.type, selection: selection, pool: pool)
                return (
                    try BooleanLogic.union(
                        yes, BooleanLogic.trueRows(equal, pool: pool), pool: pool),
                    try no.and(BooleanLogic.falseRows(equal, pool: pool), pool: pool)
                )
            }
        }
        let found = yes
        let missing = no
        return try kernel { (pool) throws(ColumnarError) in
            try BooleanLogic.column(true: found, false: missing, pool: pool)
        }
    }

    func field(
        _ operand: Column, _ index: Int, _ selection: Selection, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        if case .constant(let c) = operand {
            let one = try field(
                c.value.flattened(pool: pool), index, .all, pool: pool
            ).flattened(pool: pool)
            return .constant(ConstantColumn(one, count: c.count))
        }
        guard case .row(let row) = try operand.flattened(selection, pool: pool) else {
            preconditionFailure("a field of a row")
        }
        let child = try row.children[index].resolved(selection)
        guard let validity = row.validity else { return child }
        return try child.masked(by: validity, pool: pool)
    }

    mutating func array(
        _ node: EvaluatorNode, _ elements: [EvaluatorNode], _ selection: Selection
    ) throws(QueryError) -> Column {
        let columns = try values(of: elements, selection)
        let count = frame.count
        return try kernel { (pool) throws(ColumnarError) in
            let width = columns.count
            let offsets = try pool.allocate(UInt32.self, count: count + 1)
            var ends = offsets.mutableSpan(of: UInt32.self, count: count + 1)
            for i in ends.indices { ends[i] = UInt32(i * width) }
            guard width > 0 else {
                let none = try Column.from([], type: node.type.children[0], pool: pool)
                return .list(
                    ListColumn(offsets: offsets, count: count, child: none, validity: nil))
            }
            let all = try Column.concatenated(columns, pool: pool)
            let index = try pool.allocate(UInt32.self, count: count * width)
            var rows = index.mutableSpan(of: UInt32.self, count: count * width)
            for row in 0..<count {
                for element in 0..<width {
                    rows[row * width + element] = UInt32(element * count + row)
                }
            }
            let child = try all.gathered(
                at: index.span(of: UInt32.self, count: count * width), pool: pool)
            return .list(ListColumn(offsets: offsets, count: count, child: child, validity: nil))
        }
    }

    mutating func cast(
        _ node: EvaluatorNode, _ operand: EvaluatorNode, _ cast: ScalarKernel, _ isTry: Bool,
        _ selection: Selection
    ) throws(QueryError) -> Column {
        guard isTry else { return try call(node, cast, [operand], selection) }
        let column = try value(of: operand, selection)
        // Only the cast's own errors are caught: those of the operand stay.
        let outer = context.errors
        context.errors = RowErrors()
        let result = try call(
            node, cast, columns: [column], types: [operand.type], lambdas: [nil], selection)
        let errors = context.errors.take()
        context.errors = outer
        for (row, error) in errors where !error.code.isCaughtByTry {
            context.errors.record(row: row, error)
        }
        return result
    }

    mutating func call(
        _ node: EvaluatorNode, _ function: ScalarKernel, _ arguments: [EvaluatorNode],
        _ selection: Selection
    ) throws(QueryError) -> Column {
        guard !isEmpty(selection) else { return try nulls(node.type) }
        var columns: [Column] = []
        var lambdas: [(any LambdaBody)?] = []
        for argument in arguments {
            columns.append(try value(of: argument, selection))
            if case .lambda(let captures, let body) = argument.kind {
                let captured = try values(of: captures, selection)
                lambdas.append(LambdaRunner(body: body, captures: captured, selection: selection))
            } else {
                lambdas.append(nil)
            }
        }
        return try call(
            node, function, columns: columns, types: arguments.map(\.type), lambdas: lambdas,
            selection)
    }

    private mutating func call(
        _ node: EvaluatorNode, _ function: ScalarKernel, columns: [Column], types: [DataType],
        lambdas: [(any LambdaBody)?], _ selection: Selection
    ) throws(QueryError) -> Column {
        let arguments = KernelArguments(
            columns: columns, types: types, resultType: node.type, count: frame.count,
            selection: selection, lambdas: lambdas)
        let outer = context.errors
        context.errors = RowErrors()
        var result: Column
        do {
            result = try function(arguments, &context)
        } catch {
            // A constant argument that fails for every row (a bad pattern) is deferred like the rest.
            guard error.code.isCaughtByTry else { throw located(error, node) }
            if let first = try firstRow(selection) {
                try recordForAll(error, from: first, selection)
            }
            result = try nulls(node.type)
        }
        let errors = context.errors.take()
        context.errors = outer
        for (row, error) in errors { context.errors.record(row: row, located(error, node)) }
        return result
    }

    private func located(_ error: QueryError, _ node: EvaluatorNode) -> QueryError {
        var error = error
        if error.range == nil { error.range = node.range }
        return error
    }

    mutating func like(
        _ node: EvaluatorNode, _ operand: EvaluatorNode, _ pattern: EvaluatorNode,
        _ escape: EvaluatorNode?, _ selection: Selection
    ) throws(QueryError) -> Column {
        var arguments = [operand, pattern]
        if let escape { arguments.append(escape) }
        return try call(node, Like.kernel, arguments, selection)
    }
}

extension Comparison {
    /// The plain comparison; the null-safe ones have none and are handled before.
    fileprivate var scanComparison: ScanComparison {
        switch self {
        case .equal, .isNotDistinctFrom: .equal
        case .notEqual, .isDistinctFrom: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        }
    }
}

extension ArithmeticOperator {
    fileprivate var operation: ArithmeticOperation {
        switch self {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .modulus: .modulus
        }
    }
}
