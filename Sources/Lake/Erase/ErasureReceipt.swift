import Columnar

/// What an erasure did: counts by kind, new files, what was left, what the proof found.
///
/// Holds no id.
package struct ErasureReceipt: Hashable, Sendable {
    /// What is counted, in the receipt's order.
    package enum Count: String, CaseIterable, Sendable {
        /// Parquet files written anew, and those of which no row was left.
        case dataFilesRewritten = "data_files_rewritten"
        case dataFilesRemoved = "data_files_removed"
        case archivedFilesRewritten = "archived_files_rewritten"
        case archivedFilesRemoved = "archived_files_removed"
        case packsRewritten = "packs_rewritten"
        case packedFilesRemoved = "packed_files_removed"
        /// Of older states: data files, manifests, metadata.
        case oldFilesRemoved = "old_files_removed"
        case rawFilesRemoved = "raw_files_removed"
        case rememberedFilesForgotten = "remembered_files_forgotten"
        case recordListsCut = "record_lists_cut"
        case quarantineEntries = "quarantine_entries"
        case runReportsMasked = "run_reports_masked"
        case restoreRequests = "restore_requests"
        case verifications
        case endedHolds = "ended_holds"
    }

    /// A file that was written without the account's rows.
    package struct NewFile: Hashable, Sendable {
        /// Below the lake, or below the cold tier.
        package var path: String
        /// In hex.
        package var sha256: String
    }

    /// What holds something of the account and could not be removed, or holds the id in others' data.
    package struct Place: Hashable, Sendable {
        /// The id in it is masked.
        package var path: String
        package var reason: String
    }

    /// What the search through everything said.
    package struct Proof: Hashable, Sendable {
        package var files = 0
        /// As stored, and decoded.
        package var storedBytes: Int64 = 0
        package var decodedBytes: Int64 = 0
        /// False: the id is too short to be looked for in undecoded bytes.
        package var searchedUndecoded = true
        package var found: [Place] = []
    }

    package var code = ""
    package var requestedMicros: Int64 = 0
    package var finishedMicros: Int64?
    /// By table.
    package var rows: [String: Int] = [:]
    package var counts: [Count: Int] = [:]
    package var written: [NewFile] = []
    package var left: [Place] = []
    package var proof: Proof?

    package init() {}

    /// Whether something of the account may still be there, or others' data name it.
    package var isPartial: Bool { !left.isEmpty || proof?.found.isEmpty == false }

    mutating func add(_ count: Count, _ number: Int) {
        if number > 0 { counts[count, default: 0] += number }
    }

    /// The receipt as one JSON object.
    package func json() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("code", code)
        json.member("requested_micros", requestedMicros)
        if let finishedMicros { json.member("finished_micros", finishedMicros) }
        json.key("rows")
        json.beginObject()
        for (table, count) in rows.sorted(by: { $0.key < $1.key }) {
            json.member(table, Int64(count))
        }
        json.endObject()
        json.key("counts")
        json.beginObject()
        for count in Count.allCases { json.member(count.rawValue, Int64(counts[count] ?? 0)) }
        json.endObject()
        json.objects("written", written) { json, file in
            json.member("path", file.path)
            json.member("sha256", file.sha256)
        }
        write(left, as: "left", to: &json)
        if let proof {
            json.key("proof")
            json.beginObject()
            json.member("files", Int64(proof.files))
            json.member("stored_bytes", proof.storedBytes)
            json.member("decoded_bytes", proof.decodedBytes)
            json.key("searched_undecoded")
            json.boolean(proof.searchedUndecoded)
            write(proof.found, as: "found", to: &json)
            json.endObject()
        }
        json.endObject()
        return json.bytes
    }

    private func write(_ places: [Place], as key: String, to json: inout JSONWriter) {
        json.objects(key, places) { json, place in
            json.member("path", place.path)
            json.member("reason", place.reason)
        }
    }

    /// A receipt as `json` wrote it; nil for anything else.
    package init?(json text: String) {
        guard let json = try? JSONValue.parse(Array(text.utf8)), let code = json["code"]?.string,
            let requested = json["requested_micros"]?.integer
        else { return nil }
        self.code = code
        requestedMicros = requested
        finishedMicros = json["finished_micros"]?.integer
        for member in json["rows"]?.object ?? [] {
            rows[member.key] = Int(clamping: member.value.integer ?? 0)
        }
        for count in Count.allCases {
            add(count, Int(clamping: json["counts"]?[count.rawValue]?.integer ?? 0))
        }
        written = (json["written"]?.array ?? []).map {
            NewFile(path: $0["path"]?.string ?? "", sha256: $0["sha256"]?.string ?? "")
        }
        left = Self.places(json["left"])
        if let found = json["proof"] {
            var proof = Proof()
            proof.files = Int(clamping: found["files"]?.integer ?? 0)
            proof.storedBytes = found["stored_bytes"]?.integer ?? 0
            proof.decodedBytes = found["decoded_bytes"]?.integer ?? 0
            proof.searchedUndecoded = found["searched_undecoded"]?.boolean ?? true
            proof.found = Self.places(found["found"])
            self.proof = proof
        }
    }

    private static func places(_ json: JSONValue?) -> [Place] {
        (json?.array ?? []).map {
            Place(path: $0["path"]?.string ?? "", reason: $0["reason"]?.string ?? "")
        }
    }
}
