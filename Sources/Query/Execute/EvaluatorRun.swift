import Columnar

/// Walks compiled nodes over one batch at a time: one switch per node and batch.
struct EvaluatorRun {
    let pool: BufferPool
    var context: KernelContext
    var frame = Frame(columns: [], count: 0, selection: .all)

    /// The rows that nodes see: a batch, a dictionary's entries, or a lambda's elements.
    struct Frame {
        /// Lazy columns are replaced when first used, decoded for the whole frame's selection.
        var columns: [Column]
        var count: Int
        var selection: Selection
    }

    init(pool: BufferPool, session: SessionContext) {
        self.pool = pool
        context = KernelContext(pool: pool, session: session)
    }

    mutating func begin(_ batch: Batch) {
        frame = Frame(columns: batch.columns, count: batch.count, selection: batch.selection)
    }

    mutating func end() {
        frame.columns = []
    }

    /// The node's value for all rows of the frame, right at the selected ones.
    mutating func value(
        of node: EvaluatorNode, _ selection: Selection
    ) throws(QueryError) -> Column {
        if node.isComputed && node.isDeterministic {
            if node.inputs.isEmpty { return try constantValue(of: node, selection) }
            if node.inputs.count == 1,
                let column = try dictionaryValue(of: node, input: node.inputs[0], selection)
            {
                return column
            }
        }
        return try computed(node, selection)
    }

    mutating func values(
        of nodes: [EvaluatorNode], _ selection: Selection
    ) throws(QueryError) -> [Column] {
        var columns: [Column] = []
        columns.reserveCapacity(nodes.count)
        for node in nodes { columns.append(try value(of: node, selection)) }
        return columns
    }

    /// The node by itself, neither as a constant nor over entries.
    mutating func computed(
        _ node: EvaluatorNode, _ selection: Selection
    ) throws(QueryError) -> Column {
        let count = frame.count
        switch node.kind {
        case .column(let index): return try input(index)
        case .constant(let value): return .constant(ConstantColumn(value, count: count))
        case .compare(let op, let a, let b):
            return try compared(op, a, b, selection)
        case .arithmetic(let op, let a, let b):
            return try arithmetic(node, op, a, b, selection)
        case .negate(let a): return try negated(node, a, selection)
        case .and(let terms): return try conjunction(terms, selection)
        case .or(let terms): return try disjunction(terms, selection)
        case .not(let a):
            let operand = try value(of: a, selection)
            return try kernel { (pool) throws(ColumnarError) in
                try BooleanLogic.not(operand, pool: pool)
            }
        case .isNull(let a):
            let operand = try value(of: a, selection)
            return try kernel { (pool) throws(ColumnarError) in
                try isNull(operand, pool: pool)
            }
        case .inConstants(let a, let set):
            let needle = try value(of: a, selection)
            return try kernel { (pool) throws(ColumnarError) in
                try set.contains(needle, selection: selection, pool: pool)
            }
        case .inList(let a, let members): return try inList(a, members, selection)
        case .caseWhen(let branches, let otherwise):
            return try caseWhen(node, branches, otherwise, selection)
        case .coalesce(let terms): return try coalesce(node, terms, selection)
        case .attempt(let a): return try attempt(a, selection)
        case .cast(let a, let cast, let isTry):
            return try self.cast(node, a, cast, isTry, selection)
        case .field(let a, let index):
            let operand = try value(of: a, selection)
            return try kernel { (pool) throws(ColumnarError) in
                try field(operand, index, selection, pool: pool)
            }
        case .row(let fields):
            let children = try values(of: fields, selection)
            return .row(RowColumn(children: children, count: count, validity: nil))
        case .array(let elements): return try array(node, elements, selection)
        case .like(let a, let pattern, let escape):
            return try like(node, a, pattern, escape, selection)
        case .call(let function, let arguments):
            return try call(node, function, arguments, selection)
        case .lambda: return try nulls(.boolean)
        }
    }

    /// One input column, decoded.
    mutating func input(_ index: Int) throws(QueryError) -> Column {
        if case .lazy(let lazy) = frame.columns[index] {
            let selection = frame.selection
            frame.columns[index] = try storage { () throws(ColumnarError) in
                try lazy.resolve(selection)
            }
        }
        return frame.columns[index]
    }

    func nulls(_ type: DataType) throws(QueryError) -> Column {
        let count = frame.count
        return try kernel { (pool) throws(ColumnarError) in
            try .nulls(type, count: count, pool: pool)
        }
    }

    /// Calls a Columnar kernel; its errors are the query's.
    @inline(__always)
    func kernel<T>(_ body: (BufferPool) throws(ColumnarError) -> T) throws(QueryError) -> T {
        do {
            return try body(pool)
        } catch {
            throw QueryError(error)
        }
    }

    // MARK: errors and selections

    /// Throws the recorded error of the first selected row; forgets those of other rows.
    mutating func raiseFirstError(_ selection: Selection) throws(QueryError) {
        guard !context.errors.isEmpty else { return }
        var first: (row: Int, error: QueryError)?
        for entry in context.errors.take() where selection.contains(entry.row) {
            if first == nil || entry.row < first!.row { first = entry }
        }
        if let first { throw first.error }
    }

    /// The selected rows that are TRUE in a boolean column.
    func narrowed(
        _ selection: Selection, toTrue column: Column, count: Int
    ) throws(QueryError) -> Selection {
        try kernel { (pool) throws(ColumnarError) in
            if case .constant(let c) = column {
                let isTrue = try BooleanLogic.trueRows(c.value, pool: pool)[0]
                return isTrue
                    ? selection : .rows(RowList(buffer: try pool.allocate(bytes: 0), count: 0))
            }
            let rows = try BooleanLogic.trueRows(column, selection: selection, pool: pool)
            return try selection.narrowed(by: rows, count: count, pool: pool)
        }
    }

    func isEmpty(_ selection: Selection) -> Bool {
        selection.selectedCount(of: frame.count) == 0
    }

    func firstRow(_ selection: Selection) throws(QueryError) -> Int? {
        let count = frame.count
        return try kernel { (pool) throws(ColumnarError) in
            let (buffer, selected) = try selection.rowIndices(count: count, pool: pool)
            return selected == 0 ? nil : Int(buffer.span(of: UInt32.self, count: 1)[0])
        }
    }
}
