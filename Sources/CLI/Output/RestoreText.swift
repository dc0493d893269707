import Columnar
import Lake

/// Restores for people and for machines.
enum RestoreText {
    /// What a restore did: a line a request.
    static func text(_ report: RestoreReport) -> [UInt8] {
        var text = ""
        for entry in report.requests { text += line(entry) + "\n" }
        if report.partitionsRestored > 0 {
            text += "  \(Amount.count(Int(report.rowsRestored), "row")) in copies of "
            text += "\(Amount.count(report.partitionsRestored, "partition")) "
            text += "(\(Amount.bytes(Int(report.bytesWritten)))), in "
            text += "\(Amount.duration(nanos: report.totalNanos))\n"
        }
        if report.copiesRemoved > 0 {
            text += "  \(Amount.count(report.copiesRemoved, "copy", "copies")) ended\n"
        }
        return Array(text.utf8)
    }

    private static func line(_ entry: RestoreEntry) -> String {
        let request = entry.request
        let head = "request \(entry.id), \(scope(entry)): "
        switch request.state {
        case .inProgress:
            if let failure = entry.failure { return head + "not completed: \(failure)" }
            return head + "in progress (\(request.tier.rawValue)), ready at "
                + "\(Instant.text(micros: request.availableMicros)); "
                + "lake restores or any run brings the rows then"
        case .completed:
            return head + "\(Amount.count(Int(request.rowCount), "row")) restored, until "
                + "\(request.expiresMicros.map(midnight) ?? "")"
        case .expired: return head + "ended"
        }
    }

    /// What would come.
    static func text(_ plan: RestorePlan) -> [UInt8] {
        var text = "at most \(Amount.count(Int(plan.rows), "row")) of "
        text += "\(Amount.count(plan.partitions, "partition")), "
        text += "\(Amount.count(plan.files, "cold file")) (\(Amount.bytes(Int(plan.bytes))))\n"
        for entry in plan.requests {
            let request = entry.request
            if request.state == .completed {
                text += "request \(entry.id), \(scope(entry)), would end at "
                text += "\(request.expiresMicros.map(midnight) ?? "")\n"
            } else {
                text += "\(scope(entry)): ready at \(Instant.text(micros: request.availableMicros))"
                text += " (\(request.tier.rawValue)), for \(Amount.count(request.days, "day"))\n"
            }
        }
        return Array((text + "dry run, nothing was changed\n").utf8)
    }

    static func text(_ entries: [RestoreEntry]) -> [UInt8] {
        guard !entries.isEmpty else { return Array("no restore requests\n".utf8) }
        var grid = TextGrid(
            ["request", "asked for", "tier", "state", "ready", "until", "rows", "size"],
            rightAligned: [0, 6, 7])
        for entry in entries {
            let request = entry.request
            grid.append([
                "\(entry.id)", scope(entry), request.tier.rawValue, request.state.rawValue,
                Instant.text(micros: request.completedMicros ?? request.availableMicros),
                request.expiresMicros.map(midnight) ?? "",
                Amount.count(Int(request.rowCount)), Amount.bytes(Int(request.sizeBytes)),
            ])
        }
        var text = grid.text()
        for entry in entries {
            guard let failure = entry.failure else { continue }
            text += "request \(entry.id) could not be completed: \(failure)\n"
        }
        return Array(text.utf8)
    }

    /// `posts, account 17, 2025-01-01 to 2025-01-31`.
    static func scope(_ entry: RestoreEntry) -> String {
        let scope = entry.request.scope
        var parts = [entry.table]
        if let account = scope.account { parts.append("account \(account)") }
        if let key = scope.key { parts.append("post \(key)") }
        if let pack = scope.pack { parts.append("pack \(pack.id)") }
        switch (entry.firstDay, entry.lastDay) {
        case (nil, nil): break
        case (let first?, nil): parts.append("from \(day(first))")
        case (nil, let last?): parts.append("until \(day(last))")
        case (let first?, let last?):
            parts.append(first == last ? day(first) : "\(day(first)) to \(day(last))")
        }
        return parts.joined(separator: ", ")
    }

    static func json(_ entries: [RestoreEntry]) -> [UInt8] {
        var json = JSONWriter()
        json.beginArray()
        for entry in entries { entry.write(to: &json) }
        json.endArray()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    static func json(_ plan: RestorePlan) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("dry_run")
        json.boolean(true)
        for (key, number) in [
            ("partitions", Int64(plan.partitions)), ("files", Int64(plan.files)),
            ("rows", plan.rows), ("bytes", plan.bytes),
        ] {
            json.key(key)
            json.integer(number)
        }
        json.key("requests")
        json.beginArray()
        for entry in plan.requests { entry.write(to: &json) }
        json.endArray()
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func day(_ days: Int32) -> String {
        String(midnight(Int64(days) * CivilTime.microsPerDay).prefix(10))
    }

    /// `2026-01-31 00:00 UTC`: ends of copies have no seconds.
    private static func midnight(_ micros: Int64) -> String {
        Instant.text(micros: micros).prefix(16) + " UTC"
    }
}
