import Columnar

/// Decides which files cannot hold a row that satisfies all predicates.
///
/// Source: iceberg.apache.org/spec, "Scan Planning": a predicate is projected through a partition's
/// transform (`ts >= c` becomes `day(ts) >= day(c)`) and also held against each column's bounds and counts.
/// Every rule errs towards keeping a file: what is not known may match.
package struct FilePruning: Sendable {
    private let schema: Schema
    private let spec: PartitionSpec?
    private let predicates: [ScanPredicate]

    package init(schema: Schema, spec: PartitionSpec?, predicates: [ScanPredicate]) {
        self.schema = schema
        self.spec = spec
        self.predicates = predicates
    }

    /// False only if no row of the file can satisfy all predicates.
    package func mayMatch(_ file: DataFile) -> Bool {
        guard !predicates.isEmpty else { return true }
        guard file.recordCount > 0 else { return false }
        for predicate in predicates
        where !evaluate(predicate, { leaf, field in mayMatch(leaf, field, file) }) {
            return false
        }
        return true
    }

    /// False only if no file of the manifest can hold such a row.
    package func mayMatch(_ manifest: ManifestFile) -> Bool {
        guard let spec, let summaries = manifest.partitions,
            summaries.count == spec.fields.count
        else { return true }
        for predicate in predicates {
            let may = evaluate(predicate) { leaf, field in
                for (part, summary) in zip(spec.fields, summaries)
                where part.sourceID == field.id {
                    let type = part.transform.resultType(of: field.type)
                    let range = ValueRange(summary, type: type)
                    if !leaf.mayMatch(range, through: part.transform, of: field.type) {
                        return false
                    }
                }
                return true
            }
            if !may { return false }
        }
        return true
    }

    private func mayMatch(_ leaf: PredicateLeaf, _ field: Field, _ file: DataFile) -> Bool {
        if !leaf.mayMatch(ValueRange(file, field), type: field.type) { return false }
        guard let spec, spec.id == file.specID else { return true }
        for (part, value) in zip(spec.fields, file.partition) where part.sourceID == field.id {
            let range = ValueRange(partition: value)
            if !leaf.mayMatch(range, through: part.transform, of: field.type) { return false }
        }
        return true
    }

    /// Walks AND and OR; depth is bounded by whoever made the predicate.
    private func evaluate(
        _ predicate: ScanPredicate, _ mayMatch: (PredicateLeaf, Field) -> Bool
    ) -> Bool {
        let path: ScanColumnPath
        let leaf: PredicateLeaf
        switch predicate {
        case .and(let parts):
            for part in parts where !evaluate(part, mayMatch) { return false }
            return true
        case .or(let parts):
            for part in parts where evaluate(part, mayMatch) { return true }
            return parts.isEmpty
        case .compare(let column, let comparison, let value):
            (path, leaf) = (column, .compare(comparison, value))
        case .isIn(let column, let values): (path, leaf) = (column, .isIn(values))
        case .isNull(let column): (path, leaf) = (column, .isNull)
        case .isNotNull(let column): (path, leaf) = (column, .isNotNull)
        }
        guard let field = field(at: path) else { return true }
        return mayMatch(leaf, field)
    }

    private func field(at path: ScanColumnPath) -> Field? {
        guard schema.fields.indices.contains(path.index) else { return nil }
        var field = schema.fields[path.index]
        for child in path.children {
            guard case .row = field.type, field.children.indices.contains(child) else {
                return nil
            }
            field = field.children[child]
        }
        return field.type.isNested ? nil : field
    }
}

/// What a predicate asks of one column.
enum PredicateLeaf {
    case compare(ScanComparison, Value)
    case isIn([Value])
    case isNull
    case isNotNull

    /// True unless no value of the range can satisfy this.
    func mayMatch(_ range: ValueRange, type: DataType) -> Bool {
        switch self {
        case .isNull: return range.mayBeNull
        case .isNotNull: return range.mayBePresent
        case .isIn(let values):
            guard range.mayBePresent else { return false }
            for value in values where range.mayMatch(.equal, value, type: type) { return true }
            return values.isEmpty
        case .compare(let comparison, let value):
            return range.mayBePresent && range.mayMatch(comparison, value, type: type)
        }
    }

    /// The same asked of partition values, where only the transform of a constant is known.
    func mayMatch(
        _ range: ValueRange, through transform: IcebergTransform, of source: DataType
    ) -> Bool {
        guard transform.isMonotone else { return true }
        let type = transform.resultType(of: source)
        switch self {
        case .isNull: return range.mayBeNull
        case .isNotNull: return range.mayBePresent
        case .isIn(let values):
            guard range.mayBePresent else { return false }
            for value in values {
                guard let part = transform.apply(value, of: source), !part.isNull else {
                    return true
                }
                if range.mayMatch(.equal, part, type: type) { return true }
            }
            return values.isEmpty
        case .compare(let comparison, let value):
            guard range.mayBePresent else { return false }
            guard !value.isNull else { return true }
            if transform == .identity {
                return range.mayMatch(comparison, value, type: type)
            }
            return Self.project(comparison, value, transform, source).map {
                range.mayMatch($0.0, $0.1, type: type)
            } ?? true
        }
    }

    /// `x < c` on whole units is `x <= c - 1`, so midnight does not drag in the day that begins there.
    private static func project(
        _ comparison: ScanComparison, _ value: Value, _ transform: IcebergTransform,
        _ source: DataType
    ) -> (ScanComparison, Value)? {
        let constant: Value?
        let projected: ScanComparison
        switch comparison {
        case .notEqual: return nil
        case .equal: (constant, projected) = (value, .equal)
        case .lessOrEqual: (constant, projected) = (value, .lessOrEqual)
        case .greaterOrEqual: (constant, projected) = (value, .greaterOrEqual)
        case .less: (constant, projected) = (value.neighbour(-1, type: source), .lessOrEqual)
        case .greater: (constant, projected) = (value.neighbour(1, type: source), .greaterOrEqual)
        }
        return transform.apply(constant ?? value, of: source).map { (projected, $0) }
    }
}

extension Value {
    /// The next or the previous date or microsecond; nil at the end of the range and for other types.
    fileprivate func neighbour(_ step: Int64, type: DataType) -> Value? {
        switch (type, self) {
        case (.date, .int(let value)), (.timestamp, .int(let value)):
            let (next, overflow) = value.addingReportingOverflow(step)
            return overflow ? nil : .int(next)
        case (.timestampTZ, .int128(let bits)):
            let zoned = ZonedTime(bits: bits)
            let (next, overflow) = zoned.micros.addingReportingOverflow(step)
            return overflow ? nil : .int128(ZonedTime(micros: next).bits)
        default: return nil
        }
    }
}
