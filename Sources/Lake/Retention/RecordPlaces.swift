import Columnar

/// Everything that a lake knows of one record: where its bytes and rows are, why, and what happens next.
package struct RecordPlaces: Hashable, Sendable {
    /// The raw file as it is now.
    package enum Raw: Hashable, Sendable {
        case present(sizeBytes: Int64, modifiedMicros: Int64, RawState)
        case absent(Absence)
        /// The raw folder, or a folder in it, cannot be looked at.
        case unreachable(reason: String)
    }

    /// Why a raw file is not there.
    package enum Absence: String, Sendable {
        /// It was swept: its bytes lie in a pack.
        case packed
        /// Its row expired, and its bytes with it.
        case expired
        /// A run found it gone; its row stays.
        case vanished
        /// It went since the last run.
        case missing
        /// No run has ever seen it.
        case unknown
    }

    /// What the last run knew of a raw file that is there.
    package enum RawState: String, Sendable {
        /// Its bytes are those of the row.
        case taken
        /// Another size or time than remembered: the next run reads it.
        case changed
        /// Too young for its times to be believed, or read only once: the next run reads it again.
        case unsettled
        /// Never taken by a run.
        case untaken
        /// The same, and too young: somebody may still be writing to it.
        case inFlight = "in_flight"
        /// Its bytes lie in the cold tier too: the next sweep removes it.
        case returned
    }

    /// One version of the record's row in a Parquet file.
    package struct Row: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// In the snapshot, and of GLACIER_IR if it lies in the cold tier.
            case live(StorageClass?)
            /// A temporary copy in the snapshot.
            case restored(expiresMicros: Int64)
            case archived(StorageClass, sequence: Int64, archivedMicros: Int64)
            /// A newer version for an archived partition, since a run with this number.
            case amendment(StorageClass, sequence: Int64)
        }

        package var kind: Kind
        /// The partition's folder: `posted_at_day=2026-01-02`.
        package var partition: String
        /// Absolute.
        package var path: String
        /// It is the version that counts.
        package var stands = false
        /// False: the file is there by the books only, because its disk cannot be read now.
        package var isSeen = true
    }

    /// A pack of the cold tier that holds the raw file's bytes, or may.
    package struct Pack: Hashable, Sendable {
        package var id: Int64
        package var path: String
        package var storageClass: StorageClass
        package var packedMicros: Int64
        /// The bytes in it are those that the row was made of; nil: the pack cannot be read now.
        package var isCurrent: Bool?
    }

    /// A rule that is going to act on the row.
    package struct Step: Hashable, Sendable {
        package var rule: RetentionRule
        package var dueMicros: Int64
    }

    /// A restore that was asked for and is not done.
    package struct Restore: Hashable, Sendable {
        package var id: Int64
        package var tier: String
        package var availableMicros: Int64
    }

    /// Where the record stands as a whole.
    package enum Standing: Hashable, Sendable {
        /// In the snapshot: queries read it; nil is hot, else GLACIER_IR.
        case live(StorageClass?)
        /// Skipped by queries.
        case archived(StorageClass)
        /// Archived, and readable until its copy expires.
        ///
        /// The class is nil where its archived file cannot be read now.
        case restored(StorageClass?, expiresMicros: Int64)
        case expired
        /// Its account was erased.
        case erased
        /// Its file was quarantined and never had a row.
        case quarantined
        /// Its file is there, and no run has taken it.
        case untaken
        /// Its file was taken, and gave no row that is still in the table.
        case withoutRow
        /// Of a file of many records: each stands on its own.
        case manyRecords(Int)
    }

    package var table: String
    /// Its key columns' values with slashes between; nil where no row says it.
    package var key: String?
    /// Below the raw folder.
    package var rawPath: String?
    package var standing: Standing
    package var raw: Raw?
    package var quarantineReason: String?
    /// When the raw file was left alone for long enough to be packed.
    package var quietUntilMicros: Int64?
    /// From when on a sweep packs the raw file; nil if no rule or a hold says that it stays.
    package var packMicros: Int64?
    package var rows: [Row] = []
    package var packs: [Pack] = []
    package var restores: [Restore] = []
    /// The value of the partition column.
    package var timeMicros: Int64?
    package var account: String?
    package var holds: [HoldEntry] = []
    /// What rules do with it, the next one first; those that are due already act with the next sweep.
    package var steps: [Step] = []

    /// Something of the books could not be looked at.
    package var isPartial: Bool {
        if case .unreachable? = raw { return true }
        return rows.contains { !$0.isSeen } || packs.contains { $0.isCurrent == nil }
    }
}
