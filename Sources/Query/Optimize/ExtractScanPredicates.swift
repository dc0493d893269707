import Columnar

/// Tells scans which rows a filter cannot keep, so that files, row groups and pages are skipped.
///
/// The filter stays: a scan predicate may be wider than the condition that it came from. Conditions on
/// monotone functions of a time become ranges of the time itself (`Preimage`).
enum ExtractScanPredicates {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        plan.mapped { node in
            guard case .filter(.scan(var scan), let predicate) = node else { return node }
            let extractor = ScanPredicateExtractor(scan)
            let found = predicate.conjuncts.compactMap { extractor.predicate($0) }
            guard !found.isEmpty else { return node }
            for new in found where !scan.request.predicates.contains(new) {
                scan.request.predicates.append(new)
            }
            return .filter(.scan(scan), predicate)
        }
    }
}

/// Conditions over one scan's outputs to predicates over its table's columns.
struct ScanPredicateExtractor {
    let scan: ScanNode

    init(_ scan: ScanNode) {
        self.scan = scan
    }

    /// What every row that satisfies the condition satisfies; nil if nothing is known.
    func predicate(_ condition: BoundExpression) -> ScanPredicate? {
        switch condition {
        case .and(let terms):
            let known = terms.compactMap(predicate)
            return known.isEmpty ? nil : known.count == 1 ? known[0] : .and(known)
        case .or(let terms):
            var all: [ScanPredicate] = []
            for term in terms {
                guard let known = predicate(term) else { return nil }
                all.append(known)
            }
            return .or(all)
        case .compare(let op, let value, .literal(let constant, _)):
            return comparison(op, value, constant)
        case .inList(let value, let list): return membership(value, list)
        case .isNull(let value): return column(value).map { .isNull($0.path) }
        case .not(.isNull(let value)): return column(value).map { .isNotNull($0.path) }
        case .like(let value, .literal(.text(let pattern), _), let escape, _):
            return likeness(value, pattern, escape)
        case .column, .field: return truth(condition, true)
        case .not(let operand): return truth(operand, false)
        case .call(let call) where call.function.name == "starts_with":
            guard case .literal(.text(let prefix), _) = call.arguments[1] else { return nil }
            return likeness(call.arguments[0], prefix: prefix)
        default: return nil
        }
    }

    // MARK: Columns

    /// The table column or nested leaf behind an expression, with its type.
    private func column(_ expression: BoundExpression) -> (path: ScanColumnPath, type: DataType)? {
        switch expression {
        case .column(let position, let type):
            guard position < scan.request.columns.count else { return nil }
            return (ScanColumnPath(index: scan.request.columns[position].index), type)
        case .field(let base, let child, let type):
            guard var (path, _) = column(base) else { return nil }
            path.children.append(child)
            return (path, type)
        default: return nil
        }
    }

    private func truth(_ operand: BoundExpression, _ value: Bool) -> ScanPredicate? {
        guard let (path, type) = column(operand), type == .boolean else { return nil }
        return .compare(path, .equal, .boolean(value))
    }

    // MARK: Comparisons

    private func comparison(
        _ op: Comparison, _ value: BoundExpression, _ constant: Value
    ) -> ScanPredicate? {
        if let (path, type) = column(value), !type.isNested {
            if op == .isNotDistinctFrom, constant == .null { return .isNull(path) }
            if op == .isDistinctFrom, constant == .null { return .isNotNull(path) }
            guard constant != .null, let plain = op.scanComparison else { return nil }
            return .compare(path, plain, Self.inUTC(constant, type))
        }
        guard constant != .null else { return nil }
        if let (inner, narrowed) = Self.unwidened(value, constant) {
            return comparison(op, inner, narrowed)
        }
        return ranged(op, value, constant)
    }

    /// Instants are equal whatever their zones; storage has them all in UTC.
    private static func inUTC(_ constant: Value, _ type: DataType) -> Value {
        guard case .timestampTZ = type, case .int128(let bits) = constant else { return constant }
        return .int128(ZonedTime(micros: ZonedTime(bits: bits).micros).bits)
    }

