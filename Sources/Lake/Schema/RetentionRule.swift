import Columnar

/// One rule of a table's lifecycle: S3's, but by the age of rows, not of files.
///
/// Source: docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html. Of the rules that are due
/// for a row the one that goes furthest counts: expiry, then DEEP_ARCHIVE, GLACIER, GLACIER_IR. A row never
/// comes back to a warmer class by rule.
package struct RetentionRule: Hashable, Sendable {
    /// What becomes of rows; later cases go further.
    package enum Action: Hashable, Sendable, Comparable {
        case transition(StorageClass)
        case expire

        private var rank: Int {
            switch self {
            case .transition(.glacierIR): 0
            case .transition(.glacier): 1
            case .transition(.deepArchive): 2
            case .expire: 3
            }
        }

        package static func < (a: Action, b: Action) -> Bool { a.rank < b.rank }
    }

    /// When it is due.
    package enum Due: Hashable, Sendable {
        /// So many days after the row's time, at the next midnight UTC.
        case afterDays(Int)
        /// From the midnight UTC of a day on, for every row: days since 1970.
        case onDay(Int32)
    }

    /// Unique in its table: given, or `rule-N` by its place from 1.
    package var id: String
    package var isEnabled = true
    package var filter = Filter()
    package var due: Due
    package var action: Action

    package init(id: String, due: Due, action: Action) {
        self.id = id
        self.due = due
        self.action = action
    }

    /// Which rows a rule is for; what is not said restricts nothing.
    package struct Filter: Hashable, Sendable {
        /// One column must hold one of some values.
        package struct Condition: Hashable, Sendable {
            /// Position in `TableDefinition.columns`.
            package var column: Int
            package var values: [Value]
        }

        /// All of them must hold.
        package var conditions: [Condition] = []
        /// Days since 1970 of the row's time, both ends included.
        package var firstDay: Int32?
        package var lastDay: Int32?
        /// Bytes of the object: a partition's Parquet, or a raw file.
        package var largerThanBytes: Int64?
        package var smallerThanBytes: Int64?

        package init() {}
    }
}

/// Storage classes of the cold tier, warmest first.
package enum StorageClass: String, CaseIterable, Sendable {
    /// On the cold tier, and read by queries like hot data.
    case glacierIR = "GLACIER_IR"
    /// Skipped by queries until it is restored.
    case glacier = "GLACIER"
    case deepArchive = "DEEP_ARCHIVE"
}

/// What a query does about rows that are archived.
package enum GlacierMode: String, CaseIterable, Sendable {
    /// They are not there, restored or not.
    case skip
    /// Restored copies are read, the rest is not there.
    case restored
    /// A query that needs archived rows that are not restored fails.
    case fail
}
