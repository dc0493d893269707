import Columnar
import Lake

/// Erasures and their receipts for people and for machines.
enum ErasureText {
    /// Places that are named; the rest is counted.
    private static let namedPlaces = 20

    static func text(_ receipt: ErasureReceipt) -> String {
        var text = "erased, confirmation code \(receipt.code)\n"
        let rows = receipt.rows.sorted { $0.key < $1.key }
        if rows.isEmpty { text += "  no rows\n" }
        for (table, count) in rows { text += "  \(table): \(Amount.count(count, "row"))\n" }
        func count(_ count: ErasureReceipt.Count) -> Int { receipt.counts[count] ?? 0 }
        text += "  \(Amount.count(count(.dataFilesRewritten), "data file")) written anew, "
        text += "\(Amount.count(count(.dataFilesRemoved))) removed\n"
        let archived = count(.archivedFilesRewritten) + count(.archivedFilesRemoved)
        if archived > 0 {
            text += "  \(Amount.count(count(.archivedFilesRewritten), "archived file")) written "
            text += "anew, \(Amount.count(count(.archivedFilesRemoved))) removed\n"
        }
        if count(.packsRewritten) > 0 {
            text += "  \(Amount.count(count(.packsRewritten), "pack")) written anew without "
            text += "\(Amount.count(count(.packedFilesRemoved), "raw file"))\n"
        }
        text += "  \(Amount.count(count(.rawFilesRemoved), "raw file")) removed, "
        text += "\(Amount.count(count(.rememberedFilesForgotten))) forgotten\n"
        text += "  \(Amount.count(count(.oldFilesRemoved), "file")) of older states removed\n"
        for (kind, noun) in [
            (ErasureReceipt.Count.recordListsCut, "list of records cut"),
            (.quarantineEntries, "entry of the quarantine removed or masked"),
            (.runReportsMasked, "report of a run masked"),
            (.restoreRequests, "restore request removed"),
            (.verifications, "verification removed"), (.endedHolds, "ended hold removed"),
        ] where count(kind) > 0 {
            text += "  \(noun): \(Amount.count(count(kind)))\n"
        }
        text += places(receipt.left, "left")
        guard let proof = receipt.proof else { return text }
        text += "  proof: \(Amount.count(proof.files, "file")), "
        text += "\(Amount.bytes(Int(proof.storedBytes))) as stored, "
        text += "\(Amount.bytes(Int(proof.decodedBytes))) decoded: "
        text += proof.found.isEmpty ? "the id is nowhere\n" : "the id is still named\n"
        if !proof.searchedUndecoded {
            text += "  the id is too short to be looked for in undecoded bytes\n"
        }
        return text + places(proof.found, "found")
    }

    private static func places(_ places: [ErasureReceipt.Place], _ word: String) -> String {
        var text = places.prefix(namedPlaces).map { "  \(word) \($0.path): \($0.reason)\n" }
            .joined()
        if places.count > namedPlaces {
            text += "  and \(Amount.count(places.count - namedPlaces)) more, all in: "
            text += "lake erase show N --json\n"
        }
        return text
    }

    static func text(_ erasure: Erasures.Record) -> String {
        let state = erasure.state == .done ? "done" : "unfinished"
        var text = "erasure \(erasure.id), \(state), asked for "
        text += Instant.text(micros: erasure.requestedMicros)
        if let finished = erasure.finishedMicros {
            text += ", finished \(Instant.text(micros: finished))"
        }
        text += "\n"
        if let receipt = erasure.receipt.flatMap({ ErasureReceipt(json: $0) }) {
            return text + self.text(receipt)
        }
        return text + "confirmation code \(erasure.code), no receipt\n"
    }

    static func text(_ erasures: [Erasures.Record]) -> String {
        guard !erasures.isEmpty else { return "no erasures\n" }
        var grid = TextGrid(
            ["erasure", "code", "asked for", "", "rows", "proof"], rightAligned: [0, 4])
        for erasure in erasures {
            let receipt = erasure.receipt.flatMap { ErasureReceipt(json: $0) }
            var proof = ""
            if let found = receipt?.proof {
                proof =
                    receipt?.isPartial == true
                    ? "\(found.found.count + (receipt?.left.count ?? 0)) places left"
                    : "nothing left"
            }
            grid.append([
                "\(erasure.id)", erasure.code, Instant.text(micros: erasure.requestedMicros),
                erasure.state == .done ? "done" : "unfinished",
                receipt.map { Amount.count($0.rows.values.reduce(0, +)) } ?? "", proof,
            ])
        }
        return grid.text()
    }

    /// One line an erasure: NDJSON.
    static func json(_ erasures: [Erasures.Record]) -> [UInt8] {
        var bytes: [UInt8] = []
        for erasure in erasures {
            var json = JSONWriter()
            json.beginObject()
            json.key("erasure")
            json.integer(erasure.id)
            json.key("code")
            json.string(erasure.code)
            json.key("state")
            json.string(erasure.state == .done ? "done" : "unfinished")
            json.key("requested")
            json.string(Instant.text(micros: erasure.requestedMicros))
            json.key("receipt")
            if let receipt = erasure.receipt { json.raw(Array(receipt.utf8)) } else { json.null() }
            json.endObject()
            bytes += json.bytes + [UInt8(ascii: "\n")]
        }
        return bytes
    }
}
