/// All that makes one run differ from another: given by the caller, so that a run can be repeated.
package struct RunIdentity: Hashable, Sendable {
    /// When the run began, in microseconds since 1970 UTC; rows are stamped with it.
    package var startedMicros: Int64
    /// Random bits: names of files and ids of snapshots come from them.
    package var seed: UInt64

    package init(startedMicros: Int64, seed: UInt64) {
        self.startedMicros = startedMicros
        self.seed = seed
    }

    /// A generator for one use of the run; equal `stream`s give equal numbers.
    package func random(stream: UInt64) -> SplitMix {
        SplitMix(state: seed ^ (stream &* 0xD1B5_4A32_D192_ED03))
    }

    /// The identity of the same run begun anew: other names, the same time.
    var next: RunIdentity {
        var random = random(stream: 1 << 61)
        return RunIdentity(startedMicros: startedMicros, seed: random.next())
    }

    /// The run's name: a version 4 UUID in lower case.
    package var uuid: String {
        var random = random(stream: 0)
        return RandomIdentity.uuid(using: &random)
    }

    /// The name of the run's commit to one table: in the names of all metadata files that it writes.
    func commitID(source: Int64) -> String {
        var random = random(stream: UInt64(bitPattern: source) | 1 << 63)
        return RandomIdentity.uuid(using: &random)
    }
}

/// SplitMix64, a small generator whose every seed is good.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
