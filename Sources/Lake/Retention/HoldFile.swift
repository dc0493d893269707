import Columnar

/// `holds.json` beside `lake.db`: the holds once more, so that a lost database does not lose them.
///
/// Written by every command that changes a hold, read only by `lake rebuild`. Instants are UTC texts.
///
/// ```
/// { "holds": [ { "hold": 1, "table": "posts", "account": "1784", "from": "2026-01-01",
///     "reason": "case 12", "placed_by": "ann", "placed": "2026-02-03T04:05:06.000000Z" } ] }
/// ```
enum HoldFile {
    static let name = "holds.json"

    /// Replaces the file; durable when it returns.
    static func write(_ entries: [HoldEntry], lake: String) throws(LakeError) {
        var json = JSONWriter()
        json.beginObject()
        json.objects("holds", entries) { json, entry in
            json.hold(entry)
        }
        json.endObject()
        try DurableFile.write(json.bytes + [UInt8(ascii: "\n")], to: "\(lake)/\(name)")
        try DurableFile.syncFolder(lake)
    }

    /// Files the holds of a lake in a new database; nothing if it has none.
    ///
    /// Throws `corrupt`: a hold that cannot be read must not be forgotten.
    static func restore(lake: String, to database: Database) throws(LakeError) {
        let path = "\(lake)/\(name)"
        guard try DurableFile.isThere(path) else { return }
        let root = try parseJSON(
            DurableFile.read(path, limitBytes: Limits.metadataFileBytes), path: path)
        guard let list = root["holds"]?.array else {
            throw .corrupt(FileLocation(path: path), reason: "it has no list of holds")
        }
        try database.transaction { () throws(LakeError) in
            for (index, value) in list.enumerated() {
                guard var hold = hold(value) else {
                    throw .corrupt(
                        FileLocation(path: path), reason: "hold \(index + 1) of it is not whole")
                }
                if let table = value["table"]?.string {
                    hold.source = try Sources.id(of: table, database)
                }
                try Holds.add(database, hold)
            }
        }
    }

    private static func hold(_ value: JSONValue) -> Holds.Record? {
        guard let id = value["hold"]?.integer, id > 0, let reason = value["reason"]?.string,
            let placedBy = value["placed_by"]?.string, let placed = micros(value["placed"])
        else { return nil }
        var hold = Holds.Record(reason: reason, placedBy: placedBy, placedMicros: placed)
        hold.id = id
        hold.account = value["account"]?.string
        hold.key = value["key"]?.string
        hold.firstDay = day(value["from"])
        hold.lastDay = day(value["until"])
        hold.endsMicros = micros(value["ends"])
        hold.releasedMicros = micros(value["released"])
        hold.releasedBy = value["released_by"]?.string
        hold.releaseReason = value["release_reason"]?.string
        // What is there and not understood would widen or narrow the hold.
        for (key, isRead) in [
            ("account", hold.account != nil), ("key", hold.key != nil),
            ("from", hold.firstDay != nil), ("until", hold.lastDay != nil),
            ("ends", hold.endsMicros != nil), ("released", hold.releasedMicros != nil),
            ("table", value["table"]?.string != nil),
        ] where value[key] != nil && !isRead {
            return nil
        }
        return hold
    }

    private static func micros(_ value: JSONValue?) -> Int64? {
        value?.string.flatMap { ColumnLiteral.micros($0, .iso8601) }
    }

    private static func day(_ value: JSONValue?) -> Int32? {
        micros(value).map { Int32(clamping: CivilTime.floorDays(micros: $0)) }
    }
}

extension JSONWriter {
    /// The members of a hold's object, those that say something.
    package mutating func hold(_ entry: HoldEntry) {
        let hold = entry.hold
        key("hold")
        integer(hold.id)
        for (name, text) in [
            ("table", entry.table), ("account", hold.account), ("key", hold.key),
            ("from", hold.firstDay.map { CivilTime.text(ofDay: $0) }),
            ("until", hold.lastDay.map { CivilTime.text(ofDay: $0) }),
            ("reason", hold.reason), ("placed_by", hold.placedBy),
            ("placed", CivilTime.text(ofMicros: hold.placedMicros)),
            ("ends", hold.endsMicros.map { CivilTime.text(ofMicros: $0) }),
            ("released", hold.releasedMicros.map { CivilTime.text(ofMicros: $0) }),
            ("released_by", hold.releasedBy), ("release_reason", hold.releaseReason),
        ] {
            guard let text else { continue }
            key(name)
            string(text)
        }
    }
}
