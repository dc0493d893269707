/// Rows of one row group that may match: rising ranges that neither overlap nor touch.
struct RowRanges: Sendable, Equatable {
    private(set) var ranges: [Range<Int>] = []

    static func all(_ rowCount: Int) -> RowRanges {
        var rows = RowRanges()
        rows.append(0..<rowCount)
        return rows
    }

    var isEmpty: Bool { ranges.isEmpty }

    var rowCount: Int { ranges.reduce(0) { $0 + $1.count } }

    /// Adds rows at the end, or rows that overlap the last range.
    mutating func append(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        guard let last = ranges.last, range.lowerBound <= last.upperBound else {
            ranges.append(range)
            return
        }
        ranges[ranges.count - 1] =
            min(last.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound)
    }

    func intersection(_ other: RowRanges) -> RowRanges {
        var result = RowRanges()
        var i = 0
        var j = 0
        while i < ranges.count && j < other.ranges.count {
            result.append(ranges[i].clamped(to: other.ranges[j]))
            if ranges[i].upperBound < other.ranges[j].upperBound { i += 1 } else { j += 1 }
        }
        return result
    }

    func union(_ other: RowRanges) -> RowRanges {
        var result = RowRanges()
        let merged = (ranges + other.ranges).sorted { $0.lowerBound < $1.lowerBound }
        for range in merged { result.append(range) }
        return result
    }

    /// The same rows and those in gaps of fewer than `rows` rows: tiny batches cost more than they save.
    func closingGaps(below rows: Int) -> RowRanges {
        var result = RowRanges()
        for range in ranges {
            if let last = result.ranges.last, range.lowerBound - last.upperBound < rows {
                result.append(last.upperBound..<range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    func overlaps(_ range: Range<Int>) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= range.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ranges.count && ranges[low].overlaps(range)
    }
}
