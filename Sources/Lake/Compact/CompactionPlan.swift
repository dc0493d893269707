/// Which partitions of a table a run must rewrite, and from what.
///
/// A partition is touched if rows were staged for it, or if it may hold the old row of a staged key:
/// the partition that the state remembers for the changed file, or for another file with the same key.
struct CompactionPlan<File: Sendable>: Sendable {
    /// One partition to rewrite.
    struct Partition: Sendable {
        /// Days, hours or months since 1970; nil in an unpartitioned table.
        var value: Int32?
        /// The live files that hold its rows.
        var files: [File]
        /// False: rows can only go.
        var hasStagedRows: Bool
    }

    /// Rising by value: the order of file numbers, whoever writes them.
    var partitions: [Partition]

    /// Plans from the partitions with staged rows, those that may hold replaced rows, and the files.
    init(
        staged: some Sequence<Int32?>, old: some Sequence<Int32?>,
        files: [(partition: Int32?, file: File)]
    ) {
        let withRows = Set(staged)
        var byPartition: [Int32?: [File]] = [:]
        for item in files { byPartition[item.partition, default: []].append(item.file) }
        // Where there is no file there is no old row.
        let touched = withRows.union(old.filter { byPartition[$0] != nil })
        partitions = touched.sorted {
            ($0.map { Int64($0) } ?? .min) < ($1.map { Int64($0) } ?? .min)
        }.map { value in
            Partition(
                value: value, files: byPartition[value] ?? [],
                hasStagedRows: withRows.contains(value))
        }
    }
}
