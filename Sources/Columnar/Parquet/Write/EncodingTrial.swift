/// How the values of one chunk are written.
struct ChunkPlan {
    /// `rleDictionary` if and only if there is a dictionary.
    var encoding: ValueEncoding
    var dictionary: DictionaryBuilder?

    static let plain = ChunkPlan(encoding: .plain)
}

/// Chooses a chunk's encoding: slices of its values are encoded and compressed every way the profile allows.
struct EncodingTrial: ~Copyable {
    private let options: ParquetWriterOptions
    private let path: String
    private let pool: BufferPool
    private var encoded: ByteWriter
    private var compressed: ByteWriter

    /// Values of one slice, and the bytes at which it ends early.
    private static let sliceValues = 8_192
    private static let sliceBytes = 128 << 10

    init(
        options: ParquetWriterOptions, path: String, pool: BufferPool
    ) throws(ColumnarError) {
        self.options = options
        self.path = path
        self.pool = pool
        let encoded = try ByteWriter(pool: pool)
        let compressed = try ByteWriter(pool: pool)
        self.encoded = encoded
        self.compressed = compressed
    }

    /// The cheapest plan for a staged chunk.
    mutating func choose(
        _ staging: LeafStaging, _ encoder: inout ValueEncoder,
        _ compressor: borrowing PageCompressor
    ) throws(ColumnarError) -> ChunkPlan {
        guard staging.valueCount > 0 else { return .plain }
        if let named = options.columnEncodings[staging.leaf.name] {
            return try plan(named, staging)
        }
        var candidates = Self.readable(staging.leaf, options.profile).map {
            ChunkPlan(encoding: $0)
        }
        if let dictionary = try dictionary(staging, isForced: false) {
            let plan = ChunkPlan(encoding: .rleDictionary, dictionary: dictionary)
            if isClear(dictionary, staging) { return plan }
            candidates.append(plan)
        }
        guard candidates.count > 1 else { return candidates[0] }
        let slices = Self.slices(of: staging)
        var best = (cost: Int.max, plan: ChunkPlan.plain)
        for candidate in candidates {
            let cost = try cost(of: candidate, staging, slices, &encoder, compressor)
            if cost < best.cost { best = (cost, candidate) }
        }
        return best.plan
    }

    /// What every current reader of the profile understands.
    ///
    /// BYTE_STREAM_SPLIT of integers and the deltas of fixed-length arrays are in the format, but readers in
    /// wide use refuse them.
    private static func readable(_ leaf: SchemaLeaf, _ profile: ParquetProfile) -> [ValueEncoding] {
        guard profile == .compact else { return [.plain] }
        switch leaf.node.element.type {
        case .int32, .int64: return [.plain, .deltaBinaryPacked]
        case .fixedLengthByteArray: return [.plain]
        default: return ValueEncoder.encodings(of: leaf)
        }
    }

    /// The plan that the options name; a dictionary that cannot be had becomes PLAIN.
    private func plan(
        _ encoding: ValueEncoding, _ staging: LeafStaging
    ) throws(ColumnarError) -> ChunkPlan {
        if encoding == .rleDictionary {
            guard let dictionary = try dictionary(staging, isForced: true) else { return .plain }
            return ChunkPlan(encoding: .rleDictionary, dictionary: dictionary)
        }
        guard ValueEncoder.encodings(of: staging.leaf).contains(encoding) else {
            throw .unsupported(
                FileLocation(path: path, column: staging.leaf.name),
                feature: "encoding \(encoding) for values of \(staging.physical)")
        }
        return ChunkPlan(encoding: encoding)
    }

    /// nil if a dictionary would be larger than the values.
    private func dictionary(
        _ staging: LeafStaging, isForced: Bool
    ) throws(ColumnarError) -> DictionaryBuilder? {
        guard staging.physical != .boolean,
            let built = try DictionaryBuilder(
                staging, limitBytes: options.dictionaryBytes, isForced: isForced, pool: pool)
        else { return nil }
        return isForced || codedBytes(built, staging) < staging.values.count ? built : nil
    }

    private func codedBytes(_ dictionary: DictionaryBuilder, _ staging: LeafStaging) -> Int {
        dictionary.plainBytes
            + BitPacking.packedBytes(count: staging.valueCount, bitWidth: dictionary.bitWidth)
    }

    /// True if a dictionary makes the values so much smaller that no trial is needed.
    private func isClear(_ dictionary: DictionaryBuilder, _ staging: LeafStaging) -> Bool {
        let share = options.profile == .compact ? 50 : 10
        return codedBytes(dictionary, staging) * share < staging.values.count
    }

    /// The whole chunk if it is small, else pieces of its beginning, middle and end.
    private static func slices(of staging: LeafStaging) -> [Range<Int>] {
        let count = staging.valueCount
        if count <= 2 * sliceValues, staging.values.count <= 2 * sliceBytes { return [0..<count] }
        func slice(from start: Int, to limit: Int) -> Range<Int> {
            var end = min(start + sliceValues, limit)
            let first = staging.offset(of: start)
            while end > start + 1, staging.offset(of: end) - first > sliceBytes {
                end = start + (end - start) / 2
            }
            return start..<end
        }
        let third = count / 3
        let slices = [slice(from: 0, to: count), slice(from: third, to: count)]
        return slices + [slice(from: 2 * third, to: count)]
    }

    /// Bytes of the slices in the file, with their share of the dictionary.
    private mutating func cost(
        of plan: ChunkPlan, _ staging: LeafStaging, _ slices: [Range<Int>],
        _ encoder: inout ValueEncoder, _ compressor: borrowing PageCompressor
    ) throws(ColumnarError) -> Int {
        var total = 0
        var values = 0
        for slice in slices {
            encoded.removeAll()
            try encoder.append(staging, slice, plan, into: &encoded)
            total += try storedBytes(compressor)
            values += slice.count
        }
        guard let dictionary = plan.dictionary else { return total }
        // Entries are in order of appearance: the first ones are like the others.
        encoded.removeAll()
        try ValueEncoder.entries(
            dictionary, staging, limitBytes: Self.sliceBytes, into: &encoded)
        let share = Double(dictionary.plainBytes) / Double(max(encoded.count, 1))
        let bytes = Double(try storedBytes(compressor)) * share
        return total + Int(bytes * Double(values) / Double(staging.valueCount))
    }

    private mutating func storedBytes(
        _ compressor: borrowing PageCompressor
    ) throws(ColumnarError) -> Int {
        guard compressor.codec != .uncompressed else { return encoded.count }
        try compressor.compress(encoded.bytes, into: &compressed)
        return min(compressed.count, encoded.count)
    }
}
