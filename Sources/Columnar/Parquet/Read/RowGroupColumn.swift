import Synchronization

/// One column of one row group, shared by the lazy columns of its batches.
///
/// The lock covers reading and decoding; columns handed out are slices that no later decoding touches.
final class RowGroupColumn: @unchecked Sendable {
    private let plan: ReadPlan
    private let group: RowGroupReader
    private let lock = Mutex<Void>(())
    // Both are touched under the lock only.
    private var node: ReadNode?
    private var whole: Column?

    init(plan: ReadPlan, group: RowGroupReader) {
        self.plan = plan
        self.group = group
    }

    /// Rows `start..<start + count` of the row group.
    func column(
        start: Int, count: Int, selection: Selection
    ) throws(ColumnarError) -> Column {
        try lock.withLock { (_: inout Void) throws(ColumnarError) -> Column in
            try locked(start: start, count: count, selection)
        }
    }

    /// The dictionary, if every page that is read holds codes into it.
    func dictionary() throws(ColumnarError) -> ColumnDictionary? {
        guard case .leaf = plan else { return nil }
        return try lock.withLock { (_: inout Void) throws(ColumnarError) -> ColumnDictionary? in
            guard whole == nil, case .leaf(let decoder) = try openedNode().kind,
                decoder.levels == nil, case .coded(let dictionary) = decoder.output.form
            else { return nil }
            return dictionary
        }
    }

    private func openedNode() throws(ColumnarError) -> ReadNode {
        if let node { return node }
        let opened = try ReadNode(plan, group, isNested: false)
        node = opened
        return opened
    }

    private func locked(
        start: Int, count: Int, _ selection: Selection
    ) throws(ColumnarError) -> Column {
        if let whole {
            return try whole.sliced(start: start, count: count, pool: group.pool)
        }
        let node = try openedNode()
        if case .leaf(let decoder) = node.kind, decoder.levels == nil {
            try decoder.decode(rows: start..<start + count, selection: selection)
            return try decoder.column(start: start, count: count)
        }
        let assembly = NestedAssembly(
            rowCount: group.rowCount, location: group.location, pool: group.pool)
        let column = try assembly.column(node)
        whole = column
        // The chunks' compressed bytes and levels are of no more use.
        self.node = nil
        return try column.sliced(start: start, count: count, pool: group.pool)
    }
}

/// The loader behind one batch's lazy column.
struct RowGroupColumnSlice: ColumnLoader {
    let column: RowGroupColumn
    let start: Int

    func load(count: Int, selection: Selection) throws(ColumnarError) -> Column {
        try column.column(start: start, count: count, selection: selection)
    }
}
