import Columnar
import Synchronization

/// The checks of single rows, held against values that a fill takes out of `_extra`.
///
/// A value that breaks a check with `quarantine` stays where it is, as a raw file that breaks one keeps
/// its old row; with `fail` the run ends, and with `warn` it is told. Only values that are filled are
/// tested: what they join was tested when it came.
final class FillChecks: Sendable {
    private let definition: TableDefinition
    /// Of each column, by position in the definition, its checks by theirs.
    private let checks: [Int: [Int]]
    private let held: Mutex<CheckTally>

    init(_ definition: TableDefinition) {
        self.definition = definition
        var checks: [Int: [Int]] = [:]
        for (index, check) in definition.checks.enumerated() where check.isOfRows {
            checks[check.columns[0], default: []].append(index)
        }
        self.checks = checks
        held = Mutex(CheckTally(checkCount: definition.checks.count))
    }

    /// What was found so far.
    var tally: CheckTally { held.withLock { $0 } }

    /// Whether there is a check of a column, by its position in the definition.
    func concern(_ column: Int) -> Bool { checks[column] != nil }

    /// The rows whose value must not be filled into a column.
    ///
    /// - values: one for each of `rows`, which are positions in `paths`, the raw paths; only those at
    ///   `places` are meant.
    func refused(
        _ values: Column, at places: [Int], of rows: [UInt32], column: Int, paths: Column
    ) throws(ColumnarError) -> Set<UInt32> {
        var refused: Set<UInt32> = []
        guard !places.isEmpty, let chosen = checks[column] else { return refused }
        var tally = CheckTally(checkCount: definition.checks.count)
        tally.rows = places.count
        var encoder = ValueEncoding()
        for index in chosen {
            let check = definition.checks[index]
            let rule = try rule(check)
            for place in places where encoder.with(values, place, { rule.isBroken(by: $0) }) {
                let row = rows[place]
                var name = ""
                if case .text(let path) = try paths.value(at: Int(row), type: .text) { name = path }
                tally.add(name, check: index)
                if check.onFailure == .quarantine { refused.insert(row) }
            }
        }
        held.withLock { $0 += tally }
        return refused
    }

    private func rule(_ check: QualityCheck) throws(ColumnarError) -> RowRule {
        do throws(LakeError) {
            if let rule = try RowRule(check, of: definition) { return rule }
        } catch {
            throw .corrupt(FileLocation(path: definition.name), reason: "\(error)")
        }
        preconditionFailure("a check of rows has a rule")
    }
}
