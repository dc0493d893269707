import Columnar

/// Moves values from `_extra` into columns that a schema file got later.
///
///     columns   id "7"   views NULL      _extra {"views": 12, "z": 1}
///     filled    id "7"   views 12        _extra {"z": 1}
///
/// A column is filled in rows where it is NULL and `_extra` holds a value that fits under one of its paths;
/// what does not fit stays. Whole columns only: fields of rows, keys and required columns never have
/// their values in `_extra`. A fill twice changes nothing the second time.
struct ExtraFill: Sendable {
    private let table: LakeTable
    /// Positions in the definition of the columns that may be filled.
    private let eligible: [Int]
    private let extraColumn: Int
    let checks: FillChecks
    private let pool: BufferPool

    /// Columns that are told apart row by row at once; the rest waits for the next fill.
    private static let mostColumns = 63

    init(_ table: LakeTable, pool: BufferPool) {
        self.table = table
        self.pool = pool
        checks = FillChecks(table.definition)
        let columns = table.definition.columns
        let paths = columns.flatMap { $0.source.allPaths }
        eligible = columns.indices.filter { index in
            let column = columns[index]
            let own = column.source.allPaths
            guard !column.isRequired, !own.isEmpty else { return false }
            // A value of which other columns took parts is not whole in `_extra`.
            return !own.contains { path in
                paths.contains {
                    $0.steps.count > path.steps.count && $0.steps.starts(with: path.steps)
                }
            }
        }
        extraColumn = table.positions[columns.count + SystemColumn.extra.rawValue]
    }

    /// Whether a file may hold anything to fill from.
    func mayFill(_ file: DataFile) -> Bool {
        guard !eligible.isEmpty else { return false }
        let nulls = file.nullCount(of: table.schema.fields[extraColumn])
        return nulls.map { $0 < file.recordCount } ?? true
    }

    /// Columns of the table's rows with what `_extra` had for them, and how many rows got something.
    func filled(
        _ columns: [Column], count: Int
    ) throws(ColumnarError) -> (columns: [Column], rows: Int) {
        guard case .text(let texts) = try columns[extraColumn].flattened(pool: pool) else {
            return (columns, 0)
        }
        let nulls = try Nulls(of: .text(texts), pool: pool)
        let rows = (0..<count).filter { !nulls[$0] }.map { UInt32($0) }
        return rows.isEmpty ? (columns, 0) : try fill(columns, texts, rows)
    }

    private func fill(
        _ columns: [Column], _ extra: TextColumn, _ rows: [UInt32]
    ) throws(ColumnarError) -> (columns: [Column], rows: Int) {
        let present = try flatten(extra, rows, into: eligible)
        var found: [(index: Int, nulls: Nulls, refused: Set<UInt32>)] = []
        for (number, index) in eligible.enumerated() where found.count < Self.mostColumns {
            let missing = try Nulls(of: present[number], pool: pool)
            let nulls = try Nulls(of: columns[table.positions[index]], pool: pool)
            let places = rows.indices.filter { !missing[$0] && nulls[Int(rows[$0])] }
            let refused = try refused(present[number], at: places, of: rows, index, columns)
            guard places.count > refused.count else { continue }
            found.append((index, nulls, refused))
        }
        guard !found.isEmpty else { return (columns, 0) }
        var groups: [UInt64: [UInt32]] = [:]
        for row in rows {
            var mask: UInt64 = 0
            for (bit, column) in found.enumerated()
            where column.nulls[Int(row)] && !column.refused.contains(row) {
                mask |= 1 << UInt64(bit)
            }
            if mask != 0 { groups[mask, default: []].append(row) }
        }
        var assembly = FillAssembly(columns: columns)
        for mask in groups.keys.sorted() {
            let wanted = found.indices.filter { mask >> UInt64($0) & 1 == 1 }.map {
                found[$0].index
            }
            let group = groups[mask] ?? []
            let parts = try flatten(extra, group, into: wanted)
            try assembly.add(
                parts, of: group, at: wanted.map { table.positions[$0] } + [extraColumn],
                pool: pool)
        }
        return (try assembly.columns(pool: pool), assembly.filledCount)
    }

    /// The rows whose value breaks a check of its new column, so that it stays where it is.
    private func refused(
        _ values: Column, at places: [Int], of rows: [UInt32], _ index: Int, _ columns: [Column]
    ) throws(ColumnarError) -> Set<UInt32> {
        guard checks.concern(index), !places.isEmpty else { return [] }
        let flat = try values.flattened(pool: pool)
        return try checks.refused(
            flat, at: places, of: rows, column: index, paths: columns[table.pathColumn])
    }

