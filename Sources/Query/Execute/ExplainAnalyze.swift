import Columnar

/// The operators of a query that ran, with rows, batches, time and what scans read and skipped.
enum ExplainAnalyze {
    static func lines(_ root: OperatorNode) -> [String] {
        var lines: [String] = []
        append(root, depth: 0, to: &lines)
        return lines
    }

    /// Lines of text as a batch of one column.
    static func batch(of lines: [String], pool: BufferPool) throws(QueryError) -> Batch {
        let column = try storage { () throws(ColumnarError) in
            try Column.from(lines.map { .text($0) }, type: .text, pool: pool)
        }
        return Batch(columns: [column], count: lines.count)
    }

    private static func append(_ node: OperatorNode, depth: Int, to lines: inout [String]) {
        let indent = String(repeating: "  ", count: depth)
        let counters = node.counters
        lines.append(indent + "- " + node.title)
        var facts: [String] = []
        let batches = counters.batches.load(ordering: .relaxed)
        if batches > 0 {
            facts.append("rows \(counters.rows.load(ordering: .relaxed))")
            facts.append("batches \(batches)")
        }
        facts.append("time \(milliseconds(counters.nanoseconds.load(ordering: .relaxed))) ms")
        lines.append(indent + "    " + facts.joined(separator: ", "))
        if let scan = node.scan { lines.append(indent + "    " + describe(scan)) }
        for input in node.inputs { append(input, depth: depth + 1, to: &lines) }
    }

    private static func describe(_ scan: ScanCounters) -> String {
        let files = scan.filesRead.load(ordering: .relaxed)
        let allFiles = scan.filesTotal.load(ordering: .relaxed)
        let groups = scan.rowGroupsRead.load(ordering: .relaxed)
        let allGroups = scan.rowGroupsTotal.load(ordering: .relaxed)
        let pages = scan.pagesRead.load(ordering: .relaxed)
        let pruned = scan.pagesPruned.load(ordering: .relaxed)
        let bytes = scan.bytesRead.load(ordering: .relaxed)
        return "files \(files) of \(allFiles), row groups \(groups) of \(allGroups), "
            + "pages read \(pages), pages pruned \(pruned), bytes \(bytes)"
    }

    /// Milliseconds with two decimals, without Foundation.
    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let hundredths = nanoseconds / 10_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
