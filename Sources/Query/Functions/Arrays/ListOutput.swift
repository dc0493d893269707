import Columnar

/// Collects lists whose elements are picked from one child column by row number.
struct ListOutput {
    private var offsets: GrowingBuffer<UInt32>
    private var picked: GrowingBuffer<UInt32>
    private var validity = ValidityBuilder()
    private let pool: BufferPool

    init(pool: BufferPool, capacity: Int) throws(QueryError) {
        self.pool = pool
        do {
            offsets = try GrowingBuffer(pool: pool, capacity: capacity + 1)
            picked = try GrowingBuffer(pool: pool, capacity: capacity)
            try offsets.append(0)
        } catch { throw QueryError(error) }
    }

    /// Adds an element to the list that is being composed; nil is a NULL element.
    mutating func pick(_ childRow: Int?) throws(QueryError) {
        do {
            try picked.append(childRow.map { UInt32($0) } ?? Column.nullRow)
        } catch { throw QueryError(error) }
    }

    /// Elements picked so far, over all lists.
    var elementCount: Int { picked.count }

    /// Ends a list; an invalid one is NULL (elements that it picked belong to nobody).
    mutating func endList(isValid: Bool = true) throws(QueryError) {
        guard picked.count < Int(UInt32.max) else {
            throw .argument("Arrays of one batch have more than \(UInt32.max) elements")
        }
        do { try offsets.append(UInt32(picked.count)) } catch { throw QueryError(error) }
        validity.append(isValid)
    }

    /// The lists, with elements gathered from `child`.
    consuming func finish(child: Column) throws(QueryError) -> Column {
        do {
            let rows = picked.buffer.span(of: UInt32.self, count: picked.count)
            let elements = try child.gathered(at: rows, pool: pool)
            return .list(
                ListColumn(
                    offsets: offsets.buffer, count: offsets.count - 1, child: elements,
                    validity: try validity.finish(pool: pool)))
        } catch { throw QueryError(error) }
    }
}

extension KernelArguments {
    /// One list per row, of rows picked from `child`; the body says false for NULL.
    func collectLists(
        child: Column, _ context: inout KernelContext,
        body: (Int, inout ListOutput) throws(QueryError) -> Bool
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(selection, count: count, pool: context.pool)
        var output = try ListOutput(pool: context.pool, capacity: count)
        for row in 0..<count {
            var isValid = false
            if filter.contains(row) {
                do {
                    isValid = try body(row, &output)
                } catch { try context.deferError(error, row: row) }
            }
            try output.endList(isValid: isValid)
        }
        return try output.finish(child: child)
    }
}
