/// The way from a top-level column down to one of its leaves.
struct LeafPath {
    enum Step {
        case element, key, value
        case child(Int)
    }

    let leaf: Int
    let node: SchemaNode
    let steps: [Step]

    /// The ways to all leaves of a column.
    static func all(below node: SchemaNode, _ steps: [Step] = []) -> [LeafPath] {
        switch node.kind {
        case .leaf(let index): [LeafPath(leaf: index, node: node, steps: steps)]
        case .list: all(below: node.children[0], steps + [.element])
        case .map:
            all(below: node.children[0], steps + [.key])
                + all(below: node.children[1], steps + [.value])
        case .row:
            node.children.enumerated().flatMap { all(below: $1, steps + [.child($0)]) }
        }
    }

    /// Calls `body` with the leaf's values of rows `rows`: stretches of leaf columns, NULLs included.
    func visit(
        _ column: Column, rows: Range<Int>,
        _ body: (Column, Range<Int>) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        try visit(column, rows: rows, steps[...], body)
    }

    private func visit(
        _ column: Column, rows: Range<Int>, _ steps: ArraySlice<Step>,
        _ body: (Column, Range<Int>) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        let column = try column.resolved()
        guard let step = steps.first else { return try body(column, rows) }
        switch (column, step) {
        case (.list(let list), _):
            let offsets = list.offsetSpan()
            for run in Self.valid(rows, list.validity) {
                let below = Int(offsets[run.lowerBound])..<Int(offsets[run.upperBound])
                switch (step, try list.child.resolved()) {
                case (.key, .row(let entry)):
                    try visit(entry.children[0], rows: below, steps.dropFirst(), body)
                case (.value, .row(let entry)):
                    try visit(entry.children[1], rows: below, steps.dropFirst(), body)
                case (_, let child): try visit(child, rows: below, steps.dropFirst(), body)
                }
            }
        case (.row(let row), .child(let index)):
            for run in Self.valid(rows, row.validity) {
                try visit(row.children[index], rows: run, steps.dropFirst(), body)
            }
        default: return
        }
    }

    /// The stretches of `rows` that are not NULL.
    private static func valid(_ rows: Range<Int>, _ validity: Bitmap?) -> [Range<Int>] {
        guard let validity else { return rows.isEmpty ? [] : [rows] }
        var runs: [Range<Int>] = []
        var start: Int?
        for row in rows {
            if validity[row] {
                start = start ?? row
            } else if let first = start {
                runs.append(first..<row)
                start = nil
            }
        }
        if let first = start { runs.append(first..<rows.upperBound) }
        return runs
    }
}
