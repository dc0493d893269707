import Columnar
import Glibc

/// abs, sign, round, floor, ceil, truncate, mod for every numeric type.
enum RoundingFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction("abs", summary: "Absolute value", absolute),
        ScalarFunction(
            "sign", summary: "-1, 0 or 1 as the number is negative, zero or positive", sign),
        ScalarFunction(
            "round", summary: "Nearest integer or decimal, halves away from zero", round),
        ScalarFunction("floor", summary: "Largest integer not above", floor),
        ScalarFunction("ceil", aliases: ["ceiling"], summary: "Smallest integer not below", ceil),
        ScalarFunction("truncate", summary: "Number without its fraction", truncate),
        ScalarFunction("mod", summary: "Remainder with the sign of the dividend", modulus),
    ]

    private static let integers: [DataType] = [.tinyint, .smallint, .integer, .bigint]

    /// One overload per integer type.
    private static func perInteger(
        _ parameters: (DataType) -> [TypePattern],
        _ kernel: (DataType) -> ScalarKernel
    ) -> [ScalarOverload] {
        integers.map {
            ScalarOverload(parameters($0), result: .exact($0), kernel: kernel($0))
        }
    }

    private static func least(_ type: DataType) -> Int64 {
        switch type {
        case .tinyint: -128
        case .smallint: -32_768
        case .integer: -2_147_483_648
        default: .min
        }
    }

    private static let absolute: [ScalarOverload] =
        perInteger({ [.exact($0)] }) { type in
            let least = least(type)
            return RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in
                guard x != least else {
                    throw .outOfRange("Value \(x) is out of range for abs(\(type))")
                }
                return x < 0 ? -x : x
            }
        } + [
            ScalarOverload(
                [.decimal], result: .first,
                kernel: RowKernel.of { (x: Int128) throws(QueryError) -> Int128? in
                    x < 0 ? 0 &- x : x
                }),
            ScalarOverload(
                [.double], result: .double,
                kernel: RowKernel.of { (x: Double) throws(QueryError) -> Double? in x.magnitude }),
            ScalarOverload(
                [.real], result: .exact(.real),
                kernel: RowKernel.of { (x: Float) throws(QueryError) -> Float? in x.magnitude }),
        ]

    private static let sign: [ScalarOverload] =
        perInteger({ [.exact($0)] }) { _ in
            RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in x.signum() }
        } + [
            ScalarOverload(
                [.decimal], result: .exact(.decimal(precision: 1, scale: 0)),
                kernel: RowKernel.of { (x: Int128) throws(QueryError) -> Int128? in x.signum() }),
            ScalarOverload(
                [.double], result: .double,
                kernel: RowKernel.of { (x: Double) throws(QueryError) -> Double? in
                    x > 0 ? 1 : x < 0 ? -1 : x
                }),
            ScalarOverload(
                [.real], result: .exact(.real),
                kernel: RowKernel.of { (x: Float) throws(QueryError) -> Float? in
                    x > 0 ? 1 : x < 0 ? -1 : x
                }),
        ]

    // MARK: round

    private static let round: [ScalarOverload] =
        perInteger({ [.exact($0)] }) { _ in
            RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in x }
        }
        + perInteger({ [.exact($0), .bigint] }) { type in
            RowKernel.of { (x: Int64, digits: Int64) throws(QueryError) -> Int64? in
                guard digits < 0 else { return x }
                guard digits >= -19 else { return 0 }
                let factor = DecimalScale.power(Int(-digits))
                let rounded = DecimalScale.divideHalfUp(Int128(x), by: factor) * factor
                let low = Int128(least(type))
                guard rounded >= low, rounded <= -(low + 1) else {
                    throw .outOfRange("Value is out of range: \(rounded)")
                }
                return Int64(truncatingIfNeeded: rounded)
            }
        } + [
            ScalarOverload(
                [.decimal], result: .computed { wholeType($0[0], extra: 1) },
                kernel: wholeDecimal { DecimalScale.divideHalfUp($0, digits: $1) }),
            ScalarOverload(
                [.decimal, .bigint],
                result: .computed {
                    let (precision, scale) = DecimalScale.of($0[0])
                    return .decimal(precision: min(38, precision + 1), scale: scale)
                },
                kernel: digitsDecimal { DecimalScale.divideHalfUp($0, digits: $1) }),
            ScalarOverload(
                [.double], result: .double,
                kernel: RowKernel.of { (x: Double) throws(QueryError) -> Double? in
                    rounded(x, digits: 0)
                }),
            ScalarOverload(
                [.real], result: .exact(.real),
                kernel: RowKernel.of { (x: Float) throws(QueryError) -> Float? in
                    Float(rounded(Double(x), digits: 0))
                }),
            ScalarOverload(
                [.double, .bigint], result: .double,
                kernel: RowKernel.of { (x: Double, digits: Int64) throws(QueryError) -> Double? in
                    rounded(x, digits: digits)
                }),
            ScalarOverload(
                [.real, .bigint], result: .exact(.real),
                kernel: RowKernel.of { (x: Float, digits: Int64) throws(QueryError) -> Float? in
                    Float(rounded(Double(x), digits: digits))
                }),
        ]

    static func rounded(_ x: Double, digits: Int64) -> Double {
        let factor = Glibc.pow(10, Double(max(-400, min(400, digits))))
        let scaled = x.magnitude * factor
        // Past 2^52 a double has no fraction to round; this covers NaN and infinity too.
        guard scaled < 4_503_599_627_370_496, factor > 0 else { return factor > 0 ? x : 0 }
        let result = (scaled + 0.5).rounded(.down) / factor
        return x < 0 ? -result : result
    }

    // MARK: floor, ceil, truncate

    private static let floor = wholeFamily(
        integer: { $0 },
        double: { $0.rounded(.down) },
        decimal: { value, digits in
            let factor = DecimalScale.power(digits)
            let quotient = value / factor
            return value % factor < 0 ? quotient - 1 : quotient
        })

    private static let ceil = wholeFamily(
        integer: { $0 },
        double: { $0.rounded(.up) },
        decimal: { value, digits in
            let factor = DecimalScale.power(digits)
            let quotient = value / factor
            return value % factor > 0 ? quotient + 1 : quotient
        })

    private static func wholeFamily(
        integer: @escaping @Sendable (Int64) -> Int64,
        double: @escaping @Sendable (Double) -> Double,
        decimal: @escaping @Sendable (Int128, Int) -> Int128
    ) -> [ScalarOverload] {
        perInteger({ [.exact($0)] }) { _ in
            RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in integer(x) }
        } + [
            ScalarOverload(
                [.decimal], result: .computed { wholeType($0[0], extra: 1) },
                kernel: wholeDecimal(decimal)),
            ScalarOverload(
                [.double], result: .double,
                kernel: RowKernel.of { (x: Double) throws(QueryError) -> Double? in double(x) }),
            ScalarOverload(
                [.real], result: .exact(.real),
                kernel: RowKernel.of { (x: Float) throws(QueryError) -> Float? in
                    Float(double(Double(x)))
                }),
        ]
    }

    private static let truncate: [ScalarOverload] = [
        ScalarOverload(
            [.decimal], result: .computed { wholeType($0[0], extra: 0) },
            kernel: wholeDecimal { $0 / DecimalScale.power($1) }),
        ScalarOverload(
            [.decimal, .bigint], result: .first,
            kernel: digitsDecimal { $1 > 38 ? 0 : $0 / DecimalScale.power($1) }),
        ScalarOverload(
            [.double], result: .double,
            kernel: RowKernel.of { (x: Double) throws(QueryError) -> Double? in
                x.rounded(.towardZero)
            }),
        ScalarOverload(
            [.real], result: .exact(.real),
            kernel: RowKernel.of { (x: Float) throws(QueryError) -> Float? in
                x.rounded(.towardZero)
            }),
    ]

    /// decimal(p,s) without its fraction; `extra` is 1 where rounding may carry.
    private static func wholeType(_ type: DataType, extra: Int) -> DataType {
        let (precision, scale) = DecimalScale.of(type)
        return .decimal(
            precision: max(1, min(38, precision - scale + min(extra, scale))), scale: 0)
    }

    /// A decimal brought to scale 0 by `body(unscaled, scale)`.
    private static func wholeDecimal(
        _ body: @escaping @Sendable (Int128, Int) -> Int128
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let values = try arguments.reader(0, as: Int128.self, context)
            let scale = DecimalScale.of(arguments.types[0]).scale
            return try arguments.collect(Int128.self, &context) { row in
                values.row(row).map { body($0, scale) }
            }
        }
    }

    /// A decimal cut by `body(unscaled, digits)` to a number of fraction digits, at its own scale.
    private static func digitsDecimal(
        _ body: @escaping @Sendable (Int128, Int) -> Int128
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let values = try arguments.reader(0, as: Int128.self, context)
            let digits = try arguments.reader(1, as: Int64.self, context)
            let scale = DecimalScale.of(arguments.types[0]).scale
            let precision = DecimalScale.of(arguments.resultType).precision
            return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
                guard let x = values.row(row), let kept = digits.row(row) else { return nil }
                guard kept < Int64(scale) else { return x }
                let dropped = Int(min(40, Int64(scale) &- max(kept, -40)))
                guard dropped <= 38 else { return 0 }
                let (result, overflow) = body(x, dropped)
                    .multipliedReportingOverflow(by: DecimalScale.power(dropped))
                guard !overflow, DecimalScale.fits(result, precision: precision) else {
                    throw .outOfRange("decimal overflow: \(x), \(kept)")
                }
                return result
            }
        }
    }

    // MARK: mod

    private static let modulus: [ScalarOverload] =
        perInteger({ [.exact($0), .exact($0)] }) { _ in
            RowKernel.of { (x: Int64, y: Int64) throws(QueryError) -> Int64? in
                guard y != 0 else { throw QueryError(.divisionByZero, "Division by zero") }
                return y == -1 ? 0 : x % y
            }
        } + [
            ScalarOverload(
                [.decimal, .decimal],
                result: .computed {
                    let (p1, s1) = DecimalScale.of($0[0])
                    let (p2, s2) = DecimalScale.of($0[1])
                    let scale = max(s1, s2)
                    return .decimal(
                        precision: max(1, min(38, min(p1 - s1, p2 - s2) + scale)), scale: scale)
                }, kernel: decimalModulus),
            ScalarOverload(
                [.double, .double], result: .double,
                kernel: RowKernel.of { (x: Double, y: Double) throws(QueryError) -> Double? in
                    Glibc.fmod(x, y)
                }),
            ScalarOverload(
                [.real, .real], result: .exact(.real),
                kernel: RowKernel.of { (x: Float, y: Float) throws(QueryError) -> Float? in
                    Glibc.fmodf(x, y)
                }),
        ]

    private static let decimalModulus: ScalarKernel = { (arguments, context) throws(QueryError) in
        let left = try arguments.reader(0, as: Int128.self, context)
        let right = try arguments.reader(1, as: Int128.self, context)
        let s1 = DecimalScale.of(arguments.types[0]).scale
        let s2 = DecimalScale.of(arguments.types[1]).scale
        let scale = max(s1, s2)
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let x = left.row(row), let y = right.row(row) else { return nil }
            guard y != 0 else { throw QueryError(.divisionByZero, "Division by zero") }
            guard let a = DecimalScale.rescale(x, from: s1, to: scale),
                let b = DecimalScale.rescale(y, from: s2, to: scale)
            else { throw .outOfRange("Decimal overflow") }
            return b == -1 ? 0 : a % b
        }
    }
}
