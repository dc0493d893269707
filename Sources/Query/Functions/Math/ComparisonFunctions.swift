import Columnar

/// greatest, least and typeof: functions over values of any type.
enum ComparisonFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "greatest", summary: "Largest argument, NULL if any is",
            [
                ScalarOverload(
                    [.t, .t], isVariadic: true, result: .pattern(.t), kernel: extreme { $0 > 0 })
            ]),
        ScalarFunction(
            "least", summary: "Smallest argument, NULL if any is",
            [
                ScalarOverload(
                    [.t, .t], isVariadic: true, result: .pattern(.t), kernel: extreme { $0 < 0 })
            ]),
        ScalarFunction(
            "typeof", summary: "Name of an expression's type",
            [
                ScalarOverload([.t], result: .text) { (arguments, context) throws(QueryError) in
                    try arguments.constant(.text("\(arguments.types[0])"), context)
                }
            ]),
    ]

    /// Picks one argument's row per row out of all arguments one after the other.
    private static func extreme(_ isBetter: @escaping @Sendable (Int) -> Bool) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let (all, bases) = try ArrayConcat.joined(arguments.columns, context)
            let order = try ElementOrder(all, type: arguments.resultType, pool: context.pool)
            return try ArrayFunctions.collectRows(of: all, arguments, &context) { row in
                var best: Int?
                for base in bases {
                    if order.isNull(base + row) { return nil }
                    if let known = best, !isBetter(order.compare(base + row, order, known)) {
                        continue
                    }
                    best = base + row
                }
                return best
            }
        }
    }
}
