/// How many of a table's raw files may be gone in one run before the run is refused.
///
/// A tree that is half mounted looks like millions of deletions. So a run in which too many of the files that
/// were there last time are missing changes nothing, until somebody says that it is meant.
package enum MissingLimit: Hashable, Sendable {
    /// Of the table's remembered files; never refuses fewer than `freeFiles`.
    case percent(Int)
    case files(Int)

    /// Fewer files than this are somebody's tidying, whatever share of a small table they are.
    package static let freeFiles = 100
    package static let standard = MissingLimit.percent(20)

    /// Whether a run with `missing` newly missing files of `remembered` is refused.
    func refuses(missing: Int, remembered: Int) -> Bool {
        switch self {
        case .percent(let percent):
            missing >= Self.freeFiles
                && missing.multipliedReportingOverflow(by: 100).partialValue
                    > remembered.multipliedReportingOverflow(by: percent).partialValue
        case .files(let limit): missing > limit
        }
    }

    /// Throws `missingFiles` if a table's run is refused; counts the remembered files only if it may be.
    func check(
        missing: Int, table: String, source: Int64, database: Database
    ) throws(LakeError) {
        guard refuses(missing: missing, remembered: missing) else { return }
        let remembered = try Self.remembered(source, database)
        guard refuses(missing: missing, remembered: remembered) else { return }
        throw .missingFiles(table: table, missing: missing, remembered: remembered)
    }

    /// Files of a table that were there when last looked for.
    private static func remembered(
        _ source: Int64, _ database: Database
    ) throws(LakeError) -> Int {
        let cursor = try RawFiles.Cursor(database, source: source)
        var entries = RawFileChunk.Entries()
        var count = 0
        while let row = try cursor.peek() {
            cursor.advance()
            entries.removeAll()
            let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: row.folder) }
            for state in entries.states
            where state.flags.isDisjoint(with: [.isVanished, .isCold]) {
                count += 1
            }
        }
        return count
    }
}
