import CXXHash

/// Finds the distinct values of one staged chunk and gives each value its code, in order of appearance.
struct DictionaryBuilder {
    /// One `UInt32` code per value.
    let codes: Buffer
    /// Value indices of the entries' first appearances.
    private(set) var firsts: [UInt32] = []
    /// PLAIN bytes of the entries.
    private(set) var plainBytes = 0
    private var slots: [UInt32]
    private var hashes: [UInt64] = []
    private static let empty = UInt32.max

    /// nil if the dictionary grows beyond `limitBytes`, or, unless forced, the values hardly repeat.
    init?(
        _ staging: LeafStaging, limitBytes: Int, isForced: Bool, pool: BufferPool
    ) throws(ColumnarError) {
        codes = try pool.allocate(UInt32.self, count: staging.valueCount)
        slots = Array(repeating: Self.empty, count: 1 << 12)
        let values = staging.values.bytes
        guard staging.valueCount > 0, let base = values.baseAddress else { return nil }
        let isKept: Bool
        switch staging.width {
        case 4:
            isKept = build(NumberKeys<UInt32>(base: base), staging, limitBytes, isForced)
        case 8:
            isKept = build(NumberKeys<UInt64>(base: base), staging, limitBytes, isForced)
        case 0:
            let starts = staging.starts.bytes.baseAddress
            guard let starts else { return nil }
            isKept = build(TextKeys(base: base, starts: starts), staging, limitBytes, isForced)
        default:
            isKept = build(
                BlockKeys(base: base, width: staging.width), staging, limitBytes, isForced)
        }
        if !isKept { return nil }
    }

    var count: Int { firsts.count }

    /// Bits of the largest code; one at least, which is what all readers expect.
    var bitWidth: Int { max(BitPacking.bitWidth(for: count - 1), 1) }

    /// The first appearances of the entries that occur among values `range`.
    func firsts(of range: Range<Int>) -> [Int] {
        let source = codes.span(of: UInt32.self, count: range.upperBound)
        var isSeen = [Bool](repeating: false, count: firsts.count)
        var result: [Int] = []
        for i in range where !isSeen[Int(source[i])] {
            isSeen[Int(source[i])] = true
            result.append(Int(firsts[Int(source[i])]))
        }
        return result
    }

    /// Values after which a chunk whose values hardly repeat is given up.
    private static let trialValues = 16_384

    @inline(__always)
    private mutating func build<Keys: DictionaryKeys>(
        _ keys: Keys, _ staging: LeafStaging, _ limitBytes: Int, _ isForced: Bool
    ) -> Bool {
        let target = codes.base.assumingMemoryBound(to: UInt32.self)
        let count = staging.valueCount
        for i in 0..<count {
            let hash = keys.hash(i)
            var slot = Int(truncatingIfNeeded: hash >> 20) & (slots.count - 1)
            while true {
                let entry = slots[slot]
                if entry == Self.empty {
                    slots[slot] = UInt32(truncatingIfNeeded: firsts.count)
                    target[i] = UInt32(truncatingIfNeeded: firsts.count)
                    firsts.append(UInt32(truncatingIfNeeded: i))
                    hashes.append(hash)
                    plainBytes += staging.offset(of: i + 1) - staging.offset(of: i)
                    if plainBytes > limitBytes { return false }
                    if firsts.count * 2 > slots.count { grow() }
                    break
                }
                if hashes[Int(entry)] == hash, keys.areEqual(Int(firsts[Int(entry)]), i) {
                    target[i] = entry
                    break
                }
                slot = (slot + 1) & (slots.count - 1)
            }
            if i == Self.trialValues, firsts.count * 10 > i * 9, !isForced { return false }
        }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: Self.empty, count: slots.count * 2)
        for (entry, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash >> 20) & (slots.count - 1)
            while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(truncatingIfNeeded: entry)
        }
    }
}

/// Access to staged values as keys of a hash table.
private protocol DictionaryKeys {
    func hash(_ index: Int) -> UInt64
    func areEqual(_ a: Int, _ b: Int) -> Bool
}

private struct NumberKeys<Number: FixedWidthInteger & BitwiseCopyable>: DictionaryKeys {
    let base: UnsafeRawPointer

    @inline(__always)
    private func number(_ index: Int) -> Number {
        base.loadUnaligned(fromByteOffset: index &* MemoryLayout<Number>.stride, as: Number.self)
    }

    @inline(__always)
    func hash(_ index: Int) -> UInt64 {
        let key = UInt64(truncatingIfNeeded: number(index))
        let mixed = (key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15
        return (mixed ^ mixed >> 29) &* 0xBF58_476D_1CE4_E5B9
    }

    @inline(__always)
    func areEqual(_ a: Int, _ b: Int) -> Bool { number(a) == number(b) }
}

private struct BlockKeys: DictionaryKeys {
    let base: UnsafeRawPointer
    let width: Int

    @inline(__always)
    func hash(_ index: Int) -> UInt64 { XXH3_64bits(base + index * width, width) }

    @inline(__always)
    func areEqual(_ a: Int, _ b: Int) -> Bool {
        Bytes.areEqual(base + a * width, base + b * width, count: width)
    }
}

private struct TextKeys: DictionaryKeys {
    let base: UnsafeRawPointer
    let starts: UnsafeRawPointer

    @inline(__always)
    private func start(_ index: Int) -> Int {
        Int(starts.load(fromByteOffset: index &* 4, as: UInt32.self))
    }

    @inline(__always)
    func hash(_ index: Int) -> UInt64 {
        let start = start(index)
        let length = base.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        return XXH3_64bits(base + start + 4, Int(length))
    }

    @inline(__always)
    func areEqual(_ a: Int, _ b: Int) -> Bool {
        let first = start(a)
        let second = start(b)
        let length = base.loadUnaligned(fromByteOffset: first, as: UInt32.self)
        guard length == base.loadUnaligned(fromByteOffset: second, as: UInt32.self) else {
            return false
        }
        return Bytes.areEqual(base + first + 4, base + second + 4, count: Int(length))
    }
}
