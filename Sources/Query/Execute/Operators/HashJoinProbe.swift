import CKernels
import Columnar

/// The probe side of a hash join: candidates by key id, residual condition, output by join kind.
///
/// Outputs are left columns then right columns (codes over the build rows); semi and anti joins only narrow
/// the selection, mark adds one boolean column. Order is probe order, then build order.
package struct HashJoinProbe: Transform {
    private let build: HashJoinBuild

    package init(_ build: HashJoinBuild) {
        self.build = build
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any TransformState {
        try HashJoinProbeState(build, worker: worker)
    }
}

/// One worker's probe.
final class HashJoinProbeState: TransformState {
    private let spec: HashJoinSpec
    private let table: JoinTable
    private let query: QueryContext
    private let pool: BufferPool
    private var keys: KeyInternerWorker
    private var condition: (any JoinConditionState)?
    private var mark: MarkProbe?

    init(_ build: HashJoinBuild, worker: WorkerContext) throws(QueryError) {
        spec = build.spec
        table = try build.built()
        query = worker.query
        pool = worker.pool
        keys = KeyInternerWorker(build.interner, inserting: false, nullsMatch: false)
        condition = try spec.residual?.makeState(worker: worker)
        mark = table.mark.map { MarkProbe($0) }
    }

    func push(_ batch: Batch, into output: inout [Batch]) throws(QueryError) {
        try query.checkCancelled()
        let (rowBuffer, rowCount) = try storage { () throws(ColumnarError) in
            try batch.selection.rowIndices(count: batch.count, pool: pool)
        }
        guard rowCount > 0 else { return }
        var batch = batch
        // Pairs fetch rows piece by piece: decode what is lazy once, for all selected rows.
        let isUnique = table.index.isUnique && !spec.leftKeys.isEmpty
        let fetchesPieces =
            condition != nil || !(isUnique || [.semi, .anti, .mark].contains(spec.kind))
        for column in fetchesPieces ? Array(batch.columns.indices) : spec.leftKeys {
            batch.columns[column] = try storage { () throws(ColumnarError) in
                try batch.columns[column].resolved(batch.selection)
            }
        }
        let ids = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: rowCount)
        }
        let rows = ProbeRows(buffer: rowBuffer, ids: ids, count: rowCount)
        try keys.intern(
            spec.leftKeys.map { batch.columns[$0] },
            rows: rowBuffer.span(of: UInt32.self, count: rowCount), into: ids)
        switch spec.kind {
        case .semi, .anti, .mark:
            try pushFlags(batch, rows, into: &output)
        case .inner, .cross, .left, .right, .full:
            if condition == nil && isUnique, try pushUnique(batch, rows, into: &output) { return }
            if condition == nil {
                try pushPairs(batch, rows, into: &output)
            } else {
                try pushFiltered(batch, rows, into: &output)
            }
        }
    }

    private var keepsLeft: Bool { spec.kind == .left || spec.kind == .full }

    // MARK: Unique keys

    /// At most one match a row: the probe batch stays as it is and gets columns; false where compacting is better.
    private func pushUnique(
        _ batch: Batch, _ rows: ProbeRows, into output: inout [Batch]
    ) throws(QueryError) -> Bool {
        do throws(ColumnarError) {
            let places = try pool.allocate(UInt32.self, count: batch.count)
            let kept = try pool.allocate(UInt16.self, count: rows.count)
            var place = places.mutableSpan(of: UInt32.self, count: batch.count)
            var keptSpan = kept.mutableSpan(of: UInt16.self, count: rows.count)
            let ids = rows.idSpan()
            let numbers = rows.rowSpan()
            let index = table.index
            let starts = index.startSpan()
            let buildRows = index.rowSpan()
            let flags = table.matched?.pointer(UInt8.self)
            if rows.count < batch.count {
                for i in place.indices { place[i] = ColumnAppender.nullIndex }
            }
            var matches = 0
            for i in numbers.indices {
                let row = Int(numbers[i])
                var match = ColumnAppender.nullIndex
                if ids[i] != KeyInterner.noID {
                    let start = starts[Int(ids[i])]
                    if start < starts[Int(ids[i]) + 1] { match = buildRows[Int(start)] }
                }
                place[row] = match
                let isMatch = match != ColumnAppender.nullIndex
                if isMatch, let flags { lake_store_relaxed8(flags + Int(match), 1) }
                keptSpan[matches] = UInt16(truncatingIfNeeded: row)
                matches &+= isMatch || keepsLeft ? 1 : 0
            }
            guard matches > 0 else { return true }
            if matches * 4 < batch.count {
                return try pushCompacted(batch, places, kept, matches, &output)
            }
            var result = batch
            for i in table.store.columns.indices {
                result.columns.append(
                    try table.store.fetch(i, at: places.span(of: UInt32.self, count: batch.count)))
            }
            if matches < rows.count {
                result.selection = .rows(RowList(buffer: kept, count: matches))
            }
            output.append(result)
            return true
        } catch {
            throw QueryError(error)
        }
    }

    private func pushCompacted(
        _ batch: Batch, _ places: Buffer, _ kept: Buffer, _ matches: Int,
        _ output: inout [Batch]
    ) throws(ColumnarError) -> Bool {
        let left = try pool.allocate(UInt32.self, count: matches)
        let right = try pool.allocate(UInt32.self, count: matches)
        var lefts = left.mutableSpan(of: UInt32.self, count: matches)
        var rights = right.mutableSpan(of: UInt32.self, count: matches)
        let keptSpan = kept.span(of: UInt16.self, count: matches)
        let place = places.span(of: UInt32.self, count: batch.count)
        for i in 0..<matches {
            lefts[i] = UInt32(keptSpan[i])
            rights[i] = place[Int(keptSpan[i])]
        }
        output.append(try pairBatch(batch, left, right, matches))
        return true
    }

    /// Left columns at `left`, right columns at `right`.
    private func pairBatch(
        _ batch: Batch, _ left: Buffer, _ right: Buffer, _ count: Int, start: Int = 0
    ) throws(ColumnarError) -> Batch {
        var columns: [Column] = []
        let lefts = left.span(of: UInt32.self, start: start, count: count)
        let rights = right.span(of: UInt32.self, start: start, count: count)
        for column in batch.columns { columns.append(try column.gathered(at: lefts, pool: pool)) }
        for i in table.store.columns.indices {
            columns.append(try table.store.fetch(i, at: rights))
        }
        return Batch(columns: columns, count: count)
    }

    // MARK: Pairs

    /// All candidates match: pairs go out as the buffer fills.
    private func pushPairs(
        _ batch: Batch, _ rows: ProbeRows, into output: inout [Batch]
    ) throws(QueryError) {
        let size = query.batchRows
        do throws(ColumnarError) {
            var left = try pool.allocate(UInt32.self, count: size)
            var right = try pool.allocate(UInt32.self, count: size)
            var count = 0
            let flags = table.matched?.pointer(UInt8.self)
            let index = table.index
            let matches = index.rowSpan()
            for i in 0..<rows.count {
                let row = rows.rowSpan()[i]
                let range = rows.candidates(i, index)
                if range.isEmpty && keepsLeft {
                    left.pointer(UInt32.self)[count] = row
                    right.pointer(UInt32.self)[count] = ColumnAppender.nullIndex
                    count += 1
                }
                for place in range {
                    if count == size {
                        output.append(try pairBatch(batch, left, right, count))
                        left = try pool.allocate(UInt32.self, count: size)
                        right = try pool.allocate(UInt32.self, count: size)
                        count = 0
                    }
                    let match = matches[place]
                    left.pointer(UInt32.self)[count] = row
                    right.pointer(UInt32.self)[count] = match
                    count += 1
                    if let flags { lake_store_relaxed8(flags + Int(match), 1) }
                }
                if count == size {
                    output.append(try pairBatch(batch, left, right, count))
                    left = try pool.allocate(UInt32.self, count: size)
                    right = try pool.allocate(UInt32.self, count: size)
                    count = 0
                }
            }
            if count > 0 { output.append(try pairBatch(batch, left, right, count)) }
        } catch {
            throw QueryError(error)
        }
    }

    /// Candidates pass the residual first; left rows without a passing pair are put between, in order.
    private func pushFiltered(
        _ batch: Batch, _ rows: ProbeRows, into output: inout [Batch]
    ) throws(QueryError) {
        var lefts = StateArray<UInt32>(initial: 0)
        var rights = StateArray<UInt32>(initial: 0)
        var next = 0
        let numbers = rows.rowSpan()
        let flags = table.matched?.pointer(UInt8.self)
        try passing(batch, rows) { (number, right) throws(QueryError) in
            while next < number {
                if keepsLeft {
                    try lefts.append(numbers[next], pool: pool)
                    try rights.append(ColumnAppender.nullIndex, pool: pool)
                }
                next += 1
            }
            try lefts.append(numbers[number], pool: pool)
            try rights.append(right, pool: pool)
            if let flags { lake_store_relaxed8(flags + Int(right), 1) }
            next = number + 1
        }
        while next < rows.count {
            if keepsLeft {
                try lefts.append(numbers[next], pool: pool)
                try rights.append(ColumnAppender.nullIndex, pool: pool)
            }
            next += 1
        }
        guard let left = lefts.buffer, let right = rights.buffer else { return }
        var start = 0
        while start < lefts.count {
            let size = min(query.batchRows, lefts.count - start)
            output.append(
                try storage { () throws(ColumnarError) in
                    try pairBatch(batch, left, right, size, start: start)
                })
            start += size
        }
    }

    /// Calls `body` with each (probe number, build row) that passes the residual, in order.
    private func passing(
        _ batch: Batch, _ rows: ProbeRows, _ body: (Int, UInt32) throws(QueryError) -> Void
    ) throws(QueryError) {
        let size = min(Limits.batchRows, max(query.batchRows, 1024))
        let buffers = try storage { () throws(ColumnarError) in
            [
                try pool.allocate(UInt32.self, count: size),
                try pool.allocate(UInt32.self, count: size),
                try pool.allocate(UInt32.self, count: size),
            ]
        }
        let left = buffers[0].pointer(UInt32.self)
        let right = buffers[1].pointer(UInt32.self)
        let number = buffers[2].pointer(UInt32.self)
        var count = 0
        func flush() throws(QueryError) {
            guard count > 0 else { return }
            try query.checkCancelled()
            let passed = try evaluate(batch, buffers[0], buffers[1], count)
            for i in 0..<count where passed.map({ $0[i] }) ?? true {
                try body(Int(number[i]), right[i])
            }
            count = 0
        }
        let index = table.index
        let matches = index.rowSpan()
        for i in 0..<rows.count {
            for place in rows.candidates(i, index) {
                left[count] = rows.rowSpan()[i]
                right[count] = matches[place]
                number[count] = UInt32(i)
                count += 1
                if count == size { try flush() }
            }
        }
        try flush()
    }

    private func evaluate(
        _ batch: Batch, _ left: Buffer, _ right: Buffer, _ count: Int
    ) throws(QueryError) -> Bitmap? {
        guard condition != nil else { return nil }
        let pairs = try storage { () throws(ColumnarError) in
            try pairBatch(batch, left, right, count)
        }
        return try condition?.evaluate(pairs)
    }

    // MARK: Semi, anti, mark

    private func pushFlags(
        _ batch: Batch, _ rows: ProbeRows, into output: inout [Batch]
    ) throws(QueryError) {
        var found = [Bool](repeating: false, count: rows.count)
        if condition == nil {
            for i in 0..<rows.count { found[i] = !rows.candidates(i, table.index).isEmpty }
        } else {
            try passing(batch, rows) { (number, _) throws(QueryError) in found[number] = true }
        }
        guard spec.kind != .mark else {
            return try pushMark(batch, rows, found, into: &output)
        }
        let wanted = spec.kind == .semi
        let numbers = rows.rowSpan()
        let kept = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt16.self, count: rows.count)
        }
        var target = kept.mutableSpan(of: UInt16.self, count: rows.count)
        var count = 0
        for i in 0..<rows.count where found[i] == wanted {
            target[count] = UInt16(truncatingIfNeeded: numbers[i])
            count += 1
        }
        guard count > 0 else { return }
        var result = batch
        if count < rows.count { result.selection = .rows(RowList(buffer: kept, count: count)) }
        output.append(result)
    }

    private func pushMark(
        _ batch: Batch, _ rows: ProbeRows, _ found: [Bool], into output: inout [Batch]
    ) throws(QueryError) {
        var unknown = [Bool](repeating: false, count: rows.count)
        if var mark {
            try mark.findUnknown(
                batch, spec, rows, found: found, into: &unknown
            ) { (row, candidates) throws(QueryError) in
                try anyPasses(batch, row, candidates)
            }
            self.mark = mark
        }
        let numbers = rows.rowSpan()
        let column = try storage { () throws(ColumnarError) in
            let values = try Bitmap.filled(false, count: batch.count, pool: pool)
            let validity = try Bitmap.filled(true, count: batch.count, pool: pool)
            for i in 0..<rows.count {
                if found[i] { values.set(Int(numbers[i]), to: true) }
                if unknown[i] { validity.set(Int(numbers[i]), to: false) }
            }
            return Column.bits(BitColumn(values: values, validity: validity))
        }
        var result = batch
        result.columns.append(column)
        output.append(result)
    }

    /// Whether the residual holds for one left row and any of the build rows.
    private func anyPasses(
        _ batch: Batch, _ row: UInt32, _ candidates: [UInt32]
    ) throws(QueryError) -> Bool {
        guard condition != nil else { return !candidates.isEmpty }
        var start = 0
        while start < candidates.count {
            let size = min(Limits.batchRows, candidates.count - start)
            let buffers = try storage { () throws(ColumnarError) in
                [
                    try pool.allocate(UInt32.self, count: size),
                    try pool.allocate(UInt32.self, count: size),
                ]
            }
            for i in 0..<size {
                buffers[0].pointer(UInt32.self)[i] = row
                buffers[1].pointer(UInt32.self)[i] = candidates[start + i]
            }
            let passed = try evaluate(batch, buffers[0], buffers[1], size)
            if passed.map({ $0.popCount > 0 }) ?? true { return true }
            start += size
        }
        return false
    }
}

/// The selected rows of a probe batch with their key ids.
struct ProbeRows {
    let buffer: Buffer
    let ids: Buffer
    let count: Int

    @_lifetime(borrow self)
    func rowSpan() -> Span<UInt32> {
        let span = buffer.span(of: UInt32.self, count: count)
        return _overrideLifetime(span, borrowing: self)
    }

    @_lifetime(borrow self)
    func idSpan() -> Span<UInt32> {
        let span = ids.span(of: UInt32.self, count: count)
        return _overrideLifetime(span, borrowing: self)
    }

    /// Where the build rows of the key of probe row number `i` lie in the index.
    func candidates(_ i: Int, _ index: JoinIndex) -> Range<Int> {
        let id = idSpan()[i]
        guard id != KeyInterner.noID else { return 0..<0 }
        let starts = index.startSpan()
        return Int(starts[Int(id)])..<Int(starts[Int(id) + 1])
    }
}
