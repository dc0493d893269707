import Columnar

/// A run in one line of a list: the sums of its report, kept there as `totals`.
package struct RunTotals: Hashable, Sendable {
    package var files = 0
    /// Raw files that gave a new or another row.
    package var changed = 0
    package var quarantined = 0
    package var rowsWritten = 0
    package var partitionsRewritten = 0
    package var bytesWritten = 0

    init(_ report: RunReport) {
        let counts = report.files
        files = counts.seen
        changed = counts.new + counts.changed
        quarantined = counts.quarantined
        for table in report.tables {
            rowsWritten += table.rowsWritten
            partitionsRewritten += table.partitionsRewritten
            bytesWritten += table.bytesWritten
        }
    }

    /// Of a sweep: files, rows and partitions that it moved or let go.
    init(_ report: SweepReport) {
        for table in report.tables {
            for step in table.steps {
                files += step.amount.files
                rowsWritten += Int(clamping: step.amount.rows)
                partitionsRewritten += step.amount.partitions
            }
            bytesWritten += Int(clamping: table.bytesWritten)
        }
    }

    /// Of a restore: what its copies hold.
    init(_ report: RestoreReport) {
        rowsWritten = Int(clamping: report.rowsRestored)
        partitionsRewritten = report.partitionsRestored
        bytesWritten = Int(clamping: report.bytesWritten)
    }

    init(_ json: JSONValue) {
        func number(_ key: String) -> Int { Int(clamping: json[key]?.integer ?? 0) }
        files = number("files")
        changed = number("changed")
        quarantined = number("quarantined")
        rowsWritten = number("rows_written")
        partitionsRewritten = number("partitions_rewritten")
        bytesWritten = number("bytes_written")
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        for (key, number) in [
            ("files", files), ("changed", changed), ("quarantined", quarantined),
            ("rows_written", rowsWritten), ("partitions_rewritten", partitionsRewritten),
            ("bytes_written", bytesWritten),
        ] {
            json.key(key)
            json.integer(number)
        }
        json.endObject()
    }
}

/// What is filed of a run that failed: who it was and why, as JSON.
struct RunFailure {
    let runID: Int64
    let text: String

    init(_ report: RunReport, error: String) {
        self.init(
            runID: report.runID, uuid: report.uuid, startedMicros: report.startedMicros,
            error: error)
    }

    init(runID: Int64, uuid: String, startedMicros: Int64, error: String) {
        self.runID = runID
        var json = JSONWriter()
        json.beginObject()
        json.key("run")
        json.integer(runID)
        json.key("uuid")
        json.string(uuid)
        json.key("started_micros")
        json.integer(startedMicros)
        json.key("error")
        json.string(error)
        json.endObject()
        text = json.text
    }
}

/// One run of a lake's history.
package struct RunEntry: Hashable, Sendable {
    /// How a run ended, if it did.
    package enum Outcome: String, Hashable, Sendable {
        /// Committed, all input taken.
        case done
        /// Committed, but some input was quarantined, in flight or unreadable.
        case partial
        /// Ended with an error, nothing changed.
        case failed
        /// Killed, or the machine went down; nothing changed.
        case crashed
        /// Still at work.
        case running
    }

    package var id: Int64
    package var kind: Runs.Kind
    package var outcome: Outcome
    package var startedMicros: Int64
    /// Wall time; nil for runs that never ended.
    package var elapsedMicros: Int64?
    /// nil for runs that were not committed.
    package var totals: RunTotals?
    /// Raw files by table, as the run saw them.
    package var filesByTable: [String: Int] = [:]
    package var error: String?
    /// The report as JSON; nil for runs that never ended.
    package var report: String?

    /// - isLocked: whether a writer holds the lake's lock; `isNewest`: whether no later run began.
    init(_ record: Runs.Record, isLocked: Bool, isNewest: Bool) {
        id = record.id
        kind = record.kind
        startedMicros = record.startedMicros
        elapsedMicros = record.finishedMicros.map { $0 &- record.startedMicros }
        report = record.report
        let json = record.report.flatMap { try? JSONValue.parse(Array($0.utf8)) }
        switch record.state {
        case "committed":
            outcome = json?["partial"]?.boolean == true ? .partial : .done
            totals = json?["totals"].map { RunTotals($0) }
        case "started": outcome = isLocked && isNewest ? .running : .crashed
        default: outcome = json == nil ? .crashed : .failed
        }
        error = json?["error"]?.string
        for table in json?["tables"]?.array ?? [] {
            guard let name = table["table"]?.string, let seen = table["files"]?["seen"]?.integer
            else { continue }
            filesByTable[name] = Int(clamping: seen)
        }
    }
}

extension Lake {
    /// The last runs, newest first.
    package func runs(_ count: Int) throws(LakeError) -> [RunEntry] {
        let isLocked = try LakeLock.holder(of: path) != nil
        let newest = try Runs.last(1, database).first?.id
        return try Runs.last(count, database).map {
            RunEntry($0, isLocked: isLocked, isNewest: $0.id == newest)
        }
    }

    /// One run by its number.
    package func run(id: Int64) throws(LakeError) -> RunEntry? {
        guard let record = try Runs.record(id: id, database) else { return nil }
        return RunEntry(
            record, isLocked: try LakeLock.holder(of: path) != nil,
            isNewest: try Runs.last(1, database).first?.id == id)
    }

    /// Raw files by table that the last committed compaction saw; empty before the first.
    package func expectedFiles() throws(LakeError) -> [String: Int] {
        try runs(20).first { $0.totals != nil && $0.kind == .compact }?.filesByTable ?? [:]
    }
}
