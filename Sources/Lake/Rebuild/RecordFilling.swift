/// Remembers the records of files of many from their rows, file by file, in the order of the walk.
struct RecordFilling {
    private let hasPartitions: Bool
    private let source: Int64
    private var path = ""
    private var entries: [RecordEntries.Entry] = []

    init(_ definition: TableDefinition, _ source: Int64) {
        hasPartitions = definition.partition != nil
        self.source = source
    }

    mutating func add(_ row: LedgerRow, to editor: RecordFiles.Editor) throws(LakeError) {
        if row.path != path { try endFile(editor) }
        path = row.path
        entries.append(
            .init(key: row.key.low, row: row.rowHash, partition: row.partition ?? 0))
    }

    mutating func endFile(_ editor: RecordFiles.Editor) throws(LakeError) {
        guard !entries.isEmpty else { return }
        // Of equal keys the first stays first: the row that counts.
        let order = entries.indices.sorted { a, b in
            (entries[a].key, a) < (entries[b].key, b)
        }
        var rising: [RecordEntries.Entry] = []
        // Of two rows with one key one is too many: the next run finds out which.
        for entry in order.map({ entries[$0] }) where rising.last?.key != entry.key {
            rising.append(entry)
        }
        let records = RecordEntries(rising, hasPartitions: hasPartitions).encoded()
        try editor.apply(RecordFileEdit(path: path, records: records), source: source)
        entries.removeAll(keepingCapacity: true)
    }
}
