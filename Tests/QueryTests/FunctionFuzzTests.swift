import Columnar
import Testing

@testable import Query

/// Every overload of every function over hostile values of matching types: errors, never traps.
@Suite struct FunctionFuzzTests {
    /// SplitMix64, so that a failure can be repeated by its seed.
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// A lambda that gives its last parameter, NULL or true.
    private struct FuzzLambda: LambdaBody {
        let type: DataType
        func evaluate(
            parameters: [Column], parentRows: Buffer, count: Int, context: inout KernelContext
        ) throws(QueryError) -> Column {
            do {
                let values: [Value] = (0..<count).map { i in
                    guard i % 5 != 0 else { return .null }
                    return type == .boolean ? .boolean(i % 2 == 0) : .int(Int64(i))
                }
                return try Column.from(values, type: type, pool: context.pool)
            } catch { throw QueryError(error) }
        }
    }

    private let texts = [
        "", "a", "abc,def", "héllo wörld", "😀😀", "\u{0}", "%", "%Y-%m-%d", "yyyy-MM-dd", "$.a[0]",
        "(a+)+$", "[", "$1", "${x}", "\\", "2020-02-30", "2020-01-01 00:00:00", "UTC", "+14:00",
        "Europe/Berlin", "../../etc/passwd", "month", "HOUR", "{\"a\":[1,{}]}", "[1,2,3]", "null",
        "http://x:99999999999999999999/?%zz", "http://a.b/c?d=e#f", "1e400", "-0", "NaN", "'",
        "%%%",
        "9223372036854775808", "18446744073709551616", "dGVzdA==", "zz", "0x",
        "Z", String(repeating: "x", count: 300),
    ]
    private let integers: [Int64] = [
        0, 1, -1, 2, 10, 63, 64, 100, 10_000, 1_000_000, .max, .min, .max - 1, 2_147_483_647,
        2_147_483_648, -2_147_483_648, 86_400_000,
    ]
    private let doubles: [Double] = [
        0, -0.0, 1, -1.5, .nan, .infinity, -.infinity, 1e308, 5e-324, 1e18, -9.3e18, 0.5,
    ]

