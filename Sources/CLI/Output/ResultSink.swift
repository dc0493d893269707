import Columnar
import Query
import Synchronization

/// What takes a result's batches, in order, one at a time.
protocol ResultSink: Sendable {
    /// Called once, before any row.
    func begin(_ columns: [OutputColumn]) throws(ColumnarError)
    func write(_ batch: Batch) throws(ColumnarError)
    /// Called once, after the last row; a sink that goes without it leaves nothing behind.
    ///
    /// Returns the bytes of the file that was made; nil: there is none.
    func finish() throws(ColumnarError) -> Int?
}

/// Text on standard output.
final class StandardSink: ResultSink {
    private let printer: Mutex<any ResultPrinter>
    private let output = StandardOutput()

    init(_ printer: any ResultPrinter) {
        self.printer = Mutex(printer)
    }

    func begin(_ columns: [OutputColumn]) {
        printer.withLock { $0.begin(columns, output) }
    }

    func write(_ batch: Batch) throws(ColumnarError) {
        try printer.withLock { (printer) throws(ColumnarError) in
            try printer.print(batch, output)
        }
    }

    func finish() -> Int? {
        printer.withLock { $0.end(output) }
        output.flush()
        return nil
    }
}

/// Text in a file.
final class TextFileSink: ResultSink {
    private let printer: Mutex<any ResultPrinter>
    private let file: FileTarget

    init(
        _ printer: any ResultPrinter, path: String, compression: TextCompression
    ) throws(ColumnarError) {
        self.printer = Mutex(printer)
        file = try FileTarget(path: path, compression: compression)
    }

    func begin(_ columns: [OutputColumn]) {
        printer.withLock { $0.begin(columns, file) }
    }

    func write(_ batch: Batch) throws(ColumnarError) {
        try printer.withLock { (printer) throws(ColumnarError) in
            try printer.print(batch, file)
        }
        try file.check()
    }

    func finish() throws(ColumnarError) -> Int? {
        printer.withLock { $0.end(file) }
        return try file.finish()
    }
}

/// A Parquet file.
final class ParquetSink: ResultSink {
    private let path: String
    private let options: ParquetWriterOptions
    private let writer = Mutex<ParquetWriter?>(nil)

    init(path: String, options: ParquetWriterOptions) {
        self.path = path
        self.options = options
    }

    func begin(_ columns: [OutputColumn]) throws(ColumnarError) {
        let names = DistinctNames.of(columns.map(\.name))
        let schema = Schema(
            zip(names, columns).map { name, column in Field(name: name, type: column.type) })
        try writer.withLock { (writer) throws(ColumnarError) in
            writer = try ParquetWriter(
                path: path, schema: schema, options: options, pool: BufferPool())
        }
    }

    func write(_ batch: Batch) throws(ColumnarError) {
        try writer.withLock { (writer) throws(ColumnarError) in try writer?.write(batch) }
    }

    func finish() throws(ColumnarError) -> Int? {
        try writer.withLock { (writer) throws(ColumnarError) in
            let size = try writer?.finish().sizeBytes
            writer = nil
            return size
        }
    }
}

/// Column names of a file, where no two may be the same.
enum DistinctNames {
    /// The names, later equal ones with a number behind them.
    static func of(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        return names.map { name in
            var distinct = name
            var number = 1
            while !taken.insert(distinct).inserted {
                distinct = "\(name)_\(number)"
                number += 1
            }
            return distinct
        }
    }
}
