import Columnar

/// `||` of arrays and elements: one child column after the other, lists pick from all of them.
enum ArrayConcat {
    static let arrays: ScalarKernel = { (arguments, context) throws(QueryError) in
        var lists: [ListReader] = []
        for i in arguments.columns.indices { lists.append(try arguments.listReader(i, context)) }
        let (child, bases) = try joined(
            lists.map(\.column.child), context)
        return try arguments.collectLists(child: child, &context) {
            (row, output) throws(QueryError) in
            for (list, base) in zip(lists, bases) {
                guard let range = list.row(row) else { return false }
                for i in range { try output.pick(base + i) }
            }
            return true
        }
    }

    static let append = element(isFirst: false)
    static let prepend = element(isFirst: true)

    /// An array and one element; a NULL element is an element, a NULL array gives NULL.
    private static func element(isFirst: Bool) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let list = try arguments.listReader(isFirst ? 1 : 0, context)
            let (child, bases) = try joined(
                [list.column.child, arguments.columns[isFirst ? 0 : 1]], context)
            return try arguments.collectLists(child: child, &context) {
                (row, output) throws(QueryError) in
                guard let range = list.row(row) else { return false }
                if isFirst { try output.pick(bases[1] + row) }
                for i in range { try output.pick(bases[0] + i) }
                if !isFirst { try output.pick(bases[1] + row) }
                return true
            }
        }
    }

    /// Columns one after the other and where each begins.
    static func joined(
        _ columns: [Column], _ context: borrowing KernelContext
    ) throws(QueryError) -> (Column, [Int]) {
        var bases: [Int] = []
        var total = 0
        for column in columns {
            bases.append(total)
            total += column.count
        }
        do {
            return (try Column.concatenated(columns, pool: context.pool), bases)
        } catch { throw QueryError(error) }
    }
}
