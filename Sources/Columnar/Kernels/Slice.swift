/// A range of consecutive rows; shares buffers wherever the form allows it.

extension Column {
    /// Rows `start..<start + count`, in the same form; lazy columns are decoded for those rows.
    package func sliced(
        start: Int, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        precondition(start >= 0 && count >= 0 && start + count <= self.count)
        if start == 0 && count == self.count { return self }
        func validity(_ bitmap: Bitmap?) throws(ColumnarError) -> Bitmap? {
            guard let bitmap else { return nil }
            return try bitmap.slice(start: start, count: count, pool: pool)
        }
        switch self {
        case .bits(let c):
            return .bits(
                BitColumn(
                    values: try c.values.slice(start: start, count: count, pool: pool),
                    validity: try validity(c.validity)))
        case .flat(let c):
            return .flat(
                FlatColumn(
                    storage: c.storage, buffer: c.buffer, start: c.start + start, count: count,
                    validity: try validity(c.validity)))
        case .text(let c):
            return .text(
                TextColumn(
                    slices: c.slices, start: c.start + start, count: count, owner: c.owner,
                    validity: try validity(c.validity)))
        case .coded(let c):
            return .coded(
                CodedColumn(
                    codes: c.codes, start: c.start + start, count: count,
                    dictionary: c.dictionary, mayHaveNulls: c.mayHaveNulls))
        case .constant(let c): return .constant(ConstantColumn(c.value, count: count))
        case .runs(let c): return try c.sliced(start: start, count: count, pool: pool)
        case .list(let c):
            return .list(
                ListColumn(
                    offsets: c.offsets, start: c.start + start, count: count, child: c.child,
                    validity: try validity(c.validity)))
        case .row(let c):
            var children: [Column] = []
            for child in c.children {
                children.append(try child.sliced(start: start, count: count, pool: pool))
            }
            return .row(
                RowColumn(children: children, count: count, validity: try validity(c.validity)))
        case .lazy(let c):
            return try c.resolve(.all).sliced(start: start, count: count, pool: pool)
        }
    }
}

extension RunsColumn {
    fileprivate func sliced(
        start: Int, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let source = ends.span(of: UInt32.self, count: runCount)
        var first = 0
        while first < runCount && Int(source[first]) <= start { first += 1 }
        var last = first
        while last < runCount && Int(source[last]) < start + count { last += 1 }
        let kept = count == 0 ? 0 : last - first + 1
        let buffer = try pool.allocate(UInt32.self, count: kept)
        var target = buffer.mutableSpan(of: UInt32.self, count: kept)
        for i in target.indices { target[i] = UInt32(min(Int(source[first + i]) - start, count)) }
        return .runs(
            RunsColumn(
                ends: buffer, runCount: kept,
                values: try values.column.sliced(
                    start: kept == 0 ? 0 : first, count: kept, pool: pool), count: count))
    }
}
