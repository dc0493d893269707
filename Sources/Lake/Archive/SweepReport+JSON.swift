import Columnar

/// A sweep's report as JSON and back: each number's name stands here once, for both ways.
extension SweepReport {
    /// The report as one JSON object.
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
        json.member("kind", Runs.Kind.sweep.rawValue)
        json.member("uuid", uuid)
        json.member("plan", planID)
        json.member("started_micros", startedMicros)
        json.key("partial")
        json.boolean(isPartial)
        json.key("totals")
        RunTotals(self).write(to: &json)
        json.key("tables")
        json.beginArray()
        for table in tables { table.write(to: &json) }
        json.endArray()
        if !isDryRun {
            json.key("packed_sources")
            json.beginObject()
            json.member("removed", Int64(packedSources.removed))
            json.member("removed_bytes", packedSources.removedBytes)
            json.member("kept", Int64(packedSources.kept))
            json.member("refused", Int64(packedSources.refused))
            json.endObject()
        }
        if let unfinished { json.member("unfinished", unfinished) }
        json.member("total_nanos", Int64(clamping: totalNanos))
        json.endObject()
        return json.bytes
    }

    /// A report as `json` wrote it; nil for anything else.
    package init?(json text: String) {
        guard let json = try? JSONValue.parse(Array(text.utf8)),
            json["kind"]?.string == Runs.Kind.sweep.rawValue, let run = json["run"]?.integer,
            let uuid = json["uuid"]?.string, let plan = json["plan"]?.string,
            let started = json["started_micros"]?.integer, let tables = json["tables"]?.array
        else { return nil }
        runID = run
        self.uuid = uuid
        planID = plan
        startedMicros = started
        self.tables = tables.map { Table($0) }
        unfinished = json["unfinished"]?.string
        let sources = json["packed_sources"]
        packedSources.removed = Int(clamping: sources?["removed"]?.integer ?? 0)
        packedSources.removedBytes = sources?["removed_bytes"]?.integer ?? 0
        packedSources.kept = Int(clamping: sources?["kept"]?.integer ?? 0)
        packedSources.refused = Int(clamping: sources?["refused"]?.integer ?? 0)
        totalNanos = UInt64(clamping: json["total_nanos"]?.integer ?? 0)
    }
}

extension SweepReport.Amount {
    fileprivate func members(_ json: inout JSONWriter) {
        json.member("partitions", Int64(partitions))
        json.member("files", Int64(files))
        json.member("rows", rows)
        json.member("bytes", bytes)
    }

    fileprivate init(_ json: JSONValue?) {
        partitions = Int(clamping: json?["partitions"]?.integer ?? 0)
        files = Int(clamping: json?["files"]?.integer ?? 0)
        rows = json?["rows"]?.integer ?? 0
        bytes = json?["bytes"]?.integer ?? 0
    }
}

extension SweepReport.Table {
    private typealias Number = (name: String, path: any WritableKeyPath<Self, Int64> & Sendable)
    private typealias Count = (name: String, path: any WritableKeyPath<Self, Int> & Sendable)

    private static let numbers: [Number] = [
        ("rows_before", \.rowsBefore), ("rows_after", \.rowsAfter),
        ("rows_without_time", \.undatedRows), ("bytes_written", \.bytesWritten),
        ("raw_packed_bytes", \.raw.packedBytes),
    ]
    private static let counts: [Count] = [
        ("raw_packed", \.raw.packed), ("packs", \.raw.packs), ("packs_moved", \.raw.packsMoved),
        ("raw_returned", \.raw.returned), ("raw_waiting", \.raw.waiting),
        ("raw_held", \.raw.held), ("raw_changed", \.raw.changed),
        ("raw_expired", \.raw.expired), ("raw_removed", \.raw.removed),
        ("raw_dropped", \.raw.dropped),
    ]

    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("table", name)
        for (name, path) in Self.numbers { json.member(name, self[keyPath: path]) }
        for (name, path) in Self.counts { json.member(name, Int64(self[keyPath: path])) }
        json.objects("steps", steps) { json, step in
            json.member("action", step.action)
            json.member("rule", step.rule)
            json.member("first", step.first)
            json.member("last", step.last)
            step.amount.members(&json)
        }
        json.objects("held", held) { json, held in
            json.member("hold", held.hold)
            json.member("reason", held.reason)
            json.member("partitions", Int64(held.partitions))
            json.member("rows", held.rows)
        }
        json.key("waiting")
        json.beginObject()
        waiting.members(&json)
        json.endObject()
        if let sharesRawWith { json.member("shares_raw_with", sharesRawWith) }
        json.objects("damaged", damaged) { json, file in
            json.member("partition", file.partition)
            json.member("reason", file.reason)
        }
        json.endObject()
    }

    fileprivate init(_ json: JSONValue) {
        self.init(name: json["table"]?.string ?? "")
        for (name, path) in Self.numbers { self[keyPath: path] = json[name]?.integer ?? 0 }
        for (name, path) in Self.counts {
            self[keyPath: path] = Int(clamping: json[name]?.integer ?? 0)
        }
        func text(_ json: JSONValue, _ key: String) -> String { json[key]?.string ?? "" }
        steps = (json["steps"]?.array ?? []).map {
            SweepReport.Step(
                action: text($0, "action"), rule: text($0, "rule"), amount: .init($0),
                first: text($0, "first"), last: text($0, "last"))
        }
        held = (json["held"]?.array ?? []).map {
            SweepReport.Held(
                hold: $0["hold"]?.integer ?? 0, reason: text($0, "reason"),
                partitions: Int(clamping: $0["partitions"]?.integer ?? 0),
                rows: $0["rows"]?.integer ?? 0)
        }
        waiting = .init(json["waiting"])
        sharesRawWith = json["shares_raw_with"]?.string
        damaged = (json["damaged"]?.array ?? []).map {
            SweepReport.Damaged(partition: text($0, "partition"), reason: text($0, "reason"))
        }
    }
}
