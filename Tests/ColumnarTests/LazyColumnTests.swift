import Synchronization
import Testing

import Columnar

/// Decodes row numbers, only where it is asked to: unasked rows come as -1, so that a wrong answer shows.
private final class CountingLoader: ColumnLoader {
    let loads = Atomic<Int>(0)
    let pool = BufferPool()

    func load(count: Int, selection: Selection) throws(ColumnarError) -> Column {
        loads.wrappingAdd(1, ordering: .relaxed)
        var values: [Value] = []
        for row in 0..<count { values.append(.int(selection.contains(row) ? Int64(row) : -1)) }
        return try Column.from(values, type: .bigint, pool: pool)
    }
}

@Suite struct LazyColumnTests {
    private func rows(_ rows: [UInt16], _ pool: BufferPool) throws -> Selection {
        var list = try GrowingBuffer<UInt16>(pool: pool)
        for row in rows { try list.append(row) }
        return .rows(RowList(buffer: list.buffer, count: rows.count))
    }

    private func bits(_ rows: [UInt16], count: Int, _ pool: BufferPool) throws -> Selection {
        let bitmap = try Bitmap.filled(false, count: count, pool: pool)
        for row in rows { bitmap.set(Int(row), to: true) }
        return .bits(bitmap)
    }

    @Test func decodesOnceForNarrowerSelections() throws {
        let loader = CountingLoader()
        let column = LazyColumn(count: 200, loader: loader)
        for selection in [
            try bits([1, 70, 130, 199], count: 200, loader.pool), try rows([70, 199], loader.pool),
            try bits([130], count: 200, loader.pool),
        ] {
            let held = try column.resolve(selection)
            #expect(try held.value(at: 130, type: .bigint) == .int(130))
        }
        #expect(loader.loads.load(ordering: .relaxed) == 1)
    }

    @Test func decodesAgainForOtherRows() throws {
        let loader = CountingLoader()
        let column = LazyColumn(count: 200, loader: loader)
        _ = try column.resolve(rows([3, 5], loader.pool))
        let other = try column.resolve(rows([4], loader.pool))
        #expect(try other.value(at: 4, type: .bigint) == .int(4))
        let all = try column.resolve(.all)
        #expect(try all.value(at: 0, type: .bigint) == .int(0))
        #expect(loader.loads.load(ordering: .relaxed) == 2)
    }
}
