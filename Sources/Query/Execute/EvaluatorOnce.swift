import Columnar

/// Work done once instead of once per row: constants once per query, dictionaries once per entry.
extension EvaluatorRun {
    /// Dictionaries up to this many entries are always run whole; larger ones once enough rows asked.
    private static let smallDictionaryEntries = 16_384

    /// An expression without inputs: evaluated for one row, its error kept for the rows that use it.
    mutating func constantValue(
        of node: EvaluatorNode, _ selection: Selection
    ) throws(QueryError) -> Column {
        let count = frame.count
        guard !isEmpty(selection) else { return try nulls(node.type) }
        if node.cache.constant == nil {
            let (column, errors) = try isolated(node, columns: [], count: 1)
            let value = try kernel { (pool) throws(ColumnarError) in
                try oneRow(column, pool: pool)
            }
            node.cache.constant = (value, errors[0])
        }
        guard let known = node.cache.constant else { return try nulls(node.type) }
        if let error = known.error, let row = try firstRow(selection) {
            try recordForAll(error, from: row, selection)
        }
        return .constant(ConstantColumn(known.column, count: count))
    }

    private func oneRow(_ column: Column, pool: BufferPool) throws(ColumnarError) -> Column {
        if case .constant(let c) = column { return c.value }
        return try column.flattened(pool: pool)
    }

    /// The same error for every selected row: under TRY each of them becomes NULL.
    mutating func recordForAll(
        _ error: QueryError, from first: Int, _ selection: Selection
    ) throws(QueryError) {
        let count = frame.count
        let (buffer, selected) = try kernel { (pool) throws(ColumnarError) in
            try selection.rowIndices(count: count, pool: pool)
        }
        let rows = buffer.span(of: UInt32.self, count: selected)
        for i in rows.indices { context.errors.record(row: Int(rows[i]), error) }
    }

    /// Runs a node over other rows than the frame's, with errors of its own.
    private mutating func isolated(
        _ node: EvaluatorNode, columns: [Column], count: Int
    ) throws(QueryError) -> (column: Column, errors: [Int: QueryError]) {
        let outerFrame = frame
        let outerErrors = context.errors
        frame = Frame(columns: columns, count: count, selection: .all)
        context.errors = RowErrors()
        defer {
            frame = outerFrame
            context.errors = outerErrors
        }
        let column = try computed(node, .all)
        var errors: [Int: QueryError] = [:]
        for (row, error) in context.errors.take() where errors[row] == nil { errors[row] = error }
        return (column, errors)
    }

    /// The node of a one-column expression over a coded or run-length input, or nil if it does not pay.
    mutating func dictionaryValue(
        of node: EvaluatorNode, input index: Int, _ selection: Selection
    ) throws(QueryError) -> Column? {
        let column = try input(index)
        switch column {
        case .coded(let coded): return try codedValue(of: node, index, coded, selection)
        case .runs(let runs): return try runsValue(of: node, index, runs, selection)
        case .constant(let constant):
            let (result, errors) = try isolated(
                node, columns: placed(constant.value, at: index), count: 1)
            if let error = errors[0], let row = try firstRow(selection) {
                try recordForAll(error, from: row, selection)
            }
            let value = try kernel { (pool) throws(ColumnarError) in
                try oneRow(result, pool: pool)
            }
            return .constant(ConstantColumn(value, count: frame.count))
        default: return nil
        }
    }

    /// A frame's columns in which only `index` may be read.
    private func placed(_ column: Column, at index: Int) -> [Column] {
        var columns = frame.columns
        columns[index] = column
        return columns
    }

    private mutating func codedValue(
        of node: EvaluatorNode, _ index: Int, _ coded: CodedColumn, _ selection: Selection
    ) throws(QueryError) -> Column? {
        let dictionary = coded.dictionary
        if node.cache.dictionary?.dictionary != dictionary.id {
            guard pays(node, dictionary, rows: selection.selectedCount(of: frame.count)) else {
                return nil
            }
            node.cache.dictionary = try entriesResult(of: node, index, dictionary)
        }
        guard let result = node.cache.dictionary else { return nil }
        if !result.errors.isEmpty { try recordErrors(result.errors, coded, selection) }
        return try kernel { (pool) throws(ColumnarError) in
            switch result.form {
            case .predicate(let values, let validity):
                return .bits(
                    BitColumn(
                        values: try coded.lookedUp(in: values, pool: pool),
                        validity: try lookedUp(coded, validity, pool: pool)))
            case .entries(let entries):
                return .coded(
                    CodedColumn(
                        codes: coded.codes, start: coded.start, count: coded.count,
                        dictionary: entries, mayHaveNulls: coded.mayHaveNulls))
            case .recoded(let entries, let map):
                return .coded(
                    CodedColumn(
                        codes: try coded.mapped(by: map, pool: pool), count: coded.count,
                        dictionary: entries, mayHaveNulls: true))
            }
        }
    }

