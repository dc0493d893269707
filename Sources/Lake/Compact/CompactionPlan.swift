/// Which partitions of a table a run must rewrite, and from what.
///
/// A partition is touched if rows were staged for it, or if it may hold the old row of a staged key:
/// the partition that the state remembers for the changed file, or for another file with the same key.
/// Staged rows of an archived partition become an amendment beside the snapshot; temporary copies of archived
/// rows are files of their own in the snapshot, and never mix with rows that are there to stay.
struct CompactionPlan<File: Sendable>: Sendable {
    /// What a rewritten file is.
    enum Target: Sendable {
        /// Rows that are there to stay.
        case snapshot
        /// A temporary copy of archived rows, also in the snapshot.
        case copy
        /// A file of the archive.
        case amendment
    }

    /// One file to write: of a partition, or of its archived rows.
    struct Partition: Sendable {
        /// Days, hours or months since 1970; nil in an unpartitioned table.
        var value: Int32?
        /// The live files that hold its rows.
        var files: [File]
        /// False: rows can only go.
        var hasStagedRows: Bool
        var target = Target.snapshot
    }

    /// Rising by value: the order of file numbers, whoever writes them.
    var partitions: [Partition]

    /// Plans from the partitions with staged rows, those that may hold replaced rows, and the files.
    ///
    /// - copies: temporary copies of archived rows; not among `files`.
    /// - archived: partitions that have rows outside of the snapshot; one with a file in it is not archived yet.
    init(
        staged: some Sequence<Int32?>, old: some Sequence<Int32?>,
        files: [(partition: Int32?, file: File)],
        copies: [(partition: Int32?, file: File)] = [], archived: Set<Int32?> = []
    ) {
        let withRows = Set(staged)
        var byPartition: [Int32?: [File]] = [:]
        for item in files { byPartition[item.partition, default: []].append(item.file) }
        var copiesByPartition: [Int32?: [File]] = [:]
        for item in copies { copiesByPartition[item.partition, default: []].append(item.file) }
        var partitions: [Partition] = []
        let touched = withRows.union(old).sorted {
            PartitionOrder.rank($0) < PartitionOrder.rank($1)
        }
        for value in touched {
            let hasRows = withRows.contains(value)
            let isArchived = archived.contains(value) && byPartition[value] == nil
            func add(_ files: [File], hasStagedRows: Bool, _ target: Target) {
                // Where there is no file there is no old row.
                guard hasStagedRows || !files.isEmpty else { return }
                partitions.append(
                    Partition(
                        value: value, files: files, hasStagedRows: hasStagedRows, target: target))
            }
            if isArchived {
                add([], hasStagedRows: hasRows, .amendment)
            } else {
                add(byPartition[value] ?? [], hasStagedRows: hasRows, .snapshot)
            }
            if let copies = copiesByPartition[value] {
                add(copies, hasStagedRows: isArchived && hasRows, .copy)
            }
        }
        self.partitions = partitions
    }
}
