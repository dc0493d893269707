import Columnar
import Glibc

/// Powers, logarithms, trigonometry, constants and tests of doubles.
enum DoubleFunctions {
    static let all: [ScalarFunction] = [
        unary("sqrt", "Square root") { $0.squareRoot() },
        unary("cbrt", "Cube root") { Glibc.cbrt($0) },
        unary("exp", "e to a power") { Glibc.exp($0) },
        unary("ln", "Natural logarithm") { Glibc.log($0) },
        unary("log2", "Logarithm to base 2") { Glibc.log2($0) },
        unary("log10", "Logarithm to base 10") { Glibc.log10($0) },
        unary("sin", "Sine of radians") { Glibc.sin($0) },
        unary("cos", "Cosine of radians") { Glibc.cos($0) },
        unary("tan", "Tangent of radians") { Glibc.tan($0) },
        unary("asin", "Arc sine in radians") { Glibc.asin($0) },
        unary("acos", "Arc cosine in radians") { Glibc.acos($0) },
        unary("atan", "Arc tangent in radians") { Glibc.atan($0) },
        unary("sinh", "Hyperbolic sine") { Glibc.sinh($0) },
        unary("cosh", "Hyperbolic cosine") { Glibc.cosh($0) },
        unary("tanh", "Hyperbolic tangent") { Glibc.tanh($0) },
        unary("degrees", "Radians in degrees") { $0 * 180 / .pi },
        unary("radians", "Degrees in radians") { $0 / 180 * .pi },
        binary("power", aliases: ["pow"], "A number to a power") { Glibc.pow($0, $1) },
        binary("log", "Logarithm to a base: log(base, number)") { Glibc.log($1) / Glibc.log($0) },
        binary("atan2", "Arc tangent of y / x") { Glibc.atan2($0, $1) },
        constant("pi", "The constant pi", .pi),
        constant("e", "Euler's number", M_E),
        constant("infinity", "Positive infinity", .infinity),
        constant("nan", "Not a number", .nan),
        test("is_nan", "Whether a number is NaN") { $0.isNaN },
        test("is_finite", "Whether a number is finite") { $0.isFinite },
        test("is_infinite", "Whether a number is infinite") { $0.isInfinite },
        ScalarFunction(
            "width_bucket", summary: "Number of the histogram bucket of a value",
            [
                ScalarOverload(
                    [.double, .double, .double, .bigint], result: .bigint, kernel: widthBucket),
                ScalarOverload(
                    [.double, .array(.double)], result: .bigint, kernel: widthBucketOfBins),
            ]),
    ]

    private static func unary(
        _ name: String, _ summary: String, _ body: @escaping @Sendable (Double) -> Double
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: summary,
            [
                ScalarOverload(
                    [.double], result: .double,
                    kernel: RowKernel.of { (x: Double) throws(QueryError) -> Double? in body(x) })
            ])
    }

    private static func binary(
        _ name: String, aliases: [String] = [], _ summary: String,
        _ body: @escaping @Sendable (Double, Double) -> Double
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, summary: summary,
            [
                ScalarOverload(
                    [.double, .double], result: .double,
                    kernel: RowKernel.of { (x: Double, y: Double) throws(QueryError) -> Double? in
                        body(x, y)
                    })
            ])
    }

    private static func constant(_ name: String, _ summary: String, _ value: Double)
        -> ScalarFunction
    {
        ScalarFunction(
            name, summary: summary,
            [
                ScalarOverload([], result: .double) { (arguments, context) throws(QueryError) in
                    try arguments.constant(.double(value), context)
                }
            ])
    }

    private static func test(
        _ name: String, _ summary: String, _ body: @escaping @Sendable (Double) -> Bool
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: summary,
            [
                ScalarOverload(
                    [.double], result: .boolean,
                    kernel: RowKernel.of { (x: Double) throws(QueryError) -> Bool? in body(x) })
            ])
    }

    private static let widthBucket: ScalarKernel = { (arguments, context) throws(QueryError) in
        let values = try arguments.reader(0, as: Double.self, context)
        let lows = try arguments.reader(1, as: Double.self, context)
        let highs = try arguments.reader(2, as: Double.self, context)
        let counts = try arguments.reader(3, as: Int64.self, context)
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let x = values.row(row), let low = lows.row(row), let high = highs.row(row),
                let count = counts.row(row)
            else { return nil }
            guard count > 0 else { throw .argument("bucketCount must be greater than 0") }
            guard !x.isNaN else { throw .argument("operand must not be NaN") }
            guard low.isFinite else { throw .argument("first bound must be finite") }
            guard high.isFinite else { throw .argument("second bound must be finite") }
            guard low != high else { throw .argument("bounds cannot equal each other") }
            return bucket(x, low: low, high: high, count: count)
        }
    }

    private static func bucket(_ x: Double, low: Double, high: Double, count: Int64) -> Int64? {
        let isRising = low < high
        let (lower, upper) = isRising ? (low, high) : (high, low)
        let result: Int64
        if x < lower {
            result = 0
        } else if x >= upper {
            guard count < .max else { return nil }
            result = count + 1
        } else {
            let position = Double(count) * (x - lower) / (upper - lower)
            result = (Int64(exactly: position.rounded(.towardZero)) ?? count - 1) + 1
        }
        return isRising ? result : count &+ 1 &- result
    }

    private static let widthBucketOfBins: ScalarKernel = {
        (arguments, context) throws(QueryError) in
        let values = try arguments.reader(0, as: Double.self, context)
        let lists = try arguments.listReader(1, context)
        let bins = FlatReader<Double>(try ColumnView(lists.column.child, pool: context.pool))
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let x = values.row(row), let range = lists.row(row) else { return nil }
            guard !range.isEmpty else { throw .argument("Bins cannot be an empty array") }
            guard !x.isNaN else { throw .argument("Operand cannot be NaN") }
            var low = range.lowerBound
            var high = range.upperBound
            while low < high {
                let middle = (low + high) / 2
                guard let bin = bins.row(middle) else {
                    throw .argument("Bin values cannot be NULL")
                }
                guard bin.isFinite else { throw .argument("Bin value must be finite, got \(bin)") }
                if x < bin { high = middle } else { low = middle + 1 }
            }
            return Int64(low - range.lowerBound)
        }
    }
}
