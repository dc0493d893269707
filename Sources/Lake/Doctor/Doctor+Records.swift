/// The remembered records of files of many against the rows.
extension Doctor {
    /// Each live row's record is remembered with its partition; each remembered record's key is live.
    func compareRecords(
        _ definition: TableDefinition, _ source: Int64, _ database: Database, _ ledger: RowLedger,
        _ archive: ArchivedRows, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let files = RecordFiles.Reader(database.path, source: source)
        var path: String?
        var entries = RecordEntries()
        try ledger.forEach { (folder, name, row) throws(LakeError) in
            if options.isCancelled() { throw .columnar(.cancelled) }
            if row.path != path {
                path = row.path
                entries = try files.entries(of: row.path)
            }
            guard let entry = entries.find(row.key.low) else {
                return complain(
                    definition, row.path, "a row of it is live, and its record is not remembered",
                    &diagnosis)
            }
            guard entries.partition(of: entry) != row.partition else { return }
            complain(
                definition, row.path,
                "a live row of it lies in another partition than is remembered", &diagnosis)
        }
        var last = ""
        while let file = try files.next(after: last) {
            last = file.path
            for entry in file.entries.entries {
                if options.isCancelled() { throw .columnar(.cancelled) }
                guard try !ledger.holds(keyHash: entry.key),
                    try !archive.holds(
                        keyHash: entry.key, partition: file.entries.partition(of: entry),
                        path: file.path)
                else { continue }
                complain(
                    definition, file.path, "a record of it is remembered, and no row has its key",
                    &diagnosis)
                break
            }
        }
    }

    private func complain(
        _ definition: TableDefinition, _ path: String, _ what: String,
        _ diagnosis: inout Diagnosis
    ) {
        diagnosis.add(
            .damage, path, "\(definition.name): \(what)",
            advice: "lake rebuild --force makes the state anew from the rows")
    }
}
