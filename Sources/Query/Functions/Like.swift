import Columnar

/// `x LIKE pattern [ESCAPE escape]` over columns: arguments are the text, the pattern, the escape.
enum Like {
    static let kernel: ScalarKernel = { (arguments, context) throws(QueryError) in
        try evaluate(arguments, &context)
    }

    private static func evaluate(
        _ arguments: KernelArguments, _ context: inout KernelContext
    ) throws(QueryError) -> Column {
        let pool = context.pool
        let selection = arguments.selection
        let columns = arguments.columns
        let result = try storage { () throws(ColumnarError) in
            try Bitmap.filled(false, count: arguments.count, pool: pool)
        }
        var flat: [TextColumn] = []
        var isConstant: [Bool] = []
        var validity: Bitmap?
        for column in columns {
            let (text, constant, valid) = try operand(column, selection, pool)
            guard let text else {
                return try storage { () throws(ColumnarError) in
                    try .nulls(.boolean, count: arguments.count, pool: pool)
                }
            }
            flat.append(text)
            isConstant.append(constant)
            validity = try storage { () throws(ColumnarError) in
                try Bitmap.and(validity, valid, pool: pool)
            }
        }
        let (buffer, selected) = try storage { () throws(ColumnarError) in
            try selection.rowIndices(count: arguments.count, pool: pool)
        }
        let rows = buffer.span(of: UInt32.self, count: selected)
        if selected > 0, !isConstant[0], isConstant.dropFirst().allSatisfy({ $0 }) {
            let pattern = try LikePattern(
                pattern: flat[1].bytes(at: 0), escape: flat.count > 2 ? flat[2].bytes(at: 0) : nil)
            LikeSearch.fill(pattern, flat[0], rows: rows, into: result)
            return .bits(BitColumn(values: result, validity: validity))
        }
        var patterns = PatternCache()
        var failed: [Int] = []
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity, !validity[row] { continue }
            do {
                let pattern = try patterns.pattern(
                    flat[1].bytes(at: isConstant[1] ? 0 : row),
                    flat.count > 2 ? flat[2].bytes(at: isConstant[2] ? 0 : row) : nil)
                let text = flat[0].bytes(at: isConstant[0] ? 0 : row)
                if pattern.matches(text) { result.set(row, to: true) }
            } catch {
                context.errors.record(row: row, error)
                failed.append(row)
            }
        }
        if !failed.isEmpty {
            let valid = try storage { () throws(ColumnarError) in
                try Bitmap.filled(true, count: arguments.count, pool: pool)
            }
            for row in failed { valid.set(row, to: false) }
            validity = try storage { () throws(ColumnarError) in
                try Bitmap.and(validity, valid, pool: pool)
            }
        }
        return .bits(BitColumn(values: result, validity: validity))
    }

    /// A flat text operand; nil text for a constant NULL.
    private static func operand(
        _ column: Column, _ selection: Selection, _ pool: BufferPool
    ) throws(QueryError) -> (text: TextColumn?, isConstant: Bool, validity: Bitmap?) {
        try storage { () throws(ColumnarError) in
            var isConstant = false
            var source = column
            if case .constant(let c) = column {
                isConstant = true
                source = c.value
            }
            guard case .text(let text) = try source.flattened(selection, pool: pool) else {
                return (nil, isConstant, nil)
            }
            if isConstant {
                let isNull = text.validity.map { !$0[0] } ?? false
                return (isNull ? nil : text, true, nil)
            }
            return (text, false, text.validity)
        }
    }

    /// Patterns from a column: compiled again whenever one differs from the one before.
    private struct PatternCache {
        private var held: (pattern: [UInt8], escape: [UInt8]?, compiled: LikePattern)?

        mutating func pattern(
            _ pattern: UnsafeRawBufferPointer, _ escape: UnsafeRawBufferPointer?
        ) throws(QueryError) -> LikePattern {
            if let held, pattern.elementsEqual(held.pattern), escape.map(Array.init) == held.escape
            {
                return held.compiled
            }
            let compiled = try LikePattern(pattern: pattern, escape: escape)
            held = (Array(pattern), escape.map { Array($0) }, compiled)
            return compiled
        }
    }
}
