import Columnar
import Glibc
import Query
import Synchronization
import Testing

/// Every `.slt` file, every query in several ways that must agree.
///
/// `LAKE_UPDATE=1` writes what the engine says into the files instead.
@Suite struct SltTests {
    @Test(arguments: SltFile.all)
    func file(_ file: SltFile) {
        var run = SltRun(file: file)
        run.all()
        if getenv("LAKE_UPDATE") != nil { SltText.write(run.file.text, to: file.path) }
    }
}

/// One way to run a query: none of it may change a result.
struct SltMode: Sendable, CustomStringConvertible {
    var form: TableForm
    var batchRows: Int
    var workers: Int
    var isOptimising: Bool

    /// Each form, batch size, thread count and both plans, in few enough runs to wait for.
    static let all = [
        SltMode(form: .flat, batchRows: 8_192, workers: 1, isOptimising: true),
        SltMode(form: .flat, batchRows: 8_192, workers: 2, isOptimising: false),
        SltMode(form: .coded, batchRows: 7, workers: 2, isOptimising: true),
        SltMode(form: .coded, batchRows: 1, workers: 1, isOptimising: false),
        SltMode(form: .runs, batchRows: 1, workers: 5, isOptimising: true),
        SltMode(form: .runs, batchRows: 8_192, workers: 1, isOptimising: false),
        SltMode(form: .lazy, batchRows: 8_192, workers: 5, isOptimising: true),
        SltMode(form: .lazy, batchRows: 7, workers: 1, isOptimising: false),
    ]

    var description: String {
        "\(form), batches of \(batchRows), \(workers) workers, "
            + (isOptimising ? "optimised" : "as bound")
    }
}

/// Runs the records of one file against the tables that it makes.
struct SltRun {
    var file: SltFile
    /// Rows of each table; made into columns in the form of each mode.
    private var tables: [String: (schema: Schema, rows: [[Value]])] = [:]
    private let isUpdating = getenv("LAKE_UPDATE") != nil

    init(file: SltFile) {
        self.file = file
    }

    mutating func all() {
        for index in file.records.indices {
            let record = file.records[index]
            switch record.kind {
            case .filler: break
            case .table(let name): make(name, record)
            case .statementOK:
                for mode in SltMode.all {
                    if case .failure(let error) = answer(record.sql, mode) {
                        fail(record, "\(mode): \(error.code.rawValue): \(error.message)")
                    }
                }
            case .statementError(let pattern): expectError(record, pattern)
            case .query(let types, let isSorted): check(index, types, isSorted)
            }
        }
    }

    private mutating func make(_ name: String, _ record: SltRecord) {
        switch answer(record.sql, SltMode.all[0]) {
        case .failure(let error): fail(record, "\(error.code.rawValue): \(error.message)")
        case .success(let result):
            let fields = result.columns.map { Field(name: $0.name, type: $0.type) }
            tables[name] = (Schema(fields), result.rows)
        }
    }

    private func expectError(_ record: SltRecord, _ pattern: String) {
        guard let regex = try? Regex(pattern) else {
            fail(record, "not a regular expression: \(pattern)")
            return
        }
        for mode in SltMode.all {
            switch answer(record.sql, mode) {
            case .success: fail(record, "\(mode): no error")
            case .failure(let error):
                let text = "\(error.code.rawValue): \(error.message)"
                if !text.contains(regex) { fail(record, "\(mode): \(text)") }
            }
        }
    }

    private mutating func check(_ index: Int, _ types: String, _ isSorted: Bool) {
        let record = file.records[index]
        for (position, mode) in SltMode.all.enumerated() {
            switch answer(record.sql, mode) {
            case .failure(let error):
                fail(record, "\(mode): \(error.code.rawValue): \(error.message)")
            case .success(let result):
                guard result.columns.count == types.count else {
                    fail(record, "\(result.columns.count) columns, not \(types.count)")
                    return
                }
                var lines = result.lines
                if isSorted { lines.sort() }
                if isUpdating && position == 0 { file.records[index].expected = lines }
                let expected = file.records[index].expected
                if lines != expected {
                    let got = lines.joined(separator: "\n")
                    fail(record, "\(mode):\n\(got)\nexpected:\n\(expected.joined(separator: "\n"))")
                }
            }
        }
    }

    private func fail(_ record: SltRecord, _ text: String) {
        Issue.record(
            "\(text)\n\(record.sql)",
            sourceLocation: SourceLocation(
                fileID: "QueryTests/slt", filePath: file.path, line: record.line, column: 1))
    }

    // MARK: running

    struct Answer {
        var columns: [OutputColumn]
        var rows: [[Value]]

        var lines: [String] {
            rows.map { row in
                zip(row, columns).map { SltRun.text($0, $1.type) }.joined(separator: " | ")
            }
        }
    }

    private func answer(_ sql: String, _ mode: SltMode) -> Result<Answer, QueryError> {
        var catalog = MemoryCatalog()
        for (name, table) in tables {
            catalog.tables[name] = MemoryTable(
                schema: table.schema, rows: table.rows, form: mode.form, morselRows: 3)
        }
        let session = Session(
            catalog: catalog,
            context: SessionContext(nowMicros: 1_600_000_000_000_000, randomSeed: 1),
            options: SessionOptions(
                workerCount: mode.workers, batchRows: mode.batchRows,
                isOptimising: mode.isOptimising), clock: { 0 })
        let rows = Mutex<[[Value]]>([])
        do throws(QueryError) {
            let prepared = try session.prepare(sql)
            let columns = prepared.columns
            let result = try session.run(prepared) { (batch) throws(QueryError) in
                let part = try storage { () throws(ColumnarError) in
                    try SltRun.boxes(batch, columns)
                }
                rows.withLock { $0 += part }
            }
            return .success(Answer(columns: result.columns, rows: rows.withLock { $0 }))
        } catch {
            return .failure(error)
        }
    }

    private static func boxes(
        _ batch: Batch, _ columns: [OutputColumn]
    ) throws(ColumnarError) -> [[Value]] {
        var rows: [[Value]] = []
        for row in 0..<batch.count {
            var values: [Value] = []
            for (column, output) in zip(batch.columns, columns) {
                values.append(try column.value(at: row, type: output.type))
            }
            rows.append(values)
        }
        return rows
    }

    /// A value on one line; empty text is `(empty)`.
    static func text(_ value: Value, _ type: DataType) -> String {
        if value == .text("") { return "(empty)" }
        return ValueText.format(value, type).split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .joined(separator: "\\n")
    }
}
