import Columnar

/// Casts of arrays, maps and rows, element by element.
enum NestedCast {
    static func kernel(_ from: DataType, _ to: DataType) -> ScalarKernel? {
        switch (from, to) {
        case (.array(let a), .array(let b)):
            return Cast.kernel(from: a, to: b).map { list($0, child: b, childFrom: a) }
        case (.map(let k1, let v1), .map(let k2, let v2)):
            guard Cast.kernel(from: k1, to: k2) != nil, Cast.kernel(from: v1, to: v2) != nil else {
                return nil
            }
            return entries([k1, v1], [k2, v2], from: from, to: to)
        case (.row(let a), .row(let b)):
            guard a.count == b.count else { return nil }
            for (x, y) in zip(a, b) where Cast.kernel(from: x.type, to: y.type) == nil {
                return nil
            }
            return { (arguments, context) throws(QueryError) in
                try row(arguments, a.map(\.type), b.map(\.type), &context)
            }
        default: return nil
        }
    }

    private static func entries(
        _ from: [DataType], _ to: [DataType], from mapFrom: DataType, to mapTo: DataType
    ) -> ScalarKernel {
        let body: ScalarKernel = { (arguments, context) throws(QueryError) in
            try row(arguments, from, to, &context)
        }
        return list(body, child: mapTo.children[0], childFrom: mapFrom.children[0])
    }

    /// Casts the child column; an element's error becomes its list's.
    private static func list(
        _ element: @escaping ScalarKernel, child: DataType, childFrom: DataType
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let pool = context.pool
            let flat: Column
            do throws(ColumnarError) {
                flat = try arguments.columns[0].flattened(arguments.selection, pool: pool)
            } catch { throw QueryError(error) }
            guard case .list(let list) = flat else {
                preconditionFailure("an array or map is a list")
            }
            let filter = try RowFilter(arguments.selection, count: list.count, pool: pool)
            let selected = try storage { () throws(ColumnarError) in
                try Bitmap.filled(false, count: list.child.count, pool: pool)
            }
            let offsets = list.offsetSpan()
            for row in 0..<list.count where filter.contains(row) {
                if let validity = list.validity, !validity[row] { continue }
                for i in Int(offsets[row])..<Int(offsets[row + 1]) { selected.set(i, to: true) }
            }
            let kept = context.errors.take()
            let result = try element(
                KernelArguments(
                    columns: [list.child], types: [childFrom], resultType: child,
                    count: list.child.count, selection: .bits(selected)), &context)
            let failed = context.errors.take()
            for entry in kept { context.errors.record(row: entry.row, entry.error) }
            var validity = list.validity
            if !failed.isEmpty {
                validity = try mark(failed, in: list, &context)
            }
            return .list(
                ListColumn(
                    offsets: list.offsets, start: list.start, count: list.count, child: result,
                    validity: validity))
        }
    }

    /// Records the first error of each list and makes the list NULL.
    private static func mark(
        _ failed: [(row: Int, error: QueryError)], in list: ListColumn,
        _ context: inout KernelContext
    ) throws(QueryError) -> Bitmap {
        let offsets = list.offsetSpan()
        var errors: [Int: QueryError] = [:]
        for entry in failed { errors[entry.row] = entry.error }
        let pool = context.pool
        let validity = try storage { () throws(ColumnarError) in
            try Bitmap.filled(true, count: list.count, pool: pool)
        }
        for row in 0..<list.count {
            if let known = list.validity, !known[row] {
                validity.set(row, to: false)
                continue
            }
            for i in Int(offsets[row])..<Int(offsets[row + 1]) {
                guard let error = errors[i] else { continue }
                context.errors.record(row: row, error)
                validity.set(row, to: false)
                break
            }
        }
        return validity
    }

    private static func row(
        _ arguments: KernelArguments, _ from: [DataType], _ to: [DataType],
        _ context: inout KernelContext
    ) throws(QueryError) -> Column {
        let pool = context.pool
        let flat: Column
        do {
            flat = try arguments.columns[0].flattened(arguments.selection, pool: pool)
        } catch { throw QueryError(error) }
        guard case .row(let row) = flat else { preconditionFailure("a row value is a row column") }
        // Fields of a NULL row are undefined: they must not raise errors.
        var selection = arguments.selection
        if let validity = row.validity {
            let live = try storage { () throws(ColumnarError) in
                try validity.and(
                    arguments.selection.bitmap(count: row.count, pool: pool), pool: pool)
            }
            selection = .bits(live)
        }
        var children: [Column] = []
        for (i, child) in row.children.enumerated() {
            guard let kernel = Cast.kernel(from: from[i], to: to[i]) else {
                preconditionFailure("checked when the cast was chosen")
            }
            children.append(
                try kernel(
                    KernelArguments(
                        columns: [child], types: [from[i]], resultType: to[i], count: row.count,
                        selection: selection), &context))
        }
        return .row(RowColumn(children: children, count: row.count, validity: row.validity))
    }
}
