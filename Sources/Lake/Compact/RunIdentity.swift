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

    /// The run's name: a version 4 UUID in lower case.
    package var uuid: String {
        var random = random(stream: 0)
        return UUIDText.make(&random)
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

/// Random UUIDs as text (RFC 9562, version 4).
enum UUIDText {
    static func make(_ random: inout some RandomNumberGenerator) -> String {
        var high = random.next()
        var low = random.next()
        high = high & ~0xF000 | 0x4000
        low = low & ~(0b11 << 62) | 0b10 << 62
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, word) in [high, low].enumerated() {
            for nibble in 0..<16 {
                let place = index * 16 + nibble
                if place == 8 || place == 12 || place == 16 || place == 20 {
                    text.append(UInt8(ascii: "-"))
                }
                text.append(digits[Int(word >> UInt64(60 - nibble * 4) & 15)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