    /// The texts of some rows flattened into some columns, and last what is left of the texts.
    private func flatten(
        _ extra: TextColumn, _ rows: [UInt32], into indices: [Int]
    ) throws(ColumnarError) -> [Column] {
        let definition = fillDefinition(indices)
        var parts: [Column] = []
        do throws(LakeError) {
            let flattener = try Flattener(definition: definition, pool: pool)
            for row in rows {
                var bytes = Array(extra.bytes(at: Int(row)))
                let size = bytes.count
                bytes.append(contentsOf: repeatElement(0, count: JSONParser.paddingBytes))
                try Self.stage(bytes, size, flattener)
            }
            parts = try flattener.finishBatch().columns
        } catch {
            guard case .columnar(let error) = error else { throw .cancelled }
            throw error
        }
        var placed: [Column] = []
        for (number, index) in indices.enumerated() {
            placed.append(
                try ColumnPlacement.place(
                    parts[number], definition.schema.fields[number],
                    as: table.schema.fields[table.positions[index]], pool: pool))
        }
        return placed + [parts[indices.count + SystemColumn.extra.rawValue]]
    }

    /// Stages and commits one text; one that is no object, which we never write, gives a row of nothing.
    private static func stage(
        _ bytes: [UInt8], _ size: Int, _ flattener: Flattener
    ) throws(LakeError) {
        for text in [bytes, Array("{}".utf8) + Array(repeating: 0, count: JSONParser.paddingBytes)]
        {
            let count = text.count - JSONParser.paddingBytes
            var failure: LakeError?
            let isStaged = text.withUnsafeBytes { all in
                do throws(LakeError) {
                    let outcome = try flattener.stage(
                        bytes: UnsafeRawBufferPointer(rebasing: all[..<count]), path: "x",
                        ingestedAtMicros: 0)
                    if case .row = outcome { return true }
                } catch {
                    failure = error
                }
                return false
            }
            if let failure { throw failure }
            guard isStaged else { continue }
            return try flattener.commit()
        }
    }

    /// The table as if it had these columns only, and nothing but `_extra` to read.
    private func fillDefinition(_ indices: [Int]) -> TableDefinition {
        var definition = table.definition
        definition.columns = indices.map { index in
            var column = table.definition.columns[index]
            column.valueClass = .static
            column.rules.fallback = nil
            return column
        }
        definition.raw.pattern = "{file}"
        definition.raw.components = [[.capture(0)]]
        definition.raw.captureNames = ["file"]
        definition.raw.format = .json
        definition.partition = nil
        definition.sort = []
        definition.checks = []
        return definition
    }
}

/// Which rows of a column are NULL.
private struct Nulls {
    private let validity: Bitmap?

    init(of column: Column, pool: BufferPool) throws(ColumnarError) {
        validity = try column.flattened(pool: pool).validity(pool: pool)
    }

    subscript(row: Int) -> Bool { validity.map { !$0[row] } ?? false }
}

/// A batch's columns and, behind them, the filled values of some rows.
private struct FillAssembly {
    /// Of each column: where its rows come from, and the parts that they count through.
    private struct Pieces {
        var parts: [Column]
        var rows: [UInt32]
        var end: Int
    }

    private let old: [Column]
    private var pieces: [Int: Pieces] = [:]
    private(set) var filledCount = 0

    init(columns: [Column]) {
        old = columns
    }

    /// Takes the parts of a group of rows, the last one what is left of `_extra`.
    mutating func add(
        _ parts: [Column], of rows: [UInt32], at positions: [Int], pool: BufferPool
    ) throws(ColumnarError) {
        for position in positions where pieces[position] == nil {
            let count = old[position].count
            pieces[position] = Pieces(
                parts: [old[position]], rows: (0..<UInt32(count)).map { $0 }, end: count)
        }
        let nulls = try parts.map { (part) throws(ColumnarError) in
            try Nulls(of: part, pool: pool)
        }
        for (place, row) in rows.enumerated() {
            var isFilled = false
            for (nulls, position) in zip(nulls.dropLast(), positions) where !nulls[place] {
                isFilled = true
                point(row, of: position, to: place)
            }
            guard isFilled, let extra = positions.last else { continue }
            filledCount += 1
            point(row, of: extra, to: place)
        }
        for (part, position) in zip(parts, positions) {
            pieces[position]?.parts.append(part)
            pieces[position]?.end += part.count
        }
    }

    private mutating func point(_ row: UInt32, of position: Int, to place: Int) {
        guard let end = pieces[position]?.end else { return }
        pieces[position]?.rows[Int(row)] = UInt32(end + place)
    }

    func columns(pool: BufferPool) throws(ColumnarError) -> [Column] {
        var columns = old
        for (position, pieces) in pieces {
            var flat: [Column] = []
            for part in pieces.parts { flat.append(try part.flattened(pool: pool)) }
            columns[position] = try Column.concatenated(flat, pool: pool)
                .gathered(at: pieces.rows.span, pool: pool)
        }
        return columns
    }
}
