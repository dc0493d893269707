import Columnar

/// `suppressions.json` beside `lake.db`: what of erasures must outlive the database.
///
/// ```
/// { "suppressions": [ { "code": "…", "salt": "…", "hash": "…", "state": "done", "requested_micros": 1,
///                       "finished_micros": 2 } ] }
/// ```
/// Written anew, whole or not at all, by every step of an erasure; `lake rebuild` reads it. An erasure that is
/// not done has its account here as well, and nothing of it once it is.
struct SuppressionFile {
    static let name = "suppressions.json"

    struct Entry: Hashable {
        var erasure: Erasures.Record
        var salt: [UInt8]
        var hash: [UInt8]
    }

    /// Writes what the database says.
    static func write(lake: String, _ database: Database) throws(LakeError) {
        var json = JSONWriter()
        json.beginObject()
        json.objects("suppressions", try entries(database)) { json, entry in
            json.member("code", entry.erasure.code)
            json.member("salt", Self.hex(entry.salt))
            json.member("hash", Self.hex(entry.hash))
            json.member("state", entry.erasure.state.rawValue)
            json.member("requested_micros", entry.erasure.requestedMicros)
            if let micros = entry.erasure.finishedMicros { json.member("finished_micros", micros) }
            if let account = entry.erasure.account { json.member("account", account) }
        }
        json.endObject()
        try DurableFile.write(json.bytes + [UInt8(ascii: "\n")], to: "\(lake)/\(name)")
        try DurableFile.syncFolder(lake)
    }

    private static func entries(_ database: Database) throws(LakeError) -> [Entry] {
        let erasures = try Erasures.list(database)
        let statement = try database.prepare(
            "SELECT erasure, salt, hash FROM suppressions ORDER BY erasure, hash")
        var entries: [Entry] = []
        while try statement.step() {
            let number = statement.integer(0)
            guard let erasure = erasures.first(where: { $0.id == number }) else { continue }
            entries.append(
                Entry(erasure: erasure, salt: statement.blob(1), hash: statement.blob(2)))
        }
        return entries
    }

    /// Files what the file says in a database that knows nothing of it.
    ///
    /// Throws `corrupt` if it is not what was written: an account must not come back because of that.
    static func adopt(lake: String, into database: Database) throws(LakeError) {
        let path = "\(lake)/\(name)"
        guard try DurableFile.isThere(path) else { return }
        let json = try parseJSON(DurableFile.read(path), path: path)
        guard let list = json["suppressions"]?.array else { throw damaged(path) }
        try database.transaction { () throws(LakeError) in
            for item in list {
                guard let code = item["code"]?.string,
                    let salt = item["salt"]?.string.flatMap({ Self.bytes($0) }),
                    let hash = item["hash"]?.string.flatMap({ Self.bytes($0) }),
                    hash.count == SHA256.digestBytes,
                    let state = item["state"]?.string.flatMap({ Erasures.State(rawValue: $0) }),
                    let requested = item["requested_micros"]?.integer
                else { throw damaged(path) }
                let number = try Erasures.add(
                    database,
                    Erasures.Record(
                        code: code, account: item["account"]?.string, state: state,
                        requestedMicros: requested,
                        finishedMicros: item["finished_micros"]?.integer))
                try Suppressions.add(database, hash: hash, salt: salt, erasure: number)
            }
        }
    }

    private static func damaged(_ path: String) -> LakeError {
        .corrupt(
            .init(path: path), reason: "it does not say who is suppressed; restore it from a copy")
    }

    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard
                let byte = UInt8(
                    String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