    private func value(_ type: DataType, _ random: inout Random) -> Value {
        if random.next() % 8 == 0 { return .null }
        let int = integers[Int(random.next() % UInt64(integers.count))]
        switch type {
        case .boolean, .unknown: return .boolean(random.next() % 2 == 0)
        case .tinyint: return .int(Int64(Int8(truncatingIfNeeded: int)))
        case .smallint: return .int(Int64(Int16(truncatingIfNeeded: int)))
        case .integer, .date, .intervalYearToMonth:
            return .int(Int64(Int32(truncatingIfNeeded: int)))
        case .time: return .int(int.magnitude > 0 ? Int64(int.magnitude % 86_400_000_000) : 0)
        case .bigint, .timestamp, .intervalDayToSecond: return .int(int)
        case .decimal(let precision, _):
            let limit = DecimalScale.power(precision)
            let raw = Int128(int) &* Int128(truncatingIfNeeded: random.next()) % limit
            return precision > 18 ? .int128(raw) : .int(Int64(raw))
        case .timestampTZ: return .int128(ZonedTime(micros: int).bits)
        case .uuid: return .int128(Int128(int) << 64)
        case .real: return .float(Float(doubles[Int(random.next() % UInt64(doubles.count))]))
        case .double: return .double(doubles[Int(random.next() % UInt64(doubles.count))])
        case .varbinary:
            return .binary(
                (0..<random.next() % 20).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case .varchar, .char, .json:
            return .text(texts[Int(random.next() % UInt64(texts.count))])
        case .array(let element):
            return .list((0..<random.next() % 6).map { _ in value(element, &random) })
        case .map(let keyType, let valueType):
            var keys: [Value] = []
            while keys.count < 3 {
                let key = value(keyType, &random)
                if !key.isNull { keys.append(key) }
            }
            return .map(keys, keys.map { _ in value(valueType, &random) })
        case .row(let fields): return .row(fields.map { value($0.type, &random) })
        case .function: return .null
        }
    }

    private func type(
        _ pattern: TypePattern, _ bound: inout [String: DataType], _ random: inout Random
    ) -> DataType {
        switch pattern {
        case .exact(let type): return type
        case .varchar: return .text
        case .decimal:
            let wide = random.next() % 2 == 0
            return .decimal(precision: wide ? 38 : 9, scale: wide ? 12 : 4)
        case .timestamp: return .timestamp(precision: 3)
        case .timestampTZ: return .timestampTZ(precision: 3)
        case .time: return .time(precision: 3)
        case .variable(let name), .row(let name):
            if let known = bound[name] { return known }
            let choices: [DataType] = [
                .bigint, .text, .double, .array(.bigint), .timestampTZ(precision: 3),
            ]
            let chosen = choices[Int(random.next() % UInt64(choices.count))]
            bound[name] = chosen
            return chosen
        case .array(let element): return .array(type(element, &bound, &random))
        case .map(let key, let value):
            return .map(key: type(key, &bound, &random), value: type(value, &bound, &random))
        case .function(let arguments, let result):
            let types = arguments.map { type($0, &bound, &random) }
            if case .variable(let name) = result, bound[name] == nil { bound[name] = .bigint }
            return .function(arguments: types, result: type(result, &bound, &random))
        }
    }

    @Test(arguments: [UInt64(1), 20_260_101, 77])
    func noFunctionTraps(seed: UInt64) throws {
        for (name, function) in FunctionRegistry.standard.scalars.sorted(by: { $0.key < $1.key }) {
            for (index, overload) in function.overloads.enumerated() {
                var random = Random(state: seed &+ UInt64(index))
                for _ in 0..<3 { try run(name, overload, &random, seed: seed) }
            }
        }
    }

    private func run(
        _ name: String, _ overload: ScalarOverload, _ random: inout Random, seed: UInt64
    ) throws {
        var bound: [String: DataType] = [:]
        var types = overload.parameters.map { type($0, &bound, &random) }
        if overload.isVariadic, let last = types.last { types.append(last) }
        // Lambda results other than booleans and bigints need values that the probe lambda does not make.
        for case .function(_, let result) in types where result != .boolean && result != .bigint {
            return
        }
        var context = FunctionProbe.context()
        let count = 70
        var columns: [Column] = []
        for type in types {
            if case .function = type {
                let null = try Column.from([.null], type: .boolean, pool: context.pool)
                columns.append(.constant(ConstantColumn(null, count: count)))
                continue
            }
            let isConstant = random.next() % 3 == 0
            let values = (0..<(isConstant ? 1 : count)).map { _ in value(type, &random) }
            let column = try Column.from(values, type: type, pool: context.pool)
            columns.append(isConstant ? .constant(ConstantColumn(column, count: count)) : column)
        }
        let lambdas: [(any LambdaBody)?] = types.map { type in
            guard case .function(_, let result) = type else { return nil }
            return FuzzLambda(type: result)
        }
        let result = overload.resultType(types)
        do throws(QueryError) {
            let output = try overload.kernel(
                KernelArguments(
                    columns: columns, types: types, resultType: result, count: count,
                    lambdas: lambdas), &context)
            #expect(output.count == count, "\(name) \(types), seed \(seed)")
            let failed = Set(context.errors.rows.map(\.row))
            for row in 0..<count {
                let value = try storage { () throws(ColumnarError) in
                    try output.value(at: row, type: result)
                }
                if failed.contains(row) {
                    #expect(value == .null, "\(name) \(types) row \(row), seed \(seed)")
                }
                _ = ValueText.format(value, result)
            }
        } catch {
            #expect(error.code != .internalError, "\(name) \(types): \(error.message)")
        }
    }

    /// Every pair of scalar types, both ways through the cast matrix.
    @Test func noCastTraps() throws {
        let types: [DataType] = [
            .unknown, .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double,
            .decimal(precision: 9, scale: 4), .decimal(precision: 38, scale: 12), .text,
            .varchar(length: 3), .char(length: 4), .varbinary, .json, .uuid, .date,
            .time(precision: 3), .timestamp(precision: 0), .timestamp(precision: 6),
            .timestampTZ(precision: 3), .intervalDayToSecond, .intervalYearToMonth,
            .array(.text), .array(.bigint), .map(key: .text, value: .double),
            .row([RowField(name: "a", type: .bigint), RowField(name: "b", type: .text)]),
        ]
        var random = Random(state: 99)
        for from in types {
            for to in types {
                guard let kernel = Cast.kernel(from: from, to: to) else { continue }
                var context = FunctionProbe.context()
                let values = (0..<100).map { _ in value(from, &random) }
                let column = try Column.from(values, type: from, pool: context.pool)
                let output = try kernel(
                    KernelArguments(columns: [column], types: [from], resultType: to, count: 100),
                    &context)
                #expect(output.count == 100)
                for row in 0..<100 {
                    let result = try output.value(at: row, type: to)
                    if context.errors.rows.contains(where: { $0.row == row }) {
                        #expect(result == .null, "\(from) to \(to)")
                    }
                    _ = ValueText.format(result, to)
                }
            }
        }
    }
}
