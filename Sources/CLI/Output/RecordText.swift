import Columnar
import Lake

/// What is known of a record, as people and programs read it.
enum RecordText {
    static func text(_ places: RecordPlaces, nowMicros: Int64) -> String {
        var lines: [(label: String, text: String)] = []
        let name = "\(places.table) \(places.key ?? places.rawPath ?? "")"
        lines.append(("state", standing(places.standing)))
        if let time = places.timeMicros { lines.append(("time", Instant.text(micros: time))) }
        if let account = places.account { lines.append(("account", account)) }
        if let raw = places.raw {
            lines.append(("raw file", places.rawPath ?? ""))
            lines.append(("", text(raw, places, nowMicros: nowMicros)))
        }
        if let reason = places.quarantineReason { lines.append(("quarantine", reason)) }
        for row in places.rows {
            lines.append(("row", text(row, nowMicros: nowMicros)))
            lines.append(("", row.path))
        }
        for pack in places.packs {
            lines.append(("pack", text(pack)))
            lines.append(("", pack.path))
        }
        for restore in places.restores {
            lines.append(
                (
                    "restore",
                    "request \(restore.id), \(restore.tier), to be there "
                        + Instant.text(micros: restore.availableMicros)
                ))
        }
        for entry in places.holds {
            let why = "\(HoldCommands.scope(entry)): \(entry.hold.reason)"
            lines.append(("hold", "hold \(entry.hold.id), \(why)"))
        }
        lines += next(places, nowMicros: nowMicros).map { ("next", $0) }
        let width = (lines.map(\.label.count).max() ?? 0) + 2
        return name + "\n"
            + lines.map { line in
                let padding = String(repeating: " ", count: width - line.label.count)
                return "  \(line.label)\(padding)\(line.text)\n"
            }.joined()
    }

    private static func standing(_ standing: RecordPlaces.Standing) -> String {
        switch standing {
        case .live(nil): "hot: queries read it"
        case .live(let storage?): "\(storage.rawValue): on the cold tier, and queries read it"
        case .archived(let storage): "\(storage.rawValue): archived, queries skip it"
        case .restored(let storage, let expiry):
            "\(storage?.rawValue ?? "archived"), restored: queries read its copy until "
                + Instant.text(micros: expiry)
        case .expired: "expired: its row is gone for good"
        case .erased: "erased: its account was forgotten, and what comes of it is refused"
        case .quarantined: "quarantined: it has no row, its raw file is kept as it is"
        case .untaken: "not taken yet: the next lake compact reads its raw file"
        case .withoutRow: "no row: what its raw file held is in no table"
        case .manyRecords(let count):
            "a file of \(Amount.count(count, "record")): explain one by its key"
        }
    }

    private static func text(
        _ raw: RecordPlaces.Raw, _ places: RecordPlaces, nowMicros: Int64
    ) -> String {
        switch raw {
        case .absent(let absence):
            switch absence {
            case .packed: return "not in the raw folder: it was packed"
            case .expired: return "not in the raw folder: it expired with its row"
            case .vanished: return "not in the raw folder: it is gone, its row stays"
            case .missing: return "not in the raw folder: it went since the last run"
            case .unknown: return "not in the raw folder: no run has ever seen it"
            }
        case .unreachable(let reason): return "cannot be looked at: \(reason)"
        case .present(let size, let modified, let state):
            var text = "\(Amount.bytes(Int(size))), modified \(Instant.text(micros: modified))"
            switch state {
            case .taken: break
            case .changed: text += "; changed since, the next lake compact reads it"
            case .unsettled: text += "; the next lake compact reads it once more"
            case .untaken: text += "; no run has taken it yet"
            case .inFlight: text += "; young: a run takes it once it is left alone"
            case .returned: text += "; its bytes are packed, the next sweep removes it"
            }
            guard let pack = places.packMicros, state != .returned else { return text }
            return text
                + (pack <= nowMicros
                    ? "; the next lake sweep packs it"
                    : "; packed by the first lake sweep after \(Instant.text(micros: pack))")
        }
    }

    private static func text(_ row: RecordPlaces.Row, nowMicros: Int64) -> String {
        var text: String
        switch row.kind {
        case .live(nil): text = "live"
        case .live(let storage?): text = "live, \(storage.rawValue)"
        case .restored(let expiry):
            text = expiry <= nowMicros ? "copy that expired " : "copy until "
            text += Instant.text(micros: expiry)
        case .archived(let storage, let sequence, let micros):
            text =
                "archived \(Instant.text(micros: micros)) by run \(sequence), \(storage.rawValue)"
        case .amendment(let storage, let sequence):
            text = "amendment of run \(sequence), \(storage.rawValue)"
        }
        text += ", \(row.partition)"
        if !row.isSeen { return text + "; its file is not there now" }
        if case .restored = row.kind { return text }
        return row.stands ? text : text + "; does not count any more"
    }

    private static func text(_ pack: RecordPlaces.Pack) -> String {
        let packed = "pack \(pack.id), \(pack.storageClass.rawValue), packed "
        let text = packed + Instant.text(micros: pack.packedMicros)
        switch pack.isCurrent {
        case true?: return text
        case false?: return text + "; of an older version"
        case nil: return text + "; its file is not there now"
        }
    }

