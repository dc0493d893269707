import Columnar

/// UNNEST of input columns by position: a row per element beside the input's columns.
package struct UnnestSpec: Sendable {
    /// Positions of arrays and maps, and their types.
    package var arguments: [Int]
    package var argumentTypes: [DataType]
    package var hasOrdinality: Bool
    /// A row without elements stays, padded with NULL.
    package var keepsEmpty: Bool
    /// Input columns that are put out; the planner's helper columns are not among the first `inputCount`.
    package var inputCount: Int

    package init(
        arguments: [Int], argumentTypes: [DataType], hasOrdinality: Bool, keepsEmpty: Bool,
        inputCount: Int
    ) {
        self.arguments = arguments
        self.argumentTypes = argumentTypes
        self.hasOrdinality = hasOrdinality
        self.keepsEmpty = keepsEmpty
        self.inputCount = inputCount
    }
}

/// The streaming operator: outputs are the input's columns, the unnested ones, then the ordinality.
///
/// Several arguments are zipped and padded with NULL. The elements of an argument are fetched by row number
/// from its child column; the input's columns repeat by row number.
package struct UnnestTransform: Transform {
    private let spec: UnnestSpec

    package init(_ spec: UnnestSpec) {
        self.spec = spec
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any TransformState {
        UnnestState(spec: spec, query: worker.query, pool: worker.pool)
    }
}

/// One worker's unnesting.
struct UnnestState: TransformState {
    let spec: UnnestSpec
    let query: QueryContext
    let pool: BufferPool

    mutating func push(_ batch: Batch, into output: inout [Batch]) throws(QueryError) {
        try query.checkCancelled()
        let selected = try SelectedRows(batch, pool: pool)
        guard selected.count > 0 else { return }
        var lists: [ListColumn] = []
        for index in spec.arguments {
            let column = selected.columns[index]
            let flat = try storage { () throws(ColumnarError) in try column.flattened(pool: pool) }
            guard case .list(let list) = flat else {
                throw QueryError(.typeMismatch, "Cannot unnest a value that is no array or map")
            }
            lists.append(list)
        }
        var pieces = UnnestPieces(listCount: lists.count)
        for number in 0..<selected.count {
            let row = selected.rowSpan()[number]
            var longest = 0
            var ranges: [Range<UInt32>] = []
            for list in lists {
                let range = list.elements(Int(row))
                ranges.append(range)
                longest = max(longest, range.count)
            }
            let rows = longest == 0 && spec.keepsEmpty ? 1 : longest
            for element in 0..<rows {
                pieces.append(row: row, element: element, ranges: ranges, isEmpty: longest == 0)
                if pieces.count == query.batchRows {
                    output.append(try emit(&pieces, selected.columns, lists))
                }
            }
        }
        if pieces.count > 0 { output.append(try emit(&pieces, selected.columns, lists)) }
    }

    private func emit(
        _ pieces: inout UnnestPieces, _ columns: [Column], _ lists: [ListColumn]
    ) throws(QueryError) -> Batch {
        let count = pieces.count
        var result: [Column] = []
        do throws(ColumnarError) {
            let rows = pieces.rows
            for column in columns.prefix(spec.inputCount) {
                result.append(try column.gathered(at: rows.span, pool: pool))
            }
            for (i, list) in lists.enumerated() {
                let places = pieces.elements[i]
                let elements = try list.child.gathered(at: places.span, pool: pool)
                try append(elements, of: spec.argumentTypes[i], to: &result)
            }
            if spec.hasOrdinality { result.append(try ordinality(pieces)) }
        } catch {
            throw QueryError(error)
        }
        pieces = UnnestPieces(listCount: lists.count)
        return Batch(columns: result, count: count)
    }

    /// A row element is spread over its fields, a map's entry over key and value.
    private func append(
        _ elements: Column, of type: DataType, to result: inout [Column]
    ) throws(ColumnarError) {
        guard case .row = type.children.first ?? .unknown else {
            result.append(elements)
            return
        }
        guard case .row(let row) = try elements.flattened(pool: pool) else { return }
        guard let validity = row.validity else {
            result += row.children
            return
        }
        // The fields of a NULL element are NULL.
        let indices = try pool.allocate(UInt32.self, count: row.count)
        var target = indices.mutableSpan(of: UInt32.self, count: row.count)
        for i in 0..<row.count { target[i] = validity[i] ? UInt32(i) : Column.nullRow }
        for child in row.children {
            result.append(
                try child.gathered(at: indices.span(of: UInt32.self, count: row.count), pool: pool))
        }
    }

    private func ordinality(_ pieces: UnnestPieces) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(Int64.self, count: pieces.count)
        let validity = try Bitmap.filled(true, count: pieces.count, pool: pool)
        var target = buffer.mutableSpan(of: Int64.self, count: pieces.count)
        var hasNull = false
        for i in 0..<pieces.count {
            target[i] = pieces.numbers[i]
            if pieces.numbers[i] == 0 {
                validity.set(i, to: false)
                hasNull = true
            }
        }
        return .flat(
            FlatColumn(
                storage: .int64, buffer: buffer, count: pieces.count,
                validity: hasNull ? validity : nil))
    }
}

/// The rows of one output batch: parent row, element of each list, ordinal number (0 for a kept empty row).
struct UnnestPieces {
    private(set) var rows: [UInt32] = []
    private(set) var elements: [[UInt32]]
    private(set) var numbers: [Int64] = []

    var count: Int { rows.count }

    init(listCount: Int) {
        elements = Array(repeating: [], count: listCount)
    }

    mutating func append(row: UInt32, element: Int, ranges: [Range<UInt32>], isEmpty: Bool) {
        rows.append(row)
        numbers.append(isEmpty ? 0 : Int64(element) + 1)
        for i in ranges.indices {
            let isThere = element < ranges[i].count
            elements[i].append(
                isThere ? ranges[i].lowerBound + UInt32(element) : Column.nullRow)
        }
    }
}

extension ListColumn {
    /// The child rows of one row; none for NULL.
    func elements(_ row: Int) -> Range<UInt32> {
        if let validity, !validity[row] { return 0..<0 }
        let offsets = offsetSpan()
        return offsets[row]..<offsets[row + 1]
    }
}
