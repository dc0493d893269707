import Columnar

/// Looks for a record's rows in the Parquet files of a table, live and archived.
struct RowSearch {
    /// A file that may hold it.
    struct File {
        /// Absolute.
        var path: String
        var kind: RecordPlaces.Row.Kind
        var partition: Int32?
        /// Of two archived versions the one with the higher number is the later.
        var sequence: Int64 = .max
    }

    /// A row that was found.
    struct Hit {
        var file: File
        /// Values by position in the definition's columns.
        var values: [Value]
        var rawPath: String
    }

    let definition: TableDefinition
    let schema: Schema
    let pool: BufferPool

    /// Rows for which all predicates are true; throws `columnar` where a file cannot be read.
    ///
    /// - predicates: comparisons for equality with columns of the schema.
    func hits(in file: File, _ predicates: [(column: Int, value: Value)]) throws(LakeError) -> [Hit]
    {
        guard let pathColumn = schema.index(of: SystemColumn.rawPath.field.name) else { return [] }
        let positions = definition.columns.map { column in
            column.type.isNested ? nil : schema.index(of: column.name)
        }
        let wanted = Set(positions.compactMap { $0 } + [pathColumn]).sorted()
        var found: [Hit] = []
        do throws(ColumnarError) {
            let scan = try ParquetScan(
                files: [ParquetScanFile(path: file.path, fileIndex: 0)], schema: schema,
                request: ScanRequest(
                    columns: wanted.map { ScanColumn(index: $0) },
                    predicates: predicates.map {
                        .compare(ScanColumnPath(index: $0.column), .equal, $0.value)
                    }), pool: pool, options: ParquetReadOptions(verifiesChecksums: true))
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: Limits.batchRows) {
                    let rows = try matches(batch, wanted, predicates)
                    for row in rows {
                        func value(_ position: Int?) throws(ColumnarError) -> Value {
                            guard let position, let index = wanted.firstIndex(of: position)
                            else { return .null }
                            return try batch.columns[index].value(
                                at: row, type: schema.fields[position].type)
                        }
                        var values: [Value] = []
                        for position in positions { values.append(try value(position)) }
                        guard case .text(let path) = try value(pathColumn) else { continue }
                        found.append(Hit(file: file, values: values, rawPath: path))
                    }
                }
            }
        } catch {
            throw .columnar(error)
        }
        return found
    }

    /// The rows of a batch that have the values; only the columns that are compared are decoded.
    private func matches(
        _ batch: Batch, _ wanted: [Int], _ predicates: [(column: Int, value: Value)]
    ) throws(ColumnarError) -> [Int] {
        var rows = Array(0..<batch.count)
        var bytes: [UInt8] = []
        for (column, value) in predicates {
            guard let index = wanted.firstIndex(of: column) else { continue }
            let target = RowBytes.encoded(value, schema.fields[column].type)
            let cells = try batch.columns[index].resolved().flattened(pool: pool)
            rows.removeAll { row in
                bytes.removeAll(keepingCapacity: true)
                RowKeys.append(cells, row, to: &bytes)
                return bytes != target
            }
        }
        return rows
    }
}

/// How people write the key of a row: its key columns' values with slashes between.
enum RowKeyText {
    /// The values of the key columns; nil if the text is none of this table's keys.
    static func values(_ text: String, _ definition: TableDefinition) -> [Value]? {
        let columns = definition.keyColumns.map { definition.columns[$0] }
        let parts =
            columns.count == 1
            ? [text[...]] : text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == columns.count else { return nil }
        var values: [Value] = []
        for (part, column) in zip(parts, columns) {
            guard let value = ColumnLiteral.value(ofText: String(part), column.type) else {
                return nil
            }
            values.append(value)
        }
        return values
    }

    /// The text of a row's key.
    static func text(_ values: [Value], _ definition: TableDefinition) -> String {
        definition.keyColumns.map { column in
            text(values[column], definition.columns[column].type)
        }.joined(separator: "/")
    }

    /// One value as `ColumnLiteral.value(ofText:)` reads it.
    static func text(_ value: Value, _ type: DataType) -> String {
        switch (value, type) {
        case (.int(let day), .date): CivilTime.text(ofDay: Int32(clamping: day))
        case (.int(let micros), .timestamp): CivilTime.text(ofMicros: micros)
        case (.int(let number), _): "\(number)"
        case (.boolean(let bit), _): bit ? "true" : "false"
        case (.text(let text), _): text
        case (.float(let number), _): "\(number)"
        case (.double(let number), _): "\(number)"
        default: "NULL"
        }
    }

    /// The hash under which the state knows a key.
    static func hash(_ values: [Value], _ definition: TableDefinition, seed: UInt64) -> ContentHash
    {
        var bytes: [UInt8] = []
        for (value, column) in zip(values, definition.keyColumns) {
            bytes += RowBytes.encoded(value, definition.columns[column].type)
        }
        return bytes.withUnsafeBytes { RowKeys.hash(of: $0, seed: seed) }
    }
}
