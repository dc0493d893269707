import Lake
import Synchronization

/// What the scans of one query passed over as archived, by table, once for each file.
final class SkippedRowsLog: Sendable {
    private struct Skipped {
        var archive: TableArchive
        var mode: GlacierMode
        var files: ColdSelection
    }

    private struct State {
        var tables: [String: Skipped] = [:]
        /// Files of GLACIER_IR on a cold tier that is not mounted, by table.
        var unreachable: [String: Set<DataFile>] = [:]
    }

    private let state = Mutex(State())

    /// Adds cold files that a scan would have needed.
    func add(_ files: ColdSelection, of archive: TableArchive, _ mode: GlacierMode) {
        guard !files.isEmpty else { return }
        state.withLock { state in
            // A table is bound once more for each place where it stands; all see one commit or the next.
            let name = archive.table.name
            state.tables[name, default: Skipped(archive: archive, mode: mode, files: files)]
                .files.formUnion(files)
        }
    }

    func addUnreachable(_ files: [DataFile], of table: String) {
        state.withLock { $0.unreachable[table, default: []].formUnion(files) }
    }

    /// The notice behind a query's summary; empty if nothing was skipped.
    ///
    /// - lakeOption: `--lake` as it was given, for the command that brings the rows back.
    func text(lakeOption: String?) -> String {
        let state = state.withLock { $0 }
        var text = ""
        for (name, skipped) in state.tables.sorted(by: { $0.key < $1.key }) {
            guard let rows = skipped.archive.skipped(skipped.files, skipped.mode) else { continue }
            var words = SkippedRowsText(table: name, rows: rows, lakeOption: lakeOption)
            words.unmountedTier = (try? skipped.archive.unmountedTier()) ?? nil
            text += words.notice
        }
        for (name, files) in state.unreachable.sorted(by: { $0.key < $1.key }) {
            let rows = files.reduce(0) { $0 + Int($1.recordCount) }
            text += "\(name): skipped \(Amount.count(rows, "row")) of GLACIER_IR in "
            text += "\(Amount.count(files.count, "file")): the cold tier is not mounted\n"
        }
        return text
    }
}

/// The words for a table's archived rows.
struct SkippedRowsText {
    let table: String
    let rows: SkippedRows
    var lakeOption: String?
    /// The cold tier's folder, where it is not mounted.
    var unmountedTier: String?

    /// `1,234 archived rows in 3 partitions, 45 KB of GLACIER, 2025-01-01 to 2025-03-31`.
    private var amount: String {
        var text = Amount.count(Int(rows.rowCount), "archived row")
        text += " in \(Amount.count(rows.partitionCount, "partition"))"
        let classes = StorageClass.allCases.filter(rows.storageClasses.contains)
        text += ", \(Amount.bytes(Int(rows.sizeBytes))) of "
        text += classes.map(\.rawValue).joined(separator: " and ")
        if let days = rows.days {
            text += ", \(Instant.day(days.lowerBound))"
            if days.count > 1 { text += " to \(Instant.day(days.upperBound))" }
        }
        return text
    }

    /// What a query that may not miss any says.
    var failure: String { "\(table): the query needs \(amount)" }

    /// What restores exactly the days of these rows.
    var command: String {
        var words = "lake restore \(table)"
        if let days = rows.days {
            words += " --from \(Instant.day(days.lowerBound))"
            words += " --until \(Instant.day(days.upperBound))"
        }
        if let lakeOption { words += " --lake \(PrintedName.word(lakeOption))" }
        return words
    }

    var notice: String {
        var text = "\(table): skipped \(amount)\n"
        if rows.restoringCount > 0 {
            let isAll = rows.restoringCount == rows.partitionCount
            text += isAll ? "  they are" : "  \(rows.restoringCount) of the partitions are"
            text += " being restored"
            if let micros = rows.availableMicros {
                text += ", available from \(Instant.text(micros: micros))"
            }
            text += "\n"
            if isAll { return text }
        }
        if let unmountedTier {
            text += "  they lie in the cold tier \(unmountedTier), which is not mounted\n"
        }
        return text + "  to bring them back: \(command)\n"
    }
}
