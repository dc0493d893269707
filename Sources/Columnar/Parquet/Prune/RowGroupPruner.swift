/// Says which row groups of one file no wanted row can come from.
///
/// Never drops a row that matches.
struct RowGroupPruner: Sendable {
    /// What a predicate's column is in this file.
    enum Subject {
        /// The same value in every row; `.null` where the file lacks the column.
        case constant(Value)
        case leaf(Int, SchemaNode, DataType)
        /// Nothing is known: a list, a whole row.
        case unknown
    }

    private let file: ParquetFile
    private let schema: Schema
    private let constants: [Int: Value]
    private let resolution: ColumnResolution

    init(
        file: ParquetFile, schema: Schema, constants: [Int: Value], resolution: ColumnResolution
    ) {
        self.file = file
        self.schema = schema
        self.constants = constants
        self.resolution = resolution
    }

    func subject(_ path: ScanColumnPath) -> Subject {
        guard schema.fields.indices.contains(path.index) else { return .unknown }
        if path.children.isEmpty, let value = constants[path.index] { return .constant(value) }
        let plan: ReadPlan
        do throws(ColumnarError) {
            plan = try resolution.plan(
                schema.fields[path.index], in: file.tree.columns, leaves: nil)
        } catch { return .unknown }
        if case .missing = plan, path.children.isEmpty {
            return .constant(.null)
        }
        if plan.isMissing(at: path.children[...]) { return .constant(.null) }
        guard let leaf = plan.leaf(at: path.children[...]) else { return .unknown }
        return .leaf(leaf.index, leaf.node, leaf.type)
    }

    /// The bounds of a column in a row group; nil if it is not a leaf outside lists.
    func bounds(of path: ScanColumnPath, _ rowGroup: Int) -> ColumnBounds? {
        switch subject(path) {
        case .constant(let value):
            let rows = file.metadata.rowGroups[rowGroup].rowCount
            return ColumnBounds(constant: value, rows: rows)
        case .leaf(let index, let node, let type):
            let orders = file.metadata.columnOrders
            var place = FileLocation(path: file.path, rowGroup: rowGroup)
            place.column = node.name
            return ColumnBounds(
                chunk: file.metadata.rowGroups[rowGroup].columns[index], node: node, type: type,
                order: index < orders.count ? orders[index] : nil, location: place)
        case .unknown: return nil
        }
    }

    /// False only if no row of the row group satisfies every predicate.
    func mayMatch(_ predicates: [ScanPredicate], rowGroup: Int) -> Bool {
        for predicate in predicates where !mayMatch(predicate, rowGroup) { return false }
        return true
    }

    private func mayMatch(_ predicate: ScanPredicate, _ rowGroup: Int) -> Bool {
        switch predicate {
        case .compare(let path, let comparison, let value):
            return bounds(of: path, rowGroup)?.mayMatch(comparison, value) ?? true
        case .isIn(let path, let values):
            guard let bounds = bounds(of: path, rowGroup) else { return true }
            return values.contains { bounds.mayMatch(.equal, $0) }
        case .isNull(let path): return bounds(of: path, rowGroup)?.mayBeNull ?? true
        case .isNotNull(let path): return bounds(of: path, rowGroup)?.mayBeNotNull ?? true
        case .and(let parts):
            for part in parts where !mayMatch(part, rowGroup) { return false }
            return true
        case .or(let parts):
            for part in parts where mayMatch(part, rowGroup) { return true }
            return false
        }
    }
}
