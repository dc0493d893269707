/// Skips a row group if a column's dictionary has none of the values that a filter asks for.
///
/// Only columns that are read anyhow and whose pages all hold codes are asked.
struct DictionaryPruner {
    /// The read column behind each position of the table's schema.
    private var columns: [Int: RowGroupColumn] = [:]

    init(request: ScanRequest, plans: [ReadPlan], columns: [RowGroupBatches.Source]) {
        for (i, wanted) in request.columns.enumerated() {
            guard case .lazy(let column) = columns[i], case .leaf(_, _, _, let type) = plans[i]
            else { continue }
            // CHAR compares padded, which entries do not show.
            if case .char = type { continue }
            self.columns[wanted.index] = column
        }
    }

    /// False only if no row of the row group satisfies every predicate.
    func mayMatch(_ predicates: [ScanPredicate]) throws(ColumnarError) -> Bool {
        for predicate in predicates {
            switch predicate {
            case .compare(let path, .equal, let value):
                if try !mayContain([value], path) { return false }
            case .isIn(let path, let values):
                if try !mayContain(values, path) { return false }
            case .and(let parts):
                if try !mayMatch(parts) { return false }
            default: continue
            }
        }
        return true
    }

    private func mayContain(
        _ values: [Value], _ path: ScanColumnPath
    ) throws(ColumnarError) -> Bool {
        guard path.children.isEmpty, let column = columns[path.index],
            values.count <= Limits.dictionaryProbes, let entries = try column.dictionary()?.entries
        else { return true }
        switch entries {
        case .text(let texts): return Self.contains(texts, values)
        case .flat(let numbers): return Self.contains(numbers, values)
        default: return true
        }
    }

    private static func contains(_ numbers: FlatColumn, _ values: [Value]) -> Bool {
        var wanted: [Int64] = []
        for value in values {
            guard case .int(let number) = value else { return true }
            wanted.append(number)
        }
        switch numbers.storage {
        case .int32:
            let entries = numbers.values(as: Int32.self)
            for i in entries.indices where wanted.contains(Int64(entries[i])) { return true }
            return false
        case .int64:
            let entries = numbers.values(as: Int64.self)
            for i in entries.indices where wanted.contains(entries[i]) { return true }
            return false
        default: return true
        }
    }

    private static func contains(_ texts: TextColumn, _ values: [Value]) -> Bool {
        var wanted: [[UInt8]] = []
        for value in values {
            switch value {
            case .text(let text): wanted.append(Array(text.utf8))
            case .binary(let bytes): wanted.append(bytes)
            default: return true
            }
        }
        let slices = texts.sliceSpan()
        for i in slices.indices {
            let bytes = texts.bytes(of: slices[i])
            for value in wanted where value.count == bytes.count && value.elementsEqual(bytes) {
                return true
            }
        }
        return false
    }
}
