import Columnar

/// A logical plan as an indented tree, one operator a line; EXPLAIN and the golden tests show it.
///
///     TopN 10 by likes DESC
///       Project id, likes
///         Filter (likes > BIGINT '5')
///           Scan posts [id, likes] where likes > 5
package enum PlanPrinter {
    /// The lines of a plan, the root first.
    package static func lines(_ plan: LogicalPlan) -> [String] {
        var lines: [String] = []
        append(plan, depth: 0, to: &lines)
        return lines
    }

    /// The whole text, a newline after each line.
    package static func text(_ plan: LogicalPlan) -> String {
        lines(plan).map { $0 + "\n" }.joined()
    }

    private static func append(_ plan: LogicalPlan, depth: Int, to lines: inout [String]) {
        lines.append(String(repeating: "  ", count: depth) + line(plan))
        for input in plan.inputs { append(input, depth: depth + 1, to: &lines) }
    }

    /// One operator without its inputs.
    package static func line(_ plan: LogicalPlan) -> String {
        let inputs = plan.inputs.flatMap(\.outputs)
        let printer = ExpressionPrinter(inputs)
        switch plan {
        case .scan(let scan): return ScanPrinter(scan).line
        case .values(let rows, let outputs): return line(rows, outputs)
        case .filter(_, let predicate): return "Filter \(printer.text(predicate))"
        case .project(_, let expressions):
            if expressions.isEmpty { return "Project []" }
            return "Project \(expressions.map { named($0, printer) }.joined(separator: ", "))"
        case .aggregate(let node): return line(node, printer)
        case .join(let join): return line(join, printer)
        case .unnest(let unnest): return line(unnest, printer)
        case .window(let window): return line(window, printer)
        case .sort(_, let keys): return "Sort \(list(keys, printer))"
        case .topN(_, let keys, let limit, let offset):
            return "TopN \(limit)\(offsetText(offset)) by \(list(keys, printer))"
        case .limit(_, let limit, let offset):
            return "Limit \(limit.map { "\($0)" } ?? "ALL")\(offsetText(offset))"
        case .unionAll: return "UnionAll"
        case .enforceSingleRow: return "EnforceSingleRow"
        }
    }

    private static func list(_ keys: [SortKey], _ printer: ExpressionPrinter) -> String {
        keys.map(printer.text).joined(separator: ", ")
    }

    private static func offsetText(_ offset: Int) -> String {
        offset == 0 ? "" : " offset \(offset)"
    }

    private static func named(_ named: NamedExpression, _ printer: ExpressionPrinter) -> String {
        let text = printer.text(named.expression)
        return text == named.name ? text : "\(text) AS \(named.name)"
    }

    private static func line(_ rows: [[BoundExpression]], _ outputs: [OutputColumn]) -> String {
        let names = outputs.map(\.name).joined(separator: ", ")
        guard rows.count <= 4, !outputs.isEmpty else {
            return "Values [\(names)] \(rows.count) row\(rows.count == 1 ? "" : "s")"
        }
        let printer = ExpressionPrinter([])
        let texts = rows.map { "(\(printer.list($0, ", ")))" }
        return "Values [\(names)] \(texts.isEmpty ? "0 rows" : texts.joined(separator: ", "))"
    }

    private static func line(_ node: AggregateNode, _ printer: ExpressionPrinter) -> String {
        var parts: [String] = []
        if !node.keys.isEmpty {
            parts.append("by " + node.keys.map { named($0, printer) }.joined(separator: ", "))
        }
        if !node.aggregates.isEmpty {
            parts.append(
                node.aggregates.map { call in
                    var text = call.function.name + "("
                    if call.arguments.isEmpty { text += "*" }
                    if call.isDistinct { text += "DISTINCT " }
                    text += printer.list(call.arguments, ", ")
                    if !call.orderBy.isEmpty { text += " ORDER BY \(list(call.orderBy, printer))" }
                    text += ")"
                    if let filter = call.filter { text += " FILTER \(printer.text(filter))" }
                    return "\(text) AS \(call.name)"
                }.joined(separator: ", "))
        }
        return "Aggregate " + parts.joined(separator: ": ")
    }

    private static func line(_ join: JoinNode, _ printer: ExpressionPrinter) -> String {
        let left = ExpressionPrinter(join.left.outputs)
        let right = ExpressionPrinter(join.right.outputs)
        var conditions = join.equalities.map { "\(left.text($0.left)) = \(right.text($0.right))" }
        if let residual = join.residual { conditions.append(printer.text(residual)) }
        let name = join.kind.keyword.prefix(1) + join.kind.keyword.dropFirst().lowercased()
        return conditions.isEmpty
            ? "\(name)Join" : "\(name)Join on \(conditions.joined(separator: " AND "))"
    }

    private static func line(_ unnest: UnnestNode, _ printer: ExpressionPrinter) -> String {
        let names = unnest.outputs.map(\.name).joined(separator: ", ")
        let keep = unnest.keepsEmpty ? " keeping empty" : ""
        return "Unnest \(printer.list(unnest.arguments, ", ")) AS (\(names))\(keep)"
    }

    private static func line(_ window: WindowNode, _ printer: ExpressionPrinter) -> String {
        var parts: [String] = []
        if !window.partitionBy.isEmpty {
            parts.append("partition by \(printer.list(window.partitionBy, ", "))")
        }
        if !window.orderBy.isEmpty { parts.append("order by \(list(window.orderBy, printer))") }
        let calls = window.calls.map { call in
            var text = "\(call.function.name)(\(printer.list(call.arguments, ", ")))"
            if let filter = call.filter { text += " FILTER \(printer.text(filter))" }
            if call.ignoresNulls { text += " IGNORE NULLS" }
            let plain: WindowFrame = window.orderBy.isEmpty ? .wholePartition : .toCurrentRow
            if call.frame != plain { text += " \(frame(call.frame, printer))" }
            return "\(text) AS \(call.name)"
        }
        let order = parts.isEmpty ? "" : parts.joined(separator: " ") + ": "
        return "Window \(order)\(calls.joined(separator: ", "))"
    }

    private static func frame(_ frame: WindowFrame, _ printer: ExpressionPrinter) -> String {
        func bound(_ bound: WindowFrame.Bound) -> String {
            switch bound {
            case .unboundedPreceding: "UNBOUNDED PRECEDING"
            case .currentRow: "CURRENT ROW"
            case .unboundedFollowing: "UNBOUNDED FOLLOWING"
            case .preceding(let distance): "\(printer.text(distance)) PRECEDING"
            case .following(let distance): "\(printer.text(distance)) FOLLOWING"
            }
        }
        let unit =
            switch frame.unit {
            case .rows: "ROWS"
            case .range: "RANGE"
            case .groups: "GROUPS"
            }
        return "\(unit) BETWEEN \(bound(frame.start)) AND \(bound(frame.end))"
    }
}
