import Columnar

/// Looks for an account's id among the decoded values of a Parquet file, column by column.
struct ParquetSearch {
    let search: AccountSearch
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// Each column in which it is found, and the bytes of all texts.
    func run(_ path: String) throws(LakeError) -> [(part: String, count: Int, bytes: Int64)] {
        let schema: Schema
        do throws(ColumnarError) {
            schema = try ParquetFile.open(path: path).schema
        } catch {
            throw .columnar(error)
        }
        var counts = Array(repeating: 0, count: schema.fields.count)
        var bytes: Int64 = 0
        var dictionaries: Set<UInt64> = []
        try ParquetRows(path: path, schema: schema, pool: pool).forEach(
            Array(schema.fields.indices), isCancelled
        ) { (columns, _) throws(ColumnarError) in
            for (position, column) in columns {
                counts[position] += try count(column, &bytes, &dictionaries)
            }
        }
        var found: [(String, Int, Int64)] = [("decoded", 0, bytes)]
        for (position, count) in counts.enumerated() where count > 0 {
            found.append(("in column \(schema.fields[position].name)", count, 0))
        }
        return found
    }

    /// How many values of a column hold the id; entries of a dictionary count once.
    private func count(
        _ column: Column, _ bytes: inout Int64, _ dictionaries: inout Set<UInt64>
    ) throws(ColumnarError) -> Int {
        switch column {
        case .bits: return 0
        case .flat(let c): return count(c)
        case .text(let c):
            var count = 0
            for row in 0..<c.count where c.validity?[row] ?? true {
                let text = c.bytes(at: row)
                bytes += Int64(text.count)
                if text.count >= search.byteCount, search.count(inText: text) > 0 { count += 1 }
            }
            return count
        case .coded(let c):
            guard dictionaries.insert(c.dictionary.id).inserted else { return 0 }
            return try count(c.dictionary.entries.resolved(), &bytes, &dictionaries)
        case .constant(let c): return try count(c.value, &bytes, &dictionaries)
        case .runs(let c): return try count(c.values.column, &bytes, &dictionaries)
        case .list(let c): return try count(c.child.resolved(), &bytes, &dictionaries)
        case .row(let c):
            var sum = 0
            for child in c.children { sum += try count(child.resolved(), &bytes, &dictionaries) }
            return sum
        case .lazy: return try count(column.resolved(), &bytes, &dictionaries)
        }
    }

    /// Numbers equal to the id; short ones are equal to figures by chance, and are not looked for.
    private func count(_ column: FlatColumn) -> Int {
        guard search.isDistinctive, let number = search.number, column.storage == .int64 else {
            return 0
        }
        let values = column.values(as: Int64.self)
        var count = 0
        for row in 0..<column.count where values[row] == number && column.validity?[row] ?? true {
            count += 1
        }
        return count
    }
}

/// Looks for an account's id among the values of a database, and among the names that it remembers.
struct DatabaseSearch {
    let search: AccountSearch

    /// Each table in which it is found, and the bytes of all values.
    func run(_ path: String) throws(LakeError) -> [(part: String, count: Int, bytes: Int64)] {
        let database = try Database.open(path: path, access: .readOnly)
        var found: [(String, Int, Int64)] = []
        for table in try tables(database) {
            var (count, bytes) = (0, Int64(0))
            let statement = try database.prepare("SELECT * FROM \"\(table)\"")
            while try statement.step() {
                for column in 0..<statement.columnCount {
                    statement.withBytes(column) { value in
                        bytes += Int64(value.count)
                        count += search.count(inText: value)
                    }
                }
            }
            found.append(("in table \(table)", count, bytes))
        }
        for source in try Sources.all(database) {
            var count = 0
            let files = try RememberedFiles(database, source: source)
            while let file = try files.next() {
                if search.count(inText: file.folder + file.name) > 0 { count += 1 }
            }
            found.append(("among remembered files", count, 0))
        }
        return found
    }

    private func tables(_ database: Database) throws(LakeError) -> [String] {
        let statement = try database.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        return names
    }
}
