/// Says which files no wanted row can come from, by what is the same for all their rows.
///
/// Nothing of the file is read for it. Columns that are not constant may hold anything.
struct ConstantPruning {
    let constants: [Int: Value]

    /// False only if no row with these constants satisfies every predicate.
    func mayMatch(_ predicates: [ScanPredicate]) -> Bool {
        predicates.allSatisfy(mayMatch)
    }

    private func mayMatch(_ predicate: ScanPredicate) -> Bool {
        switch predicate {
        case .compare(let path, let comparison, let value):
            bounds(path)?.mayMatch(comparison, value) ?? true
        case .isIn(let path, let values):
            bounds(path).map { bounds in values.contains { bounds.mayMatch(.equal, $0) } } ?? true
        case .isNull(let path): bounds(path)?.mayBeNull ?? true
        case .isNotNull(let path): bounds(path)?.mayBeNotNull ?? true
        case .and(let parts): parts.allSatisfy(mayMatch)
        case .or(let parts): parts.contains(where: mayMatch)
        }
    }

    private func bounds(_ path: ScanColumnPath) -> ColumnBounds? {
        guard path.children.isEmpty, let value = constants[path.index] else { return nil }
        return ColumnBounds(constant: value, rows: 1)
    }
}

extension ColumnBounds {
    /// The bounds of one value in `rows` rows.
    init(constant value: Value, rows: Int) {
        self.init()
        valueCount = rows
        nullCount = value.isNull ? rows : 0
        if !value.isNull {
            lower = value
            upper = value
            areExact = true
        }
    }
}
