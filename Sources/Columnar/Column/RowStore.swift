/// Rows that a breaker has collected, to be fetched again in any order by row number.
///
/// Fixed-width columns are gathered; text and nested columns come out as codes over the collected column
/// (code = row), so nothing is copied however often a row is fetched.
package struct RowStore: Sendable {
    package let columns: [Column]
    package let count: Int
    private let forms: [Form]
    private let pool: BufferPool

    private enum Form: Sendable {
        case gathered(DataType)
        /// The dictionary is the column itself.
        case rows(ColumnDictionary, validity: Bitmap?)
        /// Codes are composed.
        case codes(CodedColumn)
    }

    package init(columns: [Column], types: [DataType], count: Int, pool: BufferPool) {
        self.columns = columns
        self.count = count
        self.pool = pool
        var forms: [Form] = []
        for (column, type) in zip(columns, types) {
            switch column {
            case .coded(let c): forms.append(.codes(c))
            case .text(let c):
                forms.append(.rows(ColumnDictionary(entries: column), validity: c.validity))
            case .list(let c):
                forms.append(.rows(ColumnDictionary(entries: column), validity: c.validity))
            case .row(let c):
                forms.append(.rows(ColumnDictionary(entries: column), validity: c.validity))
            case .bits, .flat, .constant, .runs, .lazy: forms.append(.gathered(type))
            }
        }
        self.forms = forms
    }

    /// Column `index` at `rows`; `ColumnAppender.nullIndex` gives NULL.
    package func fetch(_ index: Int, at rows: Span<UInt32>) throws(ColumnarError) -> Column {
        switch forms[index] {
        case .gathered(let type):
            var appender = try ColumnAppender(type: type, pool: pool, capacity: rows.count)
            try appender.append(columns[index], at: rows)
            return try appender.finish()
        case .rows(let dictionary, let validity):
            return try codes(dictionary, at: rows) { row in
                validity.map { $0[Int(row)] } ?? true ? row : nil
            }
        case .codes(let c):
            let source = c.codeSpan()
            let nullCode = UInt32(c.dictionary.count)
            let codes = try pool.allocate(UInt32.self, count: rows.count)
            var target = codes.mutableSpan(of: UInt32.self, count: rows.count)
            var hasNulls = false
            for i in rows.indices {
                let row = rows[i]
                let code = row == ColumnAppender.nullIndex ? nullCode : source[Int(row)]
                hasNulls = hasNulls || code >= nullCode
                target[i] = code
            }
            return .coded(
                CodedColumn(
                    codes: codes, count: rows.count, dictionary: c.dictionary,
                    mayHaveNulls: hasNulls))
        }
    }

    private func codes(
        _ dictionary: ColumnDictionary, at rows: Span<UInt32>, code: (UInt32) -> UInt32?
    ) throws(ColumnarError) -> Column {
        let nullCode = UInt32(dictionary.count)
        let buffer = try pool.allocate(UInt32.self, count: rows.count)
        var target = buffer.mutableSpan(of: UInt32.self, count: rows.count)
        var hasNulls = false
        for i in rows.indices {
            let row = rows[i]
            if row != ColumnAppender.nullIndex, let code = code(row) {
                target[i] = code
            } else {
                target[i] = nullCode
                hasNulls = true
            }
        }
        return .coded(
            CodedColumn(
                codes: buffer, count: rows.count, dictionary: dictionary, mayHaveNulls: hasNulls))
    }
}
