import Columnar

/// The frame of each ordered row as a range of places.
struct WindowFrames {
    private var starts: [UInt32] = []
    private var ends: [UInt32] = []

    private enum Edge { case start, end }

    init(_ frame: ColumnFrame, rows: WindowRows) throws(QueryError) {
        starts = [UInt32](repeating: 0, count: rows.count)
        ends = starts
        try Self.fill(&starts, .start, frame.start, frame.unit, rows)
        try Self.fill(&ends, .end, frame.end, frame.unit, rows)
    }

    /// The frame of one place; empty where it ends before it starts.
    func range(_ place: Int) -> Range<Int> {
        let start = Int(starts[place])
        return start..<max(start, Int(ends[place]))
    }

    private static func fill(
        _ target: inout [UInt32], _ edge: Edge, _ bound: ColumnFrame.Bound,
        _ unit: WindowFrame.Unit, _ rows: WindowRows
    ) throws(QueryError) {
        var column: Int?
        var direction = 0
        switch bound {
        case .preceding(let index):
            column = index
            direction = -1
        case .following(let index):
            column = index
            direction = 1
        case .unboundedPreceding, .currentRow, .unboundedFollowing: break
        }
        if let column, unit == .range {
            return try fillByValue(&target, edge, column, direction, rows)
        }
        let offsets = try column.map { (index) throws(QueryError) in try rows.integers(index) }
        var peer = 0
        for partition in 0..<rows.partitions.count - 1 {
            let start = rows.partitions[partition]
            let end = rows.partitions[partition + 1]
            let firstPeer = peer
            var lastPeer = peer
            while rows.peers[lastPeer] < end { lastPeer += 1 }
            for place in start..<end {
                while rows.peers[peer + 1] <= place { peer += 1 }
                let offset = try Self.offset(offsets, place, edge)
                switch bound {
                case .unboundedPreceding: target[place] = UInt32(start)
                case .unboundedFollowing: target[place] = UInt32(end)
                case .currentRow:
                    let isRow = unit == .rows
                    let value: Int
                    if edge == .start {
                        value = isRow ? place : rows.peers[peer]
                    } else {
                        value = isRow ? place + 1 : rows.peers[peer + 1]
                    }
                    target[place] = UInt32(value)
                case .preceding, .following:
                    let moved: Int
                    if unit == .rows {
                        let far = place + direction * min(offset, rows.count + 1)
                        moved = edge == .start ? far : far + 1
                    } else {
                        let far = peer + direction * min(offset, rows.count + 1)
                        let group = edge == .start ? far : far + 1
                        moved = rows.peers[min(max(group, firstPeer), lastPeer)]
                    }
                    target[place] = UInt32(min(max(moved, start), end))
                }
            }
            peer = lastPeer
        }
    }

    private static func offset(
        _ offsets: [Int64?]?, _ place: Int, _ edge: Edge
    ) throws(QueryError) -> Int {
        guard let offsets else { return 0 }
        let name = edge == .start ? "starting" : "ending"
        guard let offset = offsets[place] else {
            throw QueryError(
                .invalidWindowFrame, "Window frame \(name) offset must not be null")
        }
        guard offset >= 0 else {
            throw QueryError(
                .invalidWindowFrame, "Window frame \(name) offset must not be negative")
        }
        return Int(offset)
    }

    /// RANGE with an offset: the places whose key is not before (start) or not behind (end) the edge value.
    private static func fillByValue(
        _ target: inout [UInt32], _ edge: Edge, _ column: Int, _ direction: Int,
        _ rows: WindowRows
    ) throws(QueryError) {
        guard let key = rows.orderBy.first else {
            throw QueryError(.missingOrderBy, "Window frame of type RANGE requires ORDER BY")
        }
        let keys = try numbers(rows, key.column, key)
        let edges = try numbers(rows, column, key)
        var peer = 0
        for partition in 0..<rows.partitions.count - 1 {
            let start = rows.partitions[partition]
            let end = rows.partitions[partition + 1]
            var low = start
            var high = end
            while low < end && keys[low] == nil { low += 1 }
            while high > low && keys[high - 1] == nil { high -= 1 }
            for place in start..<end {
                while rows.peers[peer + 1] <= place { peer += 1 }
                guard let own = keys[place] else {
                    target[place] = UInt32(
                        edge == .start ? rows.peers[peer] : rows.peers[peer + 1])
                    continue
                }
                guard let wanted = edges[place], direction < 0 ? wanted <= own : wanted >= own
                else {
                    throw QueryError(
                        .invalidWindowFrame,
                        "Window frame offset value must not be negative or null")
                }
                var from = low
                var to = high
                while from < to {
                    let middle = (from + to) / 2
                    let value = keys[middle] ?? wanted
                    let isBefore = edge == .start ? value < wanted : value <= wanted
                    if isBefore { from = middle + 1 } else { to = middle }
                }
                target[place] = UInt32(from)
            }
        }
    }

    /// Key values in window order as numbers of rising order, whatever the direction.
    private static func numbers(
        _ rows: WindowRows, _ column: Int, _ key: ColumnOrder
    ) throws(QueryError) -> [Int128?] {
        let ordered = try rows.ordered(column)
        let pool = rows.pool
        let flat = try storage { () throws(ColumnarError) in try ordered.flattened(pool: pool) }
        let validity = try storage { () throws(ColumnarError) in try flat.validity(pool: pool) }
        var result: [Int128?] = []
        result.reserveCapacity(rows.count)
        if OrderedWord.isExact(key.type) {
            let all = try storage { () throws(ColumnarError) in
                try pool.identity(count: rows.count)
            }
            let words = try storage { () throws(ColumnarError) in
                try pool.allocate(UInt64.self, count: rows.count)
            }
            OrderedWord.encode(
                flat, type: key.type, rows: all.span(of: UInt32.self, count: rows.count),
                into: words)
            let span = words.span(of: UInt64.self, count: rows.count)
            for place in 0..<rows.count { result.append(Int128(span[place])) }
        } else if case .flat(let wide) = flat, wide.storage == .int128 {
            let values = wide.values(as: Int128.self)
            for place in 0..<rows.count { result.append(values[place]) }
        } else {
            throw QueryError(
                .typeMismatch, "Window frame of type RANGE does not support \(key.type)")
        }
        for place in 0..<rows.count {
            if let validity, !validity[place] {
                result[place] = nil
            } else if key.isDescending {
                result[place] = result[place].map { 0 - $0 }
            }
        }
        return result
    }
}
