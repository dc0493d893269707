import Columnar

/// A report as JSON and back: each number's name stands here once, for both ways.
extension RunReport {
    /// The report as one JSON object; of long lists it holds the first `Limits.reportedFiles`.
    package func json() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        if isDryRun {
            json.key("dry_run")
            json.boolean(true)
        } else {
            json.key("run")
            json.integer(runID)
        }
        json.key("uuid")
        json.string(uuid)
        json.key("started_micros")
        json.integer(startedMicros)
        json.key("partial")
        json.boolean(isPartial)
        json.key("totals")
        RunTotals(self).write(to: &json)
        json.key("tables")
        json.beginArray()
        for table in tables { table.write(to: &json) }
        json.endArray()
        json.member("ignored_paths", Int64(ignoredPaths.count))
        json.member("commit_nanos", Int64(clamping: commitNanos))
        json.member("total_nanos", Int64(clamping: totalNanos))
        json.endObject()
        return json.bytes
    }

    /// A report as `json` wrote it; nil for anything else.
    package init?(json text: String) {
        guard let json = try? JSONValue.parse(Array(text.utf8)), let run = json["run"]?.integer,
            let uuid = json["uuid"]?.string, let started = json["started_micros"]?.integer,
            let tables = json["tables"]?.array
        else { return nil }
        self.init(runID: run, uuid: uuid, startedMicros: started)
        self.tables = tables.map { Table($0) }
        ignoredPaths.count = Int(clamping: json["ignored_paths"]?.integer ?? 0)
        commitNanos = UInt64(clamping: json["commit_nanos"]?.integer ?? 0)
        totalNanos = UInt64(clamping: json["total_nanos"]?.integer ?? 0)
    }
}

/// Numbers of a report with their names in JSON.
private struct Numbers<Owner>: Sendable {
    let paths: [(name: String, path: any WritableKeyPath<Owner, Int> & Sendable)]

    func write(_ owner: Owner, to json: inout JSONWriter) {
        for (name, path) in paths { json.member(name, Int64(owner[keyPath: path])) }
    }

    func read(_ json: JSONValue?, into owner: inout Owner) {
        for (name, path) in paths {
            owner[keyPath: path] = Int(clamping: json?[name]?.integer ?? 0)
        }
    }
}

extension RunReport.Table {
    private static let fileNumbers = Numbers<FileCounts>(paths: [
        ("seen", \.seen), ("new", \.new), ("changed", \.changed),
        ("unchanged_by_stat", \.unchangedByStat), ("unchanged_by_hash", \.unchangedByHash),
        ("unchanged_by_row", \.unchangedByRow), ("quarantined", \.quarantined),
        ("in_flight", \.inFlight), ("unreadable", \.unreadable), ("suppressed", \.suppressed),
        ("vanished", \.vanished),
        ("deleted", \.deleted), ("cold", \.cold), ("ignored", \.ignored), ("read", \.read),
        ("bytes_read", \.bytesRead), ("audited", \.audited),
        ("audit_changed", \.auditChanged),
    ])

    private static let numbers = Numbers<Self>(paths: [
        ("rows_written", \.rowsWritten), ("rows_superseded", \.rowsSuperseded),
        ("rows_carried", \.rowsCarried), ("rows_filled", \.rowsFilled),
        ("rows_amended", \.rowsAmended),
        ("partitions_rewritten", \.partitionsRewritten),
        ("bytes_read", \.bytesRead), ("bytes_written", \.bytesWritten),
        ("rows_observed", \.rowsObserved), ("records_suppressed", \.recordsSuppressed),
    ])

    private static let stages: [(name: String, path: StagePath)] = [
        ("scan_nanos", \.scanNanos), ("plan_nanos", \.planNanos),
        ("rewrite_nanos", \.rewriteNanos), ("prepare_nanos", \.prepareNanos),
    ]

    private typealias StagePath = any WritableKeyPath<RunReport.Timings, UInt64> & Sendable

    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("table", name)
        json.key("files")
        json.beginObject()
        Self.fileNumbers.write(files, to: &json)
        json.endObject()
        Self.numbers.write(self, to: &json)
        json.member("rows_total", rowsTotal)
        if !planned.isEmpty { writePlanned(to: &json) }
        for (name, path) in Self.stages {
            json.member(name, Int64(clamping: timings[keyPath: path]))
        }
        json.key("drift")
        json.beginObject()
        for drift in drift { json.member(drift.column, Int64(drift.count)) }
        json.endObject()
        json.key("checks")
        json.beginArray()
        for check in checks { check.write(to: &json) }
        json.endArray()
        json.objects("quarantined", quarantined.prefix(Limits.reportedFiles)) { json, file in
            json.member("path", file.path)
            json.member("reason", file.reason)
        }
        json.member("quarantined_total", Int64(quarantined.count + omittedQuarantined))
        json.objects("unreadable", unreadable.prefix(Limits.reportedFiles)) { json, place in
            json.member("path", place.path)
            json.member("errno", Int64(place.errorNumber))
        }
        json.member("unreadable_total", Int64(unreadable.count + omittedUnreadable))
        json.endObject()
    }

    /// The partitions that a dry run would rewrite, all of them.
    private func writePlanned(to json: inout JSONWriter) {
        json.objects("planned", planned) { json, partition in
            json.member("partition", partition.name)
            json.member("rows_to_write", Int64(partition.rowsStaged))
            json.member("files", Int64(partition.files))
            json.member("rows", Int64(partition.rows))
            json.member("bytes", Int64(partition.bytes))
            json.key("archived")
            json.boolean(partition.isArchived)
        }
    }

    fileprivate init(_ json: JSONValue) {
        self.init(name: json["table"]?.string ?? "")
        Self.fileNumbers.read(json["files"], into: &files)
        Self.numbers.read(json, into: &self)
        rowsTotal = json["rows_total"]?.integer ?? 0
        for (name, path) in Self.stages {
            timings[keyPath: path] = UInt64(clamping: json[name]?.integer ?? 0)
        }
        drift = (json["drift"]?.object ?? []).map {
            RunReport.Drift(column: $0.key, count: Int(clamping: $0.value.integer ?? 0))
        }
        checks = (json["checks"]?.array ?? []).compactMap { CheckOutcome($0) }
        quarantined = (json["quarantined"]?.array ?? []).map {
            QuarantinedFile(
                path: $0["path"]?.string ?? "", reason: $0["reason"]?.string ?? "",
                sizeBytes: 0, modifiedNanos: 0)
        }
        unreadable = (json["unreadable"]?.array ?? []).map {
            RawWalk.Unreadable(
                path: $0["path"]?.string ?? "",
                errorNumber: Int32(clamping: $0["errno"]?.integer ?? 0))
        }
        func omitted(_ key: String, _ listed: Int) -> Int {
            max(0, Int(clamping: json[key]?.integer ?? 0) - listed)
        }
        omittedQuarantined = omitted("quarantined_total", quarantined.count)
        omittedUnreadable = omitted("unreadable_total", unreadable.count)
    }
}
