import Columnar

/// The window functions that fetch a value from another row: lag, lead, first, last and nth value.
extension WindowRows {
    /// The functions lag and lead: `x`, offset, default.
    func shifted(_ call: WindowCallSpec, by direction: Int) throws(QueryError) -> Column {
        let offsets = call.arguments.count > 1 ? try integers(call.arguments[1]) : []
        let hasDefault = call.arguments.count > 2
        let value = try ordered(call.arguments[0])
        let present = call.ignoresNulls ? try presence(value) : nil
        var sources = [UInt32](repeating: ColumnAppender.nullIndex, count: count)
        for partition in 0..<partitions.count - 1 {
            let range = partitions[partition]..<partitions[partition + 1]
            for place in range {
                guard let offset = offsets.isEmpty ? 1 : offsets[place] else { continue }
                guard offset >= 0 else {
                    throw QueryError(.invalidFunctionArgument, "Offset must be at least 0")
                }
                if let source = source(place, offset, direction, range, present) {
                    sources[place] = UInt32(source)
                } else if hasDefault {
                    sources[place] = UInt32(count + place)
                }
            }
        }
        guard hasDefault else { return try fetch(value, sources) }
        guard 2 * count < Int(ColumnAppender.nullIndex) else {
            throw QueryError(.exceededMemoryLimit, "Too many rows in one operator")
        }
        let fallback = try ordered(call.arguments[2])
        let type = call.function.resultType
        let both = try storage { () throws(ColumnarError) in
            var appender = try ColumnAppender(type: type, pool: pool)
            let all = try pool.identity(count: count)
            try appender.append(value, at: all.span(of: UInt32.self, count: count))
            try appender.append(fallback, at: all.span(of: UInt32.self, count: count))
            return try appender.finish()
        }
        return try fetch(both, sources)
    }

    private func source(
        _ place: Int, _ offset: Int64, _ direction: Int, _ range: Range<Int>, _ present: [Bool]?
    ) -> Int? {
        guard let present else {
            guard offset <= Int64(count) else { return nil }
            let source = place + direction * Int(offset)
            return range.contains(source) ? source : nil
        }
        if offset == 0 { return place }
        var left = offset
        var source = place
        while left > 0 {
            source += direction
            guard range.contains(source) else { return nil }
            if present[source] { left -= 1 }
        }
        return source
    }

    /// The functions first_value, last_value and nth_value over the frame.
    func framed(_ kind: WindowFunctionKind, _ call: WindowCallSpec) throws(QueryError) -> Column {
        let frames = try WindowFrames(call.frame, rows: self)
        let value = try ordered(call.arguments[0])
        let present = call.ignoresNulls ? try presence(value) : nil
        let offsets = kind == .nthValue ? try integers(call.arguments[1]) : []
        var sources = [UInt32](repeating: ColumnAppender.nullIndex, count: count)
        for place in 0..<count {
            let frame = frames.range(place)
            var wanted: Int64 = 1
            if kind == .nthValue {
                guard let offset = offsets[place] else { continue }
                guard offset > 0 else {
                    throw QueryError(.invalidFunctionArgument, "Offset must be at least 1")
                }
                wanted = offset
            }
            if let present {
                sources[place] = Self.nth(wanted, frame, present, fromEnd: kind == .lastValue)
            } else if wanted <= Int64(frame.count) {
                let source =
                    kind == .lastValue
                    ? frame.upperBound - 1 : frame.lowerBound + Int(wanted) - 1
                sources[place] = UInt32(source)
            }
        }
        return try fetch(value, sources)
    }

    private static func nth(
        _ wanted: Int64, _ frame: Range<Int>, _ present: [Bool], fromEnd: Bool
    ) -> UInt32 {
        var left = wanted
        for step in 0..<frame.count {
            let place = fromEnd ? frame.upperBound - 1 - step : frame.lowerBound + step
            if present[place] {
                left -= 1
                if left == 0 { return UInt32(place) }
            }
        }
        return ColumnAppender.nullIndex
    }

    private func presence(_ column: Column) throws(QueryError) -> [Bool] {
        let validity = try storage { () throws(ColumnarError) in try column.validity(pool: pool) }
        var result = [Bool](repeating: true, count: count)
        if let validity {
            for place in 0..<count { result[place] = validity[place] }
        }
        return result
    }

    private func fetch(_ column: Column, _ sources: [UInt32]) throws(QueryError) -> Column {
        try storage { () throws(ColumnarError) in
            try column.gathered(at: sources.span, pool: pool)
        }
    }
}
