import Columnar
import Synchronization

/// random() and uuid(): seeded by the session, a new stream for every kernel call.
enum RandomFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "random", aliases: ["rand"], summary: "Random number in [0, 1), [0, n) or [m, n)",
            [
                ScalarOverload([], result: .double, isDeterministic: false) {
                    (arguments, context) throws(QueryError) in
                    var stream = RandomStream(seed: context.session.randomSeed)
                    return try arguments.collect(Double.self, &context) { _ in
                        Double(stream.next() >> 11) * 0x1p-53
                    }
                },
                ScalarOverload(
                    [.bigint], result: .bigint, isDeterministic: false, kernel: below),
                ScalarOverload(
                    [.bigint, .bigint], result: .bigint, isDeterministic: false, kernel: between),
            ]),
        ScalarFunction(
            "uuid", summary: "Random UUID of version 4",
            [
                ScalarOverload([], result: .exact(.uuid), isDeterministic: false) {
                    (arguments, context) throws(QueryError) in
                    var stream = RandomStream(seed: context.session.randomSeed)
                    return try arguments.collect(Int128.self, &context) { _ in
                        let high = stream.next() & ~0xF000 | 0x4000
                        let low = stream.next() >> 2 | 1 << 63
                        let bits = UInt128(high) << 64 | UInt128(low)
                        return Int128(bitPattern: bits ^ (1 << 127))
                    }
                }
            ]),
    ]

    private static let below: ScalarKernel = { (arguments, context) throws(QueryError) in
        let bounds = try arguments.reader(0, as: Int64.self, context)
        var stream = RandomStream(seed: context.session.randomSeed)
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let bound = bounds.row(row) else { return nil }
            guard bound > 0 else { throw .argument("bound must be positive") }
            return Int64.random(in: 0..<bound, using: &stream)
        }
    }

    private static let between: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lows = try arguments.reader(0, as: Int64.self, context)
        let highs = try arguments.reader(1, as: Int64.self, context)
        var stream = RandomStream(seed: context.session.randomSeed)
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let low = lows.row(row), let high = highs.row(row) else { return nil }
            guard low < high else {
                throw .argument("start value must be less than stop value")
            }
            return Int64.random(in: low..<high, using: &stream)
        }
    }
}

/// SplitMix64; each stream of a process starts elsewhere, so workers never repeat one another.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
struct RandomStream: RandomNumberGenerator {
    private static let streams = Atomic<UInt64>(0)
    private var state: UInt64

    init(seed: UInt64) {
        let stream = Self.streams.wrappingAdd(1, ordering: .relaxed).newValue
        state = seed &+ stream &* 0xD134_2543_DE82_EF95
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
