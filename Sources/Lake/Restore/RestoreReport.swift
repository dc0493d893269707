import Columnar

/// What a restore did, for people and for machines.
package struct RestoreReport: Hashable, Sendable {
    /// 0 if no run was needed: nothing but a request was filed.
    package var runID: Int64 = 0
    package var uuid: String
    package var startedMicros: Int64
    /// Requests that were filed or changed, as they are now.
    package var requests: [RestoreEntry] = []
    /// Requests that could not be completed and stay in progress: why, by their numbers.
    package var failures: [Int64: String] = [:]
    /// Partitions of which copies were written, and what is in them.
    package var partitionsRestored = 0
    package var rowsRestored: Int64 = 0
    package var bytesWritten: Int64 = 0
    /// Copies that left their table's snapshot.
    package var copiesRemoved = 0
    package var totalNanos: UInt64 = 0

    /// A report as `json` wrote it, without its requests; nil for anything else.
    package init?(json text: String) {
        guard let json = try? JSONValue.parse(Array(text.utf8)),
            json["kind"]?.string == Runs.Kind.restore.rawValue,
            let uuid = json["uuid"]?.string, let started = json["started_micros"]?.integer
        else { return nil }
        self.init(uuid: uuid, startedMicros: started)
        runID = json["run"]?.integer ?? 0
        partitionsRestored = Int(clamping: json["partitions_restored"]?.integer ?? 0)
        rowsRestored = json["rows_restored"]?.integer ?? 0
        bytesWritten = json["bytes_written"]?.integer ?? 0
        copiesRemoved = Int(clamping: json["copies_removed"]?.integer ?? 0)
        totalNanos = UInt64(clamping: json["total_nanos"]?.integer ?? 0)
    }

    init(uuid: String, startedMicros: Int64) {
        self.uuid = uuid
        self.startedMicros = startedMicros
    }

    /// Adds what another run of the same moment did.
    mutating func add(_ other: RestoreReport) {
        if other.runID != 0 { runID = other.runID }
        requests += other.requests
        failures.merge(other.failures) { first, _ in first }
        partitionsRestored += other.partitionsRestored
        rowsRestored &+= other.rowsRestored
        bytesWritten &+= other.bytesWritten
        copiesRemoved += other.copiesRemoved
        totalNanos &+= other.totalNanos
    }

    package func json() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("run")
        if runID == 0 { json.null() } else { json.integer(runID) }
        json.member("kind", Runs.Kind.restore.rawValue)
        json.member("uuid", uuid)
        json.member("started_micros", startedMicros)
        json.key("totals")
        RunTotals(self).write(to: &json)
        json.key("requests")
        json.beginArray()
        for request in requests { request.write(to: &json) }
        json.endArray()
        json.member("partitions_restored", Int64(partitionsRestored))
        json.member("rows_restored", rowsRestored)
        json.member("bytes_written", bytesWritten)
        json.member("copies_removed", Int64(copiesRemoved))
        json.member("total_nanos", Int64(clamping: totalNanos))
        json.endObject()
        return json.bytes
    }
}

/// One restore request with its table's names for things.
package struct RestoreEntry: Hashable, Sendable {
    package var id: Int64
    package var table: String
    /// Days since 1970 of the rows asked for, both ends included; nil restricts nothing.
    package var firstDay: Int32?
    package var lastDay: Int32?
    package var request: Restores.Record
    /// Why it could not be completed just now.
    package var failure: String?

    package func write(to json: inout JSONWriter) {
        let scope = request.scope
        func number(_ key: String, _ value: Int64?) {
            json.key(key)
            if let value { json.integer(value) } else { json.null() }
        }
        func text(_ key: String, _ value: String?) {
            json.key(key)
            if let value { json.string(value) } else { json.null() }
        }
        json.beginObject()
        json.member("request", id)
        json.member("table", table)
        text("from", firstDay.map { PartitionSpec.date(Int64($0)) })
        text("until", lastDay.map { PartitionSpec.date(Int64($0)) })
        text("account", scope.account)
        text("post", scope.key)
        number("pack", scope.pack?.id)
        json.member("tier", request.tier.rawValue)
        json.member("days", Int64(request.days))
        json.member("state", request.state.rawValue)
        json.member("requested_micros", request.requestedMicros)
        json.member("available_micros", request.availableMicros)
        number("completed_micros", request.completedMicros)
        number("expires_micros", request.expiresMicros)
        json.member("rows", request.rowCount)
        json.member("bytes", request.sizeBytes)
        if let failure { json.member("error", failure) }
        json.endObject()
    }
}
