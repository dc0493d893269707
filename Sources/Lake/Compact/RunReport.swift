import Columnar

/// What a run did, for people and for machines.
package struct RunReport: Hashable, Sendable {
    /// One table's part of a run.
    package struct Table: Hashable, Sendable {
        package var name: String
        package var files = FileCounts()
        /// Rows with a new or a changed key that are now in the table.
        package var rowsWritten = 0
        /// Staged rows that lost against another file with the same key.
        package var rowsSuperseded = 0
        /// Rows of rewritten partitions that were taken over as they were.
        package var rowsCarried = 0
        /// Rows in which a column was filled from `_extra`.
        package var rowsFilled = 0
        /// Rows of archived partitions that were kept as amendments; not among those written.
        package var rowsAmended = 0
        /// Columns that the table got in this run.
        package var newColumns: [String] = []
        package var partitionsRewritten = 0
        package var bytesRead = 0
        package var bytesWritten = 0
        /// Rows appended to the table's metrics table.
        package var rowsObserved = 0
        /// Records, of files of many, of accounts that were erased.
        package var recordsSuppressed = 0
        /// Rows in the table after the run.
        package var rowsTotal: Int64 = 0
        /// Values that did not fit their column and went to `_extra`, by column name.
        package var drift: [Drift] = []
        package var quarantined: [QuarantinedFile] = []
        /// What became of the table's quality checks, in the order of its schema file.
        package var checks: [CheckOutcome] = []
        package var unreadable: [RawWalk.Unreadable] = []
        /// Of a dry run, in order; otherwise empty.
        package var planned: [PlannedPartition] = []
        /// The first of the files in flight: to be looked at again soon.
        package var inFlight: [String] = []
        /// Files that a report read back from JSON no longer lists.
        package var omittedQuarantined = 0
        package var omittedUnreadable = 0
        package var timings = Timings()

        package init(name: String) {
            self.name = name
        }
    }

    /// A partition that a dry run would rewrite, as it is now.
    package struct PlannedPartition: Hashable, Sendable {
        /// Its folder; empty in an unpartitioned table.
        package var name: String
        /// Rows to write into it.
        package var rowsStaged: Int
        /// Its rows would become an amendment.
        package var isArchived = false
        package var files = 0
        package var rows = 0
        package var bytes = 0

        init(name: String, rowsStaged: Int) {
            self.name = name
            self.rowsStaged = rowsStaged
        }
    }

    /// Values of one column that went to `_extra`.
    package struct Drift: Hashable, Sendable {
        package var column: String
        package var count: Int
    }

    /// Wall time by stage, in nanoseconds of the caller's clock.
    package struct Timings: Hashable, Sendable {
        package var scanNanos: UInt64 = 0
        package var planNanos: UInt64 = 0
        package var rewriteNanos: UInt64 = 0
        /// Manifests, manifest list and metadata file.
        package var prepareNanos: UInt64 = 0

        package init() {}

        package static func += (a: inout Timings, b: Timings) {
            a.scanNanos += b.scanNanos
            a.planNanos += b.planNanos
            a.rewriteNanos += b.rewriteNanos
            a.prepareNanos += b.prepareNanos
        }
    }

    /// 0 in a dry run, which is not filed.
    package var runID: Int64
    /// True: nothing was done, the numbers say what would be.
    package var isDryRun = false
    package var uuid: String
    package var startedMicros: Int64
    package var tables: [Table] = []
    /// Paths of the list of changes that are no raw file of any table.
    package var ignoredPaths = ChangedPaths.Ignored()
    /// The last transaction, for all tables together.
    package var commitNanos: UInt64 = 0
    package var totalNanos: UInt64 = 0

    /// Whether some input was left out: the caller's exit code says so.
    package var isPartial: Bool {
        tables.contains {
            $0.files.quarantined > 0 || $0.files.inFlight > 0 || $0.files.unreadable > 0
                || !$0.unreadable.isEmpty
        }
    }

    /// The counts of all tables.
    package var files: FileCounts {
        var sum = FileCounts()
        for table in tables { sum += table.files }
        return sum
    }

    /// Wall time by stage over all tables, which come one after another.
    package var timings: Timings {
        var sum = Timings()
        for table in tables { sum += table.timings }
        return sum
    }
}
