/// SplitMix64: small, seedable, the same on every machine.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014).
struct SampleRandom {
    private var state: UInt64

    init(_ seeds: Int...) {
        state = 0x9E37_79B9_7F4A_7C15
        for seed in seeds {
            state ^= UInt64(truncatingIfNeeded: seed) &* 0xBF58_476D_1CE4_E5B9
            _ = next()
        }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// A whole number in `0..<bound`.
    mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(max(bound, 1)))
    }

    /// True in `percent` of 100 calls.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// A long-tailed count around `scale`, as likes are: most small, few huge.
    mutating func tail(_ scale: Int) -> Int {
        var product = 1.0
        for _ in 0..<3 { product *= Double(below(1_000) + 1) / 400 }
        return Int(Double(scale) * product)
    }
}
