import Columnar

/// Puts the columns of flattened rows where a table's schema has them.
///
/// A schema file may name columns, and fields of rows, in another order than the table, lack some that the
/// table keeps, or have been written when a table already had wider types: files always follow the table.
struct ColumnPlacement: Sendable {
    private let flattened: [Field]
    private let table: [Field]
    /// For each column of the table the flattened one; nil for those that the schema file no longer names.
    private let sources: [Int?]

    init(flattened: Schema, table: Schema) {
        self.flattened = flattened.fields
        self.table = table.fields
        sources = table.fields.map { field in flattened.index(of: field.name) }
    }

    /// The table's columns of some flattened rows.
    func columns(of columns: [Column], pool: BufferPool) throws(ColumnarError) -> [Column] {
        let count = columns[0].count
        var placed: [Column] = []
        for (field, source) in zip(table, sources) {
            if let source {
                placed.append(
                    try Self.place(columns[source], flattened[source], as: field, pool: pool))
            } else {
                placed.append(try Self.nulls(count, of: field.type, pool: pool))
            }
        }
        return placed
    }

    private static func nulls(
        _ count: Int, of type: DataType, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        .constant(
            ConstantColumn(try Column.from([.null], type: type, pool: pool), count: count))
    }

    /// A column of one field in the form of another, whose row fields may be more, and in another order.
    static func place(
        _ column: Column, _ from: Field, as to: Field, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        guard from.type.isNested, from.type != to.type else { return column }
        switch try column.flattened(pool: pool) {
        case .row(let row):
            var children: [Column] = []
            for field in to.children {
                if let index = from.children.firstIndex(where: { $0.name == field.name }) {
                    children.append(
                        try place(row.children[index], from.children[index], as: field, pool: pool))
                } else {
                    let nulls = try nulls(row.count, of: field.type, pool: pool)
                    children.append(try nulls.flattened(pool: pool))
                }
            }
            return .row(RowColumn(children: children, count: row.count, validity: row.validity))
        case .list(let list):
            guard let element = from.children.first, let wanted = to.children.first else {
                return column
            }
            return .list(
                ListColumn(
                    offsets: list.offsets, start: list.start, count: list.count,
                    child: try place(list.child, element, as: wanted, pool: pool),
                    validity: list.validity))
        default: return column
        }
    }
}
