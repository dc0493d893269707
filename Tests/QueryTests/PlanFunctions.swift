import Columnar

@testable import Query

/// A few signatures without kernels: plans must not change when the standard functions do.
enum PlanFunctions {
    static let registry = FunctionRegistry(
        scalars: scalars, aggregates: aggregates, windows: windows)

    private static func scalar(
        _ name: String, _ parameters: [TypePattern]..., result: ResultRule,
        isVariadic: Bool = false, isDeterministic: Bool = true
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: name,
            parameters.map {
                ScalarOverload(
                    $0, isVariadic: isVariadic, result: result, isDeterministic: isDeterministic
                ) { (_, _) throws(QueryError) in
                    throw QueryError(.internalError, "no kernel")
                }
            })
    }

    private static let t = TypePattern.variable("T")
    private static let u = TypePattern.variable("U")
    private static let text = ResultRule.exact(.text)
    private static let bigint = ResultRule.exact(.bigint)
    private static let first = ResultRule.computed { $0[0] }

    private static let scalars: [ScalarFunction] = [
        scalar("lower", [.varchar], result: text), scalar("length", [.varchar], result: bigint),
        scalar("concat", [.varchar, .varchar, .varchar], result: text, isVariadic: true),
        scalar("strpos", [.varchar, .varchar], result: bigint),
        scalar("starts_with", [.varchar, .varchar], result: .exact(.boolean)),
        scalar("abs", [.exact(.bigint)], [.decimal], [.exact(.double)], result: first),
        scalar("sqrt", [.exact(.double)], result: .exact(.double)),
        scalar("greatest", [t, t], result: .pattern(t), isVariadic: true),
        scalar("random", [], result: .exact(.double), isDeterministic: false),
        scalar(
            "date", [.exact(.date)], [.timestamp], [.timestampTZ], [.varchar],
            result: .exact(.date)),
        scalar("year", [.exact(.date)], [.timestamp], [.timestampTZ], result: bigint),
        scalar("month", [.exact(.date)], [.timestamp], [.timestampTZ], result: bigint),
        scalar(
            "date_trunc", [.varchar, .exact(.date)], [.varchar, .timestamp],
            [.varchar, .timestampTZ], result: .computed { $0[1] }),
        scalar(
            "$plus_interval", [.exact(.date), .exact(.intervalDayToSecond)],
            [.exact(.date), .exact(.intervalYearToMonth)],
            [.timestamp, .exact(.intervalDayToSecond)],
            [.timestamp, .exact(.intervalYearToMonth)], result: first),
        scalar(
            "$minus_interval", [.exact(.date), .exact(.intervalDayToSecond)],
            [.timestamp, .exact(.intervalDayToSecond)], result: first),
        scalar("at_timezone", [.timestampTZ, .varchar], result: first),
        scalar("$subscript", [.array(t), .exact(.bigint)], result: .pattern(t)),
        scalar("element_at", [.array(t), .exact(.bigint)], result: .pattern(t)),
        scalar("cardinality", [.array(t)], result: bigint),
        scalar(
            "transform", [.array(t), .function([t], u)], result: .pattern(.array(u))),
        scalar(
            "filter", [.array(t), .function([t], .exact(.boolean))], result: .pattern(.array(t))),
        scalar(
            "reduce", [.array(t), u, .function([u, t], u), .function([u], .variable("R"))],
            result: .pattern(.variable("R"))),
    ]

    private static func aggregate(
        _ name: String, _ parameters: [TypePattern]..., result: ResultRule
    ) -> AggregateFunction {
        AggregateFunction(
            name, summary: name,
            parameters.map {
                AggregateOverload($0, result: result) { _, _ in
                    preconditionFailure("planning makes no accumulator")
                }
            })
    }

    private static let aggregates: [AggregateFunction] = [
        aggregate("count", [], [t], result: bigint),
        aggregate("sum", [.exact(.bigint)], [.decimal], [.exact(.double)], result: first),
        aggregate("avg", [.exact(.double)], result: .exact(.double)),
        aggregate("min", [t], result: .pattern(t)), aggregate("max", [t], result: .pattern(t)),
        aggregate("max_by", [t, u], result: .pattern(t)),
        aggregate("array_agg", [t], result: .pattern(.array(t))),
        aggregate("listagg", [.varchar, .varchar], result: text),
    ]

    private static let windows: [WindowFunction] = [
        WindowFunction(
            "row_number", kind: .rowNumber, summary: "row_number", parameters: [[]],
            result: bigint),
        WindowFunction("rank", kind: .rank, summary: "rank", parameters: [[]], result: bigint),
        WindowFunction(
            "lag", kind: .lag, summary: "lag", parameters: [[t], [t, .exact(.bigint)]],
            result: .pattern(t)),
        WindowFunction(
            "first_value", kind: .firstValue, summary: "first_value", parameters: [[t]],
            result: .pattern(t)),
    ]
}

/// A hand-made evaluator of the constants that the golden plans have.
enum PlanEvaluator {
    @Sendable static func evaluate(_ expression: BoundExpression) -> Value? {
        switch expression {
        case .arithmetic(let op, .literal(.int(let a), _), .literal(.int(let b), _), _, _):
            switch op {
            case .add: return .int(a + b)
            case .multiply: return .int(a * b)
            case .divide: return b == 0 ? nil : .int(a / b)
            default: return nil
            }
        case .compare(.equal, .literal(let a, _), .literal(let b, _)): return .boolean(a == b)
        case .call(let call) where call.function.name == "$plus_interval":
            guard case .literal(.int(let days), .date) = call.arguments[0],
                case .literal(.int(let millis), .intervalDayToSecond) = call.arguments[1]
            else { return nil }
            return .int(days + millis / 86_400_000)
        case .call(let call) where call.function.name == "random": return .double(0.5)
        default: return nil
        }
    }
}
