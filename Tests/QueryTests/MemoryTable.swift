import Columnar
import Query

/// How the columns of a test table lie in memory: every form must give the same answers.
enum TableForm: String, CaseIterable {
    case flat, coded, runs, lazy
}

/// A table of boxed values, scanned in morsels of `morselRows` rows.
struct MemoryTable: Table {
    let schema: Schema
    let rows: [[Value]]
    let form: TableForm
    let morselRows: Int
    var hiddenColumns: Set<Int> { [] }
    var rowCount: Int? { rows.count }

    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan {
        MemoryScan(table: self, request: request)
    }
}

/// The catalog of one test: tables by lower-case name.
struct MemoryCatalog: Catalog {
    var tables: [String: MemoryTable] = [:]

    func table(named name: [String]) throws(QueryError) -> any Table {
        guard let last = name.last, let table = tables[last.lowercased()] else {
            throw QueryError(
                .tableNotFound, "Table '\(name.joined(separator: "."))' does not exist")
        }
        return table
    }

    func tableNames() -> [String] { tables.keys.sorted() }

    var tableFunctions: [any TableFunction] { [CountingFunction()] }
}

/// A scan that makes its columns when a morsel is opened, in the table's form.
final class MemoryScan: TableScan {
    let table: MemoryTable
    let request: ScanRequest
    let counters = ScanCounters()

    init(table: MemoryTable, request: ScanRequest) {
        self.table = table
        self.request = request
    }

    var morselCount: Int { (table.rows.count + table.morselRows - 1) / table.morselRows }

    func open(morsel: Int, pool: BufferPool) throws(ColumnarError) -> any BatchReader {
        let start = morsel * table.morselRows
        let rows = Array(table.rows[start..<min(start + table.morselRows, table.rows.count)])
        var columns: [Column] = []
        for wanted in request.columns {
            let type = table.schema.fields[wanted.index].type
            var values: [Value] = []
            for row in rows { values.append(row[wanted.index]) }
            columns.append(try Self.column(values, type, table.form, pool))
        }
        counters.rowsRead.wrappingAdd(rows.count, ordering: .relaxed)
        return Reader(
            all: Batch(
                columns: columns, count: rows.count,
                origin: .consecutive(first: RowID(file: 0, row: start))),
            isLazy: table.form == .lazy, pool: pool)
    }

    private struct Reader: BatchReader {
        let all: Batch
        let isLazy: Bool
        let pool: BufferPool
        var position = 0

        init(all: Batch, isLazy: Bool, pool: BufferPool) {
            self.all = all
            self.isLazy = isLazy
            self.pool = pool
        }

        mutating func next(maxRows: Int) throws(ColumnarError) -> Batch? {
            guard position < all.count else { return nil }
            let count = min(maxRows, all.count - position)
            var batch = try all.sliced(start: position, count: count, pool: pool)
            position += count
            if isLazy { batch.columns = batch.columns.map { MemoryScan.lazy($0, pool) } }
            return batch
        }
    }

    /// Values as one column of the wanted form; lazy ones are flat until a reader cuts them.
    static func column(
        _ values: [Value], _ type: DataType, _ form: TableForm, _ pool: BufferPool
    ) throws(ColumnarError) -> Column {
        switch form {
        case .flat, .lazy: return try Column.from(values, type: type, pool: pool)
        case .coded:
            // NaN equals nothing, itself included: it is found by its text.
            var entries: [Value] = []
            var position: [String: Int] = [:]
            var codes = try GrowingBuffer<UInt32>(pool: pool)
            for value in values where !value.isNull {
                if position["\(value)"] == nil {
                    position["\(value)"] = entries.count
                    entries.append(value)
                }
            }
            for value in values {
                try codes.append(UInt32(position["\(value)"] ?? entries.count))
            }
            let dictionary = ColumnDictionary(
                entries: try Column.from(entries, type: type, pool: pool))
            return .coded(
                CodedColumn(
                    codes: codes.buffer, count: values.count, dictionary: dictionary,
                    mayHaveNulls: true))
        case .runs:
            var kept: [Value] = []
            var ends = try GrowingBuffer<UInt32>(pool: pool)
            for (row, value) in values.enumerated()
            where row + 1 == values.count || values[row + 1] != value {
                kept.append(value)
                try ends.append(UInt32(row + 1))
            }
            return .runs(
                RunsColumn(
                    ends: ends.buffer, runCount: kept.count,
                    values: try Column.from(kept, type: type, pool: pool), count: values.count))
        }
    }

    /// A lazy column that loads only what is asked: other rows are NULL.
    private static func lazy(_ column: Column, _ pool: BufferPool) -> Column {
        .lazy(LazyColumn(count: column.count, loader: Loader(column: column, pool: pool)))
    }

    private struct Loader: ColumnLoader {
        let column: Column
        let pool: BufferPool

        func load(count: Int, selection: Selection) throws(ColumnarError) -> Column {
            if case .all = selection { return column }
            return try column.masked(
                by: selection.bitmap(count: count, pool: pool), pool: pool)
        }
    }
}
