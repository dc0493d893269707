import Columnar

/// Expressions that run parts of themselves for some rows only: AND, OR, CASE, COALESCE, TRY.
extension EvaluatorRun {
    mutating func conjunction(
        _ terms: [EvaluatorNode], _ selection: Selection
    ) throws(QueryError) -> Column {
        try connective(terms, selection, decidedByTrue: false)
    }

    mutating func disjunction(
        _ terms: [EvaluatorNode], _ selection: Selection
    ) throws(QueryError) -> Column {
        try connective(terms, selection, decidedByTrue: true)
    }

    /// AND is decided by a FALSE, OR by a TRUE: later terms run only for undecided rows, unless they
    /// are cheap and cannot fail.
    private mutating func connective(
        _ terms: [EvaluatorNode], _ selection: Selection, decidedByTrue: Bool
    ) throws(QueryError) -> Column {
        let count = frame.count
        var decided = try kernel { (pool) throws(ColumnarError) in
            try Bitmap.filled(false, count: count, pool: pool)
        }
        var neutral = try kernel { (pool) throws(ColumnarError) in
            try Bitmap.filled(true, count: count, pool: pool)
        }
        for (position, term) in terms.enumerated() {
            var active = selection
            if position > 0 && !term.isCheapAndTotal {
                active = try without(decided, selection)
                if isEmpty(active) { break }
            }
            let column = try value(of: term, active)
            (decided, neutral) = try kernel { (pool) throws(ColumnarError) in
                let yes = try BooleanLogic.trueRows(column, selection: active, pool: pool)
                let no = try BooleanLogic.falseRows(column, selection: active, pool: pool)
                // A decided row stays decided whatever a term that skipped it left there.
                let rest = try BooleanLogic.subtracting(neutral, decided, pool: pool)
                let union = try BooleanLogic.union(
                    decided,
                    BooleanLogic.subtracting(decidedByTrue ? yes : no, decided, pool: pool),
                    pool: pool)
                return (union, try rest.and(decidedByTrue ? no : yes, pool: pool))
            }
        }
        let isDecided = decided
        let isNeutral = neutral
        return try kernel { (pool) throws(ColumnarError) in
            let rest = try BooleanLogic.subtracting(isNeutral, isDecided, pool: pool)
            return decidedByTrue
                ? try BooleanLogic.column(true: isDecided, false: rest, pool: pool)
                : try BooleanLogic.column(true: rest, false: isDecided, pool: pool)
        }
    }

    /// The selected rows whose bit is not set.
    private func without(
        _ bits: Bitmap, _ selection: Selection
    ) throws(QueryError) -> Selection {
        let count = frame.count
        return try kernel { (pool) throws(ColumnarError) in
            let mine = try selection.bitmap(count: count, pool: pool)
            return try Selection.of(
                BooleanLogic.subtracting(mine, bits, pool: pool), pool: pool)
        }
    }

    mutating func caseWhen(
        _ node: EvaluatorNode,
        _ branches: [(condition: EvaluatorNode, result: EvaluatorNode)],
        _ otherwise: EvaluatorNode?, _ selection: Selection
    ) throws(QueryError) -> Column {
        let count = frame.count
        var remaining = selection
        var pieces: [Choose.Piece] = []
        for branch in branches {
            guard !isEmpty(remaining) else { break }
            let condition = try value(of: branch.condition, remaining)
            let chosen = try narrowed(remaining, toTrue: condition, count: count)
            guard !isEmpty(chosen) else { continue }
            let rows = try bitmap(chosen)
            pieces.append(Choose.Piece(rows: rows, column: try value(of: branch.result, chosen)))
            remaining = try without(rows, remaining)
        }
        if let otherwise, !isEmpty(remaining) {
            pieces.append(
                Choose.Piece(
                    rows: try bitmap(remaining), column: try value(of: otherwise, remaining)))
        }
        return try merged(pieces, node.type)
    }

    mutating func coalesce(
        _ node: EvaluatorNode, _ terms: [EvaluatorNode], _ selection: Selection
    ) throws(QueryError) -> Column {
        var remaining = selection
        var pieces: [Choose.Piece] = []
        for term in terms {
            guard !isEmpty(remaining) else { break }
            let column = try value(of: term, remaining)
            let active = remaining
            let valid = try kernel { (pool) throws(ColumnarError) in
                try column.validity(active, pool: pool)
            }
            guard let valid else {
                if pieces.isEmpty { return column }
                pieces.append(Choose.Piece(rows: try bitmap(remaining), column: column))
                break
            }
            let mine = try bitmap(remaining)
            let rows = try kernel { (pool) throws(ColumnarError) in
                try mine.and(valid, pool: pool)
            }
            pieces.append(Choose.Piece(rows: rows, column: column))
            remaining = try without(rows, remaining)
        }
        return try merged(pieces, node.type)
    }

    private func bitmap(_ selection: Selection) throws(QueryError) -> Bitmap {
        let count = frame.count
        return try kernel { (pool) throws(ColumnarError) in
            try selection.bitmap(count: count, pool: pool)
        }
    }

    private func merged(
        _ pieces: [Choose.Piece], _ type: DataType
    ) throws(QueryError) -> Column {
        let count = frame.count
        return try kernel { (pool) throws(ColumnarError) in
            try Choose.merge(pieces, type: type, count: count, pool: pool)
        }
    }

    /// Rows whose operand failed with an error that TRY catches become NULL; other errors stay.
    mutating func attempt(
        _ operand: EvaluatorNode, _ selection: Selection
    ) throws(QueryError) -> Column {
        let outer = context.errors
        context.errors = RowErrors()
        let column = try value(of: operand, selection)
        let errors = context.errors.take()
        context.errors = outer
        guard !errors.isEmpty else { return column }
        let count = frame.count
        let valid = try kernel { (pool) throws(ColumnarError) in
            try Bitmap.filled(true, count: count, pool: pool)
        }
        for (row, error) in errors {
            if error.code.isCaughtByTry {
                valid.set(row, to: false)
            } else {
                context.errors.record(row: row, error)
            }
        }
        return try kernel { (pool) throws(ColumnarError) in
            try column.masked(by: valid, pool: pool)
        }
    }
}
