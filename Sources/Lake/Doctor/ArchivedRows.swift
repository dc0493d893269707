import Columnar

/// The keys of a table's archived rows, for the comparison with the state.
///
/// With a cold tier that is not mounted, what is archived is believed.
final class ArchivedRows {
    /// nil: it cannot be looked at.
    private let ledger: RowLedger?
    private let partitions: Set<Int32?>
    /// Archived files that cannot be read; then what is archived is believed as well.
    let damaged: [String]

    init(
        _ table: LakeTable, _ database: Database, _ doctor: Doctor, keySeed: UInt64
    ) throws(LakeError) {
        let files = try ColdFiles.list(database, source: table.source, hasEntries: false)
        partitions = Set(files.map(\.partition))
        let tier = try ColdTier(lake: doctor.lake, database: database)
        guard database.version >= ColdFiles.version, try tier.isMounted() else {
            (ledger, damaged) = (nil, [])
            return
        }
        let ledger = try RowLedger(isCancelled: doctor.options.isCancelled)
        damaged = try LiveRows(
            table: table, keySeed: keySeed, workers: doctor.options.workers, pool: doctor.pool,
            isCancelled: doctor.options.isCancelled
        ).enter(
            onlyArchived: files.map { file in
                ArchivedFile(
                    path: file.place == .cold
                        ? tier.absolute(file.path) : "\(doctor.lake)/\(file.path)",
                    partition: file.partition, sequence: file.sequence)
            }, into: ledger)
        self.ledger = damaged.isEmpty ? ledger : nil
    }

    /// Whether a remembered row that is not live is archived, or lost its key to an archived one.
    ///
    /// A row of the same file in another partition says nothing: the file has moved since.
    func holds(
        keyHash: UInt64, partition: Int32?, path: String
    ) throws(LakeError) -> Bool {
        try ledger?.holds(keyHash: keyHash, in: partition, orNotOf: path) ?? !partitions.isEmpty
    }
}
