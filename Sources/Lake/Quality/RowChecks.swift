import Columnar

/// The checks of single rows, held against each row that a run is about to stage; one a worker.
struct RowChecks {
    private struct Item {
        var rule: RowRule
        /// Position in `TableDefinition.checks`.
        var check: Int
        var column: Int
        var sparesFile: Bool
    }

    private let definition: TableDefinition
    private let items: [Item]
    /// What was found so far, by position in `TableDefinition.checks`.
    private(set) var tally: CheckTally

    init(_ definition: TableDefinition) throws(LakeError) {
        self.definition = definition
        var items: [Item] = []
        for (index, check) in definition.checks.enumerated() {
            guard let rule = try RowRule(check, of: definition) else { continue }
            items.append(
                Item(
                    rule: rule, check: index, column: check.columns[0],
                    sparesFile: check.onFailure != .quarantine))
        }
        self.items = items
        tally = CheckTally(checkCount: definition.checks.count)
    }

    var isEmpty: Bool { items.isEmpty }

    /// Whether the staged row's file would be set aside; nothing is counted.
    func turnsDown(_ flattener: Flattener) -> Bool {
        items.contains {
            !$0.sparesFile && $0.rule.isBroken(by: flattener.stagedValue(ofColumn: $0.column))
        }
    }

    /// Tests the row that a flattener has staged; the reason if it is to be set aside.
    mutating func judge(_ flattener: Flattener, path: String) -> RejectReason? {
        var reason: RejectReason?
        tally.rows += 1
        for index in items.indices {
            let value = flattener.stagedValue(ofColumn: items[index].column)
            guard items[index].rule.isBroken(by: value) else { continue }
            tally.add(path, check: items[index].check)
            guard !items[index].sparesFile, reason == nil else { continue }
            let check = definition.checks[items[index].check].name(in: definition)
            reason = .breaksCheck(name: check, found: items[index].rule.sample(of: value))
        }
        return reason
    }
}

/// Rows that break checks, counted, with the first raw paths in order: the same for any division of work.
struct CheckTally: Sendable {
    /// Rows that were tested.
    var rows = 0
    private(set) var counts: [Int]
    private(set) var paths: [[String]]

    init(checkCount: Int) {
        counts = Array(repeating: 0, count: checkCount)
        paths = Array(repeating: [], count: checkCount)
    }

    mutating func add(_ path: String, check: Int) {
        counts[check] += 1
        keep(path, check)
    }

    private mutating func keep(_ path: String, _ check: Int) {
        let limit = CheckOutcome.sampleCount
        if paths[check].count == limit, let last = paths[check].last, last <= path { return }
        guard !paths[check].contains(path) else { return }
        let place = paths[check].firstIndex { path < $0 } ?? paths[check].count
        paths[check].insert(path, at: place)
        if paths[check].count > limit { paths[check].removeLast() }
    }

    static func += (a: inout CheckTally, b: CheckTally) {
        a.rows += b.rows
        for check in b.counts.indices {
            a.counts[check] += b.counts[check]
            for path in b.paths[check] { a.keep(path, check) }
        }
    }

    /// The outcomes of the checks of single rows; of a run that tested none, they are skipped.
    func outcomes(of definition: TableDefinition, isRun: Bool) -> [Int: CheckOutcome] {
        var outcomes: [Int: CheckOutcome] = [:]
        for (index, check) in definition.checks.enumerated() where check.isOfRows {
            if isRun, rows == 0 {
                outcomes[index] = CheckOutcome(
                    check, of: definition, status: .skipped, detail: "nothing has changed")
                continue
            }
            outcomes[index] = CheckOutcome(
                check, of: definition, violations: counts[index], paths: paths[index])
        }
        return outcomes
    }
}

extension QualityCheck {
    /// Whether one row is enough to know that it is broken.
    var isOfRows: Bool {
        switch rule {
        case .notNull, .acceptedValues, .range, .pattern: true
        case .unique, .references, .minimumRows, .freshness: false
        }
    }
}
