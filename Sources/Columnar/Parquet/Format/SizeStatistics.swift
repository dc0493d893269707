/// What the values of a chunk or page weigh, so that readers can plan their memory.
///
/// `SizeStatistics` in `parquet.thrift`.
struct SizeStatistics: Hashable, Sendable {
    /// Bytes of all byte arrays without their lengths; nil for other types.
    var byteArrayBytes: Int?
    /// How often each repetition level occurs; empty where there is only one.
    var repetitions: [Int] = []
    /// How often each definition level occurs; empty where the count of NULLs says it.
    var definitions: [Int] = []

    var isEmpty: Bool { byteArrayBytes == nil && repetitions.isEmpty && definitions.isEmpty }

    mutating func merge(_ other: SizeStatistics) {
        if let bytes = other.byteArrayBytes { byteArrayBytes = (byteArrayBytes ?? 0) + bytes }
        Self.add(other.repetitions, to: &repetitions)
        Self.add(other.definitions, to: &definitions)
    }

    private static func add(_ counts: [Int], to sum: inout [Int]) {
        if sum.isEmpty { return sum = counts }
        for i in 0..<min(sum.count, counts.count) { sum[i] += counts[i] }
    }
}

extension SizeStatistics {
    /// The levels and values of one page.
    init(_ staging: LeafStaging, _ page: PageCutter.Page) {
        let leaf = staging.leaf
        if staging.physical == .byteArray {
            byteArrayBytes =
                staging.offset(of: page.values.upperBound)
                - staging.offset(of: page.values.lowerBound) - 4 * page.values.count
        }
        if leaf.maxRepetition > 0 {
            repetitions = Self.histogram(
                staging.repetitions.bytes, page.levels, maximum: leaf.maxRepetition)
        }
        if leaf.maxDefinition > 1 {
            definitions = Self.histogram(
                staging.definitions.bytes, page.levels, maximum: leaf.maxDefinition)
        }
    }

    private static func histogram(
        _ levels: UnsafeRawBufferPointer, _ range: Range<Int>, maximum: Int
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: maximum + 1)
        for i in range { counts[Int(levels[i])] += 1 }
        return counts
    }

    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: byteArrayBytes = try thrift.count(field)
            case 2: repetitions = try Self.counts(field, &thrift)
            case 3: definitions = try Self.counts(field, &thrift)
            default: try thrift.skip(field)
            }
        }
    }

    private static func counts(
        _ field: ThriftField, _ thrift: inout ThriftReader
    ) throws(ColumnarError) -> [Int] {
        let count = try thrift.list(field, of: .i64)
        var counts: [Int] = []
        for _ in 0..<count { counts.append(try thrift.elementInteger()) }
        return counts
    }

    /// Writes the members of the struct that the caller began.
    func write(to thrift: inout ThriftWriter) {
        if let byteArrayBytes { thrift.i64(1, byteArrayBytes) }
        if !repetitions.isEmpty { thrift.integers(2, repetitions) }
        if !definitions.isEmpty { thrift.integers(3, definitions) }
    }
}
