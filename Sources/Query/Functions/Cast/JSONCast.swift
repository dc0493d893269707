import Columnar

/// Casts between JSON and SQL types.
enum JSONCast {
    /// A value as JSON text; SQL NULL stays NULL, nested NULLs are `null`.
    static func toJSON(_ from: DataType) -> ScalarKernel? {
        guard JSONColumnEncoder.canEncode(from) else { return nil }
        return { (arguments, context) throws(QueryError) in
            let encoder = try JSONColumnEncoder(
                arguments.columns[0], type: from, pool: context.pool)
            var writer = JSONWriter()
            return try arguments.collectText(&context) { (row, output) throws(QueryError) in
                guard !encoder.view.isNull(row) else { return false }
                writer.removeAll()
                encoder.write(row, to: &writer)
                try output.write(writer.bytes)
                return true
            }
        }
    }

    /// JSON as a SQL value; JSON `null` is NULL.
    static func fromJSON(_ to: DataType) -> ScalarKernel? {
        guard canDecode(to) else { return nil }
        return { (arguments, context) throws(QueryError) in
            let texts = try arguments.reader(0, as: Bytes.self, context)
            let filter = try RowFilter(
                arguments.selection, count: arguments.count, pool: context.pool)
            let pool = context.pool
            let parser = try storage { () throws(ColumnarError) in try JSONParser() }
            let failure = JSONCastFailure()
            let sink = try JSONSink.make(
                to, pool: pool, capacity: arguments.count, failure: failure)
            var failed: [Int] = []
            for row in 0..<arguments.count {
                guard filter.contains(row), let text = texts.row(row) else {
                    try sink.appendNull()
                    continue
                }
                var element: JSONElement?
                do {
                    element = try parser.parse(text)
                } catch {
                    failure.note(.badCast("Cannot cast '\(text.message)' to \(to)"))
                }
                if let element { try sink.append(element) } else { try sink.appendNull() }
                guard let error = failure.take() else { continue }
                failed.append(row)
                try context.deferError(
                    to.isNested ? .badCast("Cannot cast to \(to). \(error.message)") : error,
                    row: row)
            }
            let column = try sink.finish()
            return failed.isEmpty ? column : try column.nulling(failed, pool: pool)
        }
    }

    private static func canDecode(_ type: DataType) -> Bool {
        switch type {
        case .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal,
            .varchar, .json:
            true
        case .array(let element): canDecode(element)
        case .map(let key, let value): JSONColumnEncoder.isKey(key) && canDecode(value)
        case .row(let fields): fields.allSatisfy { canDecode($0.type) }
        default: false
        }
    }
}

/// The first failure inside one row of a cast from JSON.
final class JSONCastFailure {
    private var error: QueryError?

    func note(_ error: QueryError) {
        if self.error == nil { self.error = error }
    }

    /// The failure of the row that ends.
    func take() -> QueryError? {
        defer { error = nil }
        return error
    }
}

extension Column {
    /// This flat-form column with some rows made NULL.
    func nulling(_ rows: [Int], pool: BufferPool) throws(QueryError) -> Column {
        do throws(ColumnarError) {
            let valid = try Bitmap.filled(true, count: count, pool: pool)
            for row in rows { valid.set(row, to: false) }
            let validity = try Bitmap.and(valid, try validity(pool: pool), pool: pool)
            switch self {
            case .bits(let c): return .bits(BitColumn(values: c.values, validity: validity))
            case .flat(let c): return .flat(c.with(validity: validity))
            case .text(let c):
                return .text(
                    TextColumn(
                        slices: c.slices, start: c.start, count: c.count, owner: c.owner,
                        validity: validity))
            case .list(let c):
                return .list(
                    ListColumn(
                        offsets: c.offsets, start: c.start, count: c.count, child: c.child,
                        validity: validity))
            case .row(let c):
                return .row(RowColumn(children: c.children, count: c.count, validity: validity))
            case .coded, .constant, .runs, .lazy: break
            }
        } catch { throw QueryError(error) }
        let flat: Column
        do { flat = try flattened(pool: pool) } catch { throw QueryError(error) }
        return try flat.nulling(rows, pool: pool)
    }
}
