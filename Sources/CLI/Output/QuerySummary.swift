import Query

/// The line that follows every result: rows, time, data scanned, what was read of what.
enum QuerySummary {
    static func text(_ statistics: QueryStatistics, terminal: Terminal) -> String {
        var parts = [
            Amount.count(statistics.rows, "row"),
            Amount.duration(nanos: statistics.elapsedNanoseconds),
        ]
        if statistics.filesTotal > 0 {
            parts.append("\(Amount.bytes(statistics.bytesScanned)) scanned")
            parts.append(
                "files \(Amount.count(statistics.filesRead)) of \(Amount.count(statistics.filesTotal))"
            )
            parts.append(
                "row groups \(Amount.count(statistics.rowGroupsRead)) of "
                    + Amount.count(statistics.rowGroupsTotal))
        }
        if statistics.pagesPruned > 0 {
            parts.append("\(Amount.count(statistics.pagesPruned, "page")) pruned")
        }
        return terminal.styled(parts.joined(separator: ", "), .dim)
    }
}
