import Columnar

/// What a sweep is going to do, file by file; made before anything is touched.
///
/// Its `id` is the day for which it was made and a hash of all that it names, so that what somebody has
/// read is what is done. Equal lakes, rules and days give equal plans.
package struct SweepPlan: Sendable {
    /// Where a file's rows are now.
    enum Origin: Hashable, Sendable {
        /// In the snapshot; of GLACIER_IR if it lies in the cold tier.
        case live(LiveFile)
        case cold(ColdFiles.Record)
    }

    /// One Parquet file of a partition.
    struct File: Hashable, Sendable {
        var origin: Origin
        /// Absolute.
        var path: String
        var rows: Int64
        var sizeBytes: Int64
        /// nil: hot.
        var storageClass: StorageClass?
        /// Rows by what becomes of them; those that stay as they are under nil.
        var fates: [RetentionRule.Action?: Int64]
        var verdict: Lifecycle.Verdict
        /// Rows that holds on single rows keep, by the hold's id.
        var held: [Int64: Int64] = [:]

        /// An amendment that still lies in the lake's folder.
        var isToBeCarried: Bool {
            guard case .cold(let record) = origin else { return false }
            return record.place == .lake && verdict.hold == nil
        }

        /// Whether anything becomes of it.
        var hasWork: Bool { isToBeCarried || fates.contains { $0.key != nil } }

        /// Whether one thing becomes of all its rows: the only key of `fates`.
        var isUniform: Bool { fates.count == 1 }

        /// Whether all its rows share this fate.
        func isWhole(_ action: RetentionRule.Action?) -> Bool {
            isUniform && fates[action] != nil
        }

        func rows(_ action: RetentionRule.Action?) -> Int64 { fates[action] ?? 0 }
    }

    /// A partition with something to do, or held.
    struct Partition: Hashable, Sendable {
        var value: Int32
        /// Its folder: `posted_at_day=2026-01-02`.
        var name: String
        var files: [File]

        var work: [File] { files.filter(\.hasWork) }

        /// Every file of it expires as a whole.
        var expires: Bool { !files.isEmpty && files.allSatisfy { $0.isWhole(.expire) } }
        /// Some rows expire, others do not.
        var expiresPartly: Bool {
            !expires && files.contains { $0.rows(.expire) > 0 }
        }
    }

    /// One table's part.
    struct Table: Sendable {
        var name: String
        var source: Int64
        var table: LakeTable
        /// Rising; all have work.
        var partitions: [Partition] = []
        /// Partitions, files, rows and bytes that a cap leaves for another sweep.
        var waiting = SweepReport.Amount()
        /// The first partition that waits, as do all behind it.
        var firstWaiting: Int32?
        var held: [SweepReport.Held] = []
        /// Rows of the snapshot.
        var rows: Int64 = 0
        /// Rows that were archived before.
        var archivedRows: Int64 = 0
        /// Rows that never move: of NULL's partition, or of a table without partitions.
        var undatedRows: Int64 = 0
        /// Temporary copies of partitions that expire: they go with them.
        var endingCopies: [LiveFile] = []
        /// Partitions left as they are, because a file of theirs cannot be read.
        var damaged: [SweepReport.Damaged] = []
        /// Another table that reads the same raw files, which therefore stay.
        var sharesRawWith: String?
        /// Raw files to be packed; nil where there is no raw folder, or no rule.
        var raw: RawPacking.Plan?
        /// Packs all of whose files are due for a further class.
        var packs: [PackMove] = []

        /// Nothing becomes of any file or pack.
        var isEmpty: Bool {
            partitions.isEmpty && packs.isEmpty && raw?.counts.isEmpty ?? true
        }

        /// Rows that leave the snapshot.
        var leavingRows: Int64 {
            var sum: Int64 = 0
            for file in partitions.flatMap(\.files) {
                guard case .live = file.origin else { continue }
                for (action, rows) in file.fates {
                    switch action {
                    case nil, .transition(.glacierIR): continue
                    case .transition, .expire: sum &+= rows
                    }
                }
            }
            return sum
        }

        /// Archived rows that expire: nothing brings them back.
        var expiringArchivedRows: Int64 {
            var sum: Int64 = 0
            for file in partitions.flatMap(\.files) {
                if case .cold = file.origin { sum &+= file.rows(.expire) }
            }
            return sum
        }
    }

    /// A pack that another class is due for.
    struct PackMove: Hashable, Sendable {
        var pack: Packs.Record
        var storageClass: StorageClass
    }

    /// Days since 1970: rules are held against its first instant.
    package let day: Int32
    let tables: [Table]
    /// `20261121-0123456789abcdef`: the day, then 8 digits for partitions and 8 for raw files.
    package let id: String

    init(day: Int32, tables: [Table]) {
        self.day = day
        self.tables = tables
        id =
            Self.prefix(of: day) + "-" + Self.hex(Self.digest(tables))
            + Self.hex(Self.rawDigest(tables))
    }

    var isEmpty: Bool { tables.allSatisfy(\.isEmpty) }

    private static func rawDigest(_ tables: [Table]) -> [UInt8] {
        var bytes: [UInt8] = []
        for table in tables {
            bytes += table.raw.map { $0.counts.isEmpty ? [] : $0.digest } ?? []
            for move in table.packs {
                bytes += Array("\(move.pack.path) \(move.storageClass.rawValue)\n".utf8)
            }
        }
        return SHA256.digest(bytes)
    }

    private static func digest(_ tables: [Table]) -> [UInt8] {
        var text = ""
        for table in tables {
            for partition in table.partitions {
                for file in partition.work {
                    text += "\(table.name) \(partition.value) \(file.line)\n"
                }
            }
        }
        return SHA256.digest(Array(text.utf8))
    }

    /// The first 8 hexadecimal digits.
    private static func hex(_ digest: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(
            digest.prefix(4).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static func prefix(of day: Int32) -> String {
        let date = CivilTime.date(fromDays: Int64(day))
        func padded(_ number: Int64, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return padded(date.year, 4) + padded(Int64(date.month), 2) + padded(Int64(date.day), 2)
    }

    /// The day of a plan's id; nil if the text is none.
    static func day(ofID id: String) -> Int32? {
        let bytes = Array(id.utf8)
        guard bytes.count == 25, bytes[8] == UInt8(ascii: "-"),
            bytes[..<8].allSatisfy({ (0x30...0x39).contains($0) }),
            bytes[9...].allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }),
            let year = Int64(id.prefix(4)), let month = Int(id.dropFirst(4).prefix(2)),
            let day = Int(id.dropFirst(6).prefix(2)), (1...12).contains(month),
            (1...CivilTime.daysInMonth(year: year, month: month)).contains(day)
        else { return nil }
        return Int32(clamping: CivilTime.days(year: year, month: month, day: day))
    }

    /// In what another plan of the same day differs, in words.
    func difference(from asked: String) -> String {
        let (mine, theirs) = (id.dropFirst(9), asked.dropFirst(9))
        let partitions = mine.prefix(8) != theirs.prefix(8)
        let raw = mine.suffix(8) != theirs.suffix(8)
        return partitions && raw
            ? "its partitions and its raw files" : partitions ? "its partitions" : "its raw files"
    }
}

extension SweepPlan.File {
    /// All that the plan says of it, as one line.
    fileprivate var line: String {
        let place: String
        switch origin {
        case .live(let live): place = "live \(live.file.path)"
        case .cold(let record): place = "\(record.place.rawValue) \(record.path)"
        }
        let shares = fates.map { "\($0.key?.name ?? "stay")=\($0.value)" }.sorted()
        return "\(place) \(rows) \(sizeBytes) \(storageClass?.rawValue ?? "STANDARD") "
            + shares.joined(separator: " ")
    }
}

extension RetentionRule.Action {
    /// `GLACIER`, `EXPIRE`.
    var name: String {
        switch self {
        case .transition(let storage): storage.rawValue
        case .expire: "EXPIRE"
        }
    }
}
