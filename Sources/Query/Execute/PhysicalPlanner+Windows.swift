import Columnar

/// Window functions and unnesting: operators over column positions, with projections around them.
extension PhysicalPlanner {
    /// Outputs are the input's columns, then one per call.
    mutating func window(_ node: WindowNode) throws(QueryError) -> Stream {
        let input = try stream(node.input)
        let outputs = input.outputs
        var columns = ColumnList(outputs)
        let partitionBy = node.partitionBy.map { columns.position(of: $0) }
        let orderBy = node.orderBy.map { $0.over(&columns) }
        var calls: [WindowCallSpec] = []
        for call in node.calls {
            calls.append(
                WindowCallSpec(
                    function: call.function,
                    arguments: call.arguments.map { columns.position(of: $0) },
                    filter: call.filter.map { columns.position(of: $0) },
                    ignoresNulls: call.ignoresNulls, frame: call.frame.over(&columns)))
        }
        let wide = projected(input, columns.expressions)
        let spec = WindowSpec(
            partitionBy: partitionBy, orderBy: orderBy, inputTypes: columns.types, calls: calls)
        let sink = WindowSink(spec, query: query)
        let names = node.calls.map(\.name).joined(separator: ", ")
        let end = finish(wide, in: sink, title: "Window [\(names)]")
        let kept = Array(outputs.indices) + calls.indices.map { columns.types.count + $0 }
        return picking(
            kept, from: Stream(source: measured(sink.output, end), node: end, outputs: []),
            outputs: LogicalPlan.window(node).outputs)
    }

    /// Outputs are the input's columns, the unnested ones, then the ordinality.
    mutating func unnest(_ node: UnnestNode) throws(QueryError) -> Stream {
        let input = try stream(node.input)
        var columns = ColumnList(input.outputs)
        let arguments = node.arguments.map { columns.position(of: $0) }
        let spec = UnnestSpec(
            arguments: arguments, argumentTypes: node.arguments.map(\.type),
            hasOrdinality: node.hasOrdinality, keepsEmpty: node.keepsEmpty,
            inputCount: input.outputs.count)
        return adding(
            UnnestTransform(spec), to: projected(input, columns.expressions), title: "Unnest",
            outputs: LogicalPlan.unnest(node).outputs)
    }
}

extension WindowFrame {
    /// This frame with its offsets as columns by position.
    fileprivate func over(_ columns: inout ColumnList) -> ColumnFrame {
        ColumnFrame(unit: unit, start: start.over(&columns), end: end.over(&columns))
    }
}

extension WindowFrame.Bound {
    fileprivate func over(_ columns: inout ColumnList) -> ColumnFrame.Bound {
        switch self {
        case .unboundedPreceding: .unboundedPreceding
        case .currentRow: .currentRow
        case .unboundedFollowing: .unboundedFollowing
        case .preceding(let offset): .preceding(columns.position(of: offset))
        case .following(let offset): .following(columns.position(of: offset))
        }
    }
}
