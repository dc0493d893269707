import Columnar

/// Which expressions may run on rows that the query as written would not have asked them about.
struct Totality {
    let registry: FunctionRegistry

    /// No error for any input, and the same value each time.
    func isTotal(_ expression: BoundExpression) -> Bool {
        guard isTotalHere(expression) else { return false }
        for child in expression.children where !isTotal(child) { return false }
        return true
    }

    /// The same value each time: no random(), no uuid().
    func isDeterministic(_ expression: BoundExpression) -> Bool {
        !expression.contains { node in
            guard case .call(let call) = node else { return false }
            return !isDeterministic(call)
        }
    }

    func isDeterministic(_ call: ScalarCall) -> Bool {
        guard let function = registry.scalars[call.function.name],
            call.function.overload < function.overloads.count
        else { return false }
        return function.overloads[call.function.overload].isDeterministic
    }

    private func isTotalHere(_ expression: BoundExpression) -> Bool {
        switch expression {
        case .column, .literal, .compare, .and, .or, .not, .isNull, .inList, .caseWhen, .coalesce,
            .field, .rowConstructor, .arrayConstructor:
            true
        case .arithmetic(_, _, _, let type, _), .negate(_, let type, _):
            type == .double || type == .real
        case .cast(let operand, let to, let isTry, _):
            isTry || to == .text || Coercion.isImplicit(from: operand.type, to: to)
                || isCalendar(operand.type, to)
        case .like(_, let pattern, let escape, _): pattern.isLiteral && escape == nil
        case .call(let call): Self.totalFunctions.contains(call.function.name)
        // A subquery is run before the plan, but its own errors are the query's.
        case .scalarSubquery: true
        case .try, .lambda: false
        }
    }

    /// `cast(ts AS date)` cannot fail.
    private func isCalendar(_ from: DataType, _ to: DataType) -> Bool {
        switch (from, to) {
        case (.timestamp, .date), (.timestampTZ, .date), (.timestamp, .timestamp): true
        default: false
        }
    }

    /// Functions without any error for any argument of their types.
    private static let totalFunctions: Set<String> = [
        "lower", "upper", "length", "trim", "ltrim", "rtrim", "reverse", "strpos", "starts_with",
        "ends_with", "year", "quarter", "month", "week", "day", "day_of_week", "day_of_year",
        "hour",
        "minute", "second", "cardinality", "contains", "is_nan", "is_finite", "is_infinite",
        "json_array_length", "url_extract_host",
    ]
}