    /// `cast(small AS bigint) = 5` asks the same of `small`, if 5 fits.
    private static func unwidened(
        _ value: BoundExpression, _ constant: Value
    ) -> (BoundExpression, Value)? {
        guard case .cast(let inner, let to, _, _) = value,
            Coercion.isImplicit(from: inner.type, to: to)
        else { return nil }
        switch (inner.type, to) {
        case (.varchar, .varchar): return (inner, constant)
        case (let from, _) where from.isInteger && to.isInteger:
            guard case .int(let number) = constant, from.holds(number) else { return nil }
            return (inner, constant)
        case (.timestamp, .timestamp): return (inner, constant)
        case (.date, .timestamp):
            guard case .int(let micros) = constant, micros % CivilTime.microsPerDay == 0 else {
                return nil
            }
            return (inner, .int(micros / CivilTime.microsPerDay))
        default: return nil
        }
    }

    private func ranged(
        _ op: Comparison, _ value: BoundExpression, _ constant: Value
    ) -> ScanPredicate? {
        guard let (argument, range) = Preimage.of(value, constant),
            let (path, type) = column(argument), let low = range.low.value(of: type),
            let high = range.high.value(of: type)
        else { return nil }
        let from = ScanPredicate.compare(path, .greaterOrEqual, low)
        let below = ScanPredicate.compare(path, .less, high)
        switch op {
        case .equal, .isNotDistinctFrom: return .and([from, below])
        case .less: return .compare(path, .less, low)
        case .lessOrEqual: return below
        case .greater: return .compare(path, .greaterOrEqual, high)
        case .greaterOrEqual: return from
        default: return nil
        }
    }

    private func membership(
        _ value: BoundExpression, _ list: [BoundExpression]
    ) -> ScanPredicate? {
        var constants: [Value] = []
        for item in list {
            guard case .literal(let constant, _) = item else { return nil }
            if constant != .null { constants.append(constant) }
        }
        if let (path, type) = column(value), !type.isNested {
            return .isIn(path, constants.map { Self.inUTC($0, type) })
        }
        guard constants.count <= 64 else { return nil }
        var ranges: [ScanPredicate] = []
        for constant in constants {
            guard let range = comparison(.equal, value, constant) else { return nil }
            ranges.append(range)
        }
        return ranges.isEmpty ? nil : .or(ranges)
    }

    // MARK: Text

    private func likeness(
        _ value: BoundExpression, _ pattern: String, _ escape: BoundExpression?
    ) -> ScanPredicate? {
        var mark: String?
        if let escape {
            guard case .literal(.text(let text), _) = escape else { return nil }
            mark = text
        }
        guard let (prefix, isWhole) = LikeText.prefix(pattern, escape: mark) else { return nil }
        guard isWhole else { return likeness(value, prefix: prefix) }
        return comparison(.equal, value, .text(prefix))
    }

    /// Texts that begin with a prefix lie between it and the next text of its length.
    private func likeness(_ value: BoundExpression, prefix: String) -> ScanPredicate? {
        var operand = value
        if case .cast(let inner, .varchar, _, _) = value, case .varchar = inner.type {
            operand = inner
        }
        guard !prefix.isEmpty, let (path, type) = column(operand), case .varchar = type else {
            return nil
        }
        let from = ScanPredicate.compare(path, .greaterOrEqual, .text(prefix))
        guard let next = Self.successor(prefix) else { return from }
        return .and([from, .compare(path, .less, .text(next))])
    }

    /// The least text after every text with the prefix; UTF-8 orders as code points do.
    private static func successor(_ prefix: String) -> String? {
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            view.append(scalar)
            return String(view)
        }
        return nil
    }
}

extension Comparison {
    fileprivate var scanComparison: ScanComparison? {
        switch self {
        case .equal, .isNotDistinctFrom: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .isDistinctFrom: nil
        }
    }
}

extension DataType {
    fileprivate func holds(_ number: Int64) -> Bool {
        switch self {
        case .tinyint: Int8(exactly: number) != nil
        case .smallint: Int16(exactly: number) != nil
        case .integer: Int32(exactly: number) != nil
        default: true
        }
    }
}