    /// What happens next, a line each.
    private static func next(_ places: RecordPlaces, nowMicros: Int64) -> [String] {
        switch places.standing {
        case .untaken, .quarantined, .manyRecords, .erased, .expired, .withoutRow: return []
        case .live, .archived, .restored: break
        }
        if places.steps.isEmpty {
            // Without its row nobody knows which rules are for it.
            let isRead = places.rows.contains { $0.stands }
            return isRead ? ["nothing: no rule leads further"] : []
        }
        var lines = places.steps.map { step in
            let what = "\(PolicyCommands.action(step.rule.action)) by \(step.rule.id)"
            let why = reason(step.rule)
            return step.dueMicros <= nowMicros
                ? "\(what) with the next lake sweep (\(why), due since \(day(step.dueMicros)))"
                : "\(what) on \(day(step.dueMicros)) (\(why))"
        }
        if let hold = places.holds.first {
            lines = lines.map { "kept by hold \(hold.hold.id); else \($0)" }
        }
        return lines
    }

    private static func reason(_ rule: RetentionRule) -> String {
        switch rule.due {
        case .afterDays(let days): "\(Amount.count(days, "day")) after its partition"
        case .onDay(let day): "from \(CivilTime.text(ofDay: day)) on"
        }
    }

    private static func day(_ micros: Int64) -> String {
        CivilTime.text(ofDay: Int32(clamping: CivilTime.floorDays(micros: micros)))
    }
}

// MARK: JSON

extension RecordText {
    static func json(_ places: RecordPlaces, nowMicros: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("table", places.table)
        json.member("key", places.key)
        json.member("state", word(places.standing))
        json.member("storage_class", storageClass(places.standing))
        json.member("time", places.timeMicros.map { CivilTime.text(ofMicros: $0) })
        json.member("account", places.account)
        json.member("raw_path", places.rawPath)
        json.key("raw_file")
        write(places.raw, places, to: &json)
        json.member("quarantine_reason", places.quarantineReason)
        json.key("rows")
        json.beginArray()
        for row in places.rows { write(row, to: &json) }
        json.endArray()
        json.objects("packs", places.packs) { json, pack in
            json.key("pack")
            json.integer(pack.id)
            json.member("path", pack.path)
            json.member("storage_class", pack.storageClass.rawValue)
            json.member("packed", CivilTime.text(ofMicros: pack.packedMicros))
            json.key("is_current")
            if let isCurrent = pack.isCurrent { json.boolean(isCurrent) } else { json.null() }
        }
        json.objects("restores", places.restores) { json, restore in
            json.key("request")
            json.integer(restore.id)
            json.member("tier", restore.tier)
            json.member("available", CivilTime.text(ofMicros: restore.availableMicros))
        }
        json.objects("holds", places.holds) { json, entry in
            json.hold(entry)
        }
        json.objects("next", places.steps) { json, step in
            json.member("rule", step.rule.id)
            json.member("action", PolicyCommands.action(step.rule.action))
            json.member("due", CivilTime.text(ofMicros: step.dueMicros))
            json.key("is_due")
            json.boolean(step.dueMicros <= nowMicros)
            json.key("is_held")
            json.boolean(!places.holds.isEmpty)
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func word(_ standing: RecordPlaces.Standing) -> String {
        switch standing {
        case .live(nil): "hot"
        case .live: "live"
        case .archived: "archived"
        case .restored: "restored"
        case .expired: "expired"
        case .erased: "erased"
        case .quarantined: "quarantined"
        case .untaken: "untaken"
        case .withoutRow: "without_row"
        case .manyRecords: "many_records"
        }
    }

    private static func storageClass(_ standing: RecordPlaces.Standing) -> String? {
        switch standing {
        case .live(let storage): storage?.rawValue
        case .archived(let storage): storage.rawValue
        case .restored(let storage, _): storage?.rawValue
        default: nil
        }
    }

    private static func write(
        _ raw: RecordPlaces.Raw?, _ places: RecordPlaces, to json: inout JSONWriter
    ) {
        guard let raw else {
            json.null()
            return
        }
        json.beginObject()
        switch raw {
        case .absent(let absence):
            json.member("state", "absent")
            json.member("reason", absence.rawValue)
        case .unreachable(let reason):
            json.member("state", "unreachable")
            json.member("reason", reason)
        case .present(let size, let modified, let state):
            json.member("state", state.rawValue)
            json.key("size_bytes")
            json.integer(size)
            json.member("modified", CivilTime.text(ofMicros: modified))
            json.member(
                "quiet_until", places.quietUntilMicros.map { CivilTime.text(ofMicros: $0) })
            json.member(
                "packed_from", places.packMicros.map { CivilTime.text(ofMicros: $0) })
        }
        json.endObject()
    }

    private static func write(_ row: RecordPlaces.Row, to json: inout JSONWriter) {
        json.beginObject()
        switch row.kind {
        case .live(let storage):
            json.member("kind", "live")
            json.member("storage_class", storage?.rawValue)
        case .restored(let expiry):
            json.member("kind", "restored")
            json.member("expires", CivilTime.text(ofMicros: expiry))
        case .archived(let storage, let sequence, let micros):
            json.member("kind", "archived")
            json.member("storage_class", storage.rawValue)
            json.key("run")
            json.integer(sequence)
            json.member("archived", CivilTime.text(ofMicros: micros))
        case .amendment(let storage, let sequence):
            json.member("kind", "amendment")
            json.member("storage_class", storage.rawValue)
            json.key("run")
            json.integer(sequence)
        }
        json.member("partition", row.partition)
        json.member("path", row.path)
        json.key("stands")
        json.boolean(row.stands)
        json.key("readable")
        json.boolean(row.isSeen)
        json.endObject()
    }
}

extension JSONWriter {
    /// A text, or null.
    fileprivate mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }
}
