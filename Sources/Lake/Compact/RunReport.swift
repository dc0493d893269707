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
        package var partitionsRewritten = 0
        package var bytesRead = 0
        package var bytesWritten = 0
        /// Rows in the table after the run.
        package var rowsTotal: Int64 = 0
        /// Values that did not fit their column and went to `_extra`, by column name.
        package var drift: [Drift] = []
        package var quarantined: [QuarantinedFile] = []
        package var unreadable: [RawWalk.Unreadable] = []
        package var timings = Timings()

        package init(name: String) {
            self.name = name
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
        package var commitNanos: UInt64 = 0

        package init() {}
    }

    package var runID: Int64
    package var uuid: String
    package var startedMicros: Int64
    package var tables: [Table] = []
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
}

extension RunReport {
    /// The report as one JSON object.
    package func json() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("run")
        json.integer(runID)
        json.key("uuid")
        json.string(uuid)
        json.key("started_micros")
        json.integer(startedMicros)
        json.key("partial")
        json.boolean(isPartial)
        json.key("tables")
        json.beginArray()
        for table in tables { table.write(to: &json) }
        json.endArray()
        Self.write(
            [("commit_nanos", Int(commitNanos)), ("total_nanos", Int(totalNanos))], to: &json)
        json.endObject()
        return json.bytes
    }

    fileprivate static func write(_ numbers: [(String, Int)], to json: inout JSONWriter) {
        for (key, number) in numbers {
            json.key(key)
            json.integer(number)
        }
    }
}

extension RunReport.Table {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("table")
        json.string(name)
        json.key("files")
        json.beginObject()
        RunReport.write(
            [
                ("seen", files.seen), ("new", files.new), ("changed", files.changed),
                ("unchanged_by_stat", files.unchangedByStat),
                ("unchanged_by_hash", files.unchangedByHash),
                ("unchanged_by_row", files.unchangedByRow),
                ("quarantined", files.quarantined), ("in_flight", files.inFlight),
                ("unreadable", files.unreadable), ("vanished", files.vanished),
                ("ignored", files.ignored), ("read", files.read), ("bytes_read", files.bytesRead),
            ], to: &json)
        json.endObject()
        RunReport.write(
            [
                ("rows_written", rowsWritten), ("rows_superseded", rowsSuperseded),
                ("rows_carried", rowsCarried), ("partitions_rewritten", partitionsRewritten),
                ("bytes_read", bytesRead), ("bytes_written", bytesWritten),
                ("rows_total", Int(rowsTotal)), ("scan_nanos", Int(timings.scanNanos)),
                ("plan_nanos", Int(timings.planNanos)),
                ("rewrite_nanos", Int(timings.rewriteNanos)),
                ("commit_nanos", Int(timings.commitNanos)),
            ], to: &json)
        json.key("drift")
        json.beginObject()
        RunReport.write(drift.map { ($0.column, $0.count) }, to: &json)
        json.endObject()
        json.key("quarantined")
        json.beginArray()
        for file in quarantined {
            json.beginObject()
            json.key("path")
            json.string(file.path)
            json.key("reason")
            json.string(file.reason)
            json.endObject()
        }
        json.endArray()
        json.key("unreadable")
        json.beginArray()
        for place in unreadable {
            json.beginObject()
            json.key("path")
            json.string(place.path)
            json.key("errno")
            json.integer(Int(place.errorNumber))
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