    private func lookedUp(
        _ coded: CodedColumn, _ validity: Bitmap?, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap? {
        guard let validity else { return nil }
        return try coded.lookedUp(in: validity, pool: pool)
    }

    /// Small dictionaries pay at once; a large one when half as many rows as entries have asked.
    private func pays(_ node: EvaluatorNode, _ dictionary: ColumnDictionary, rows: Int) -> Bool {
        if dictionary.count <= Self.smallDictionaryEntries { return true }
        let before =
            node.cache.waiting?.dictionary == dictionary.id ? node.cache.waiting?.rows ?? 0 : 0
        node.cache.waiting = (dictionary.id, before + rows)
        return (before + rows) * 2 >= dictionary.count
    }

    private mutating func recordErrors(
        _ errors: [Int: QueryError], _ coded: CodedColumn, _ selection: Selection
    ) throws(QueryError) {
        let count = frame.count
        let (buffer, selected) = try kernel { (pool) throws(ColumnarError) in
            try selection.rowIndices(count: count, pool: pool)
        }
        let rows = buffer.span(of: UInt32.self, count: selected)
        let codes = coded.codeSpan()
        for i in rows.indices {
            if let error = errors[Int(codes[Int(rows[i])])] {
                context.errors.record(row: Int(rows[i]), error)
            }
        }
    }

    /// Evaluates a node for each entry and for NULL, the row past the last entry.
    private mutating func entriesResult(
        of node: EvaluatorNode, _ index: Int, _ dictionary: ColumnDictionary
    ) throws(QueryError) -> DictionaryResult {
        let count = dictionary.count
        let entries = try kernel { (pool) throws(ColumnarError) in
            try dictionary.entriesAndNull(pool: pool)
        }
        let (column, errors) = try isolated(
            node, columns: placed(entries, at: index), count: count + 1)
        let form = try kernel { (pool) throws(ColumnarError) -> DictionaryResult.Form in
            let flat = try column.flattened(pool: pool)
            if case .bits(let c) = flat {
                return .predicate(values: c.values, validity: c.validity)
            }
            let valid = try flat.validity(pool: pool)
            if let valid, !valid[count], valid.popCount == count {
                return .entries(
                    ColumnDictionary(
                        entries: try flat.sliced(start: 0, count: count, pool: pool)))
            }
            return try recoded(flat, valid, pool: pool)
        }
        return DictionaryResult(dictionary: dictionary.id, form: form, errors: errors)
    }

    /// Entries without NULLs: the codes are renumbered, the last new code is NULL.
    private func recoded(
        _ column: Column, _ valid: Bitmap?, pool: BufferPool
    ) throws(ColumnarError) -> DictionaryResult.Form {
        let kept = try valid.map { (v) throws(ColumnarError) in
            try Selection.bits(v).rowIndices(count: column.count, pool: pool)
        }
        let keptCount = kept?.count ?? column.count
        let map = try pool.allocate(UInt32.self, count: column.count)
        var codes = map.mutableSpan(of: UInt32.self, count: column.count)
        guard let kept else {
            for i in codes.indices { codes[i] = UInt32(i) }
            return .recoded(ColumnDictionary(entries: column), map: map)
        }
        for i in codes.indices { codes[i] = UInt32(keptCount) }
        let rows = kept.buffer.span(of: UInt32.self, count: keptCount)
        for i in rows.indices { codes[Int(rows[i])] = UInt32(i) }
        let entries = try column.gathered(at: rows, pool: pool)
        return .recoded(ColumnDictionary(entries: entries), map: map)
    }

    private mutating func runsValue(
        of node: EvaluatorNode, _ index: Int, _ runs: RunsColumn, _ selection: Selection
    ) throws(QueryError) -> Column {
        let (column, errors) = try isolated(
            node, columns: placed(runs.values.column, at: index), count: runs.runCount)
        if !errors.isEmpty {
            let count = frame.count
            let (buffer, selected) = try kernel { (pool) throws(ColumnarError) in
                try selection.rowIndices(count: count, pool: pool)
            }
            let rows = buffer.span(of: UInt32.self, count: selected)
            let ends = runs.ends.span(of: UInt32.self, count: runs.runCount)
            var run = 0
            for i in rows.indices {
                while ends[run] <= rows[i] { run += 1 }
                if let error = errors[run] { context.errors.record(row: Int(rows[i]), error) }
            }
        }
        return .runs(
            RunsColumn(
                ends: runs.ends, runCount: runs.runCount, values: column, count: runs.count))
    }
}
