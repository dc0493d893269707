/// Least and greatest staged values in PLAIN bytes, ordered as the format orders the type.
///
/// NaN is never a bound; a zero bound of floats is written so that it covers both zeros.
struct BoundsCollector {
    private(set) var lower: [UInt8]?
    private(set) var upper: [UInt8]?
    private(set) var nanCount = 0
    /// Values seen, NaN included.
    private(set) var valueCount = 0

    /// The bounds of staged values `range`; with a dictionary, texts are compared once per entry in it.
    ///
    /// Types without an order have none.
    init(_ staging: LeafStaging, _ range: Range<Int>, _ dictionary: DictionaryBuilder? = nil) {
        valueCount = range.count
        guard !range.isEmpty else { return }
        let base = UnsafeRawPointer(staging.values.buffer.base)
        switch staging.physical {
        case .int32: numbers(base, Int32.self, range)
        case .int64: numbers(base, Int64.self, range)
        case .float: floats(base, Float.self, range)
        case .double: floats(base, Double.self, range)
        case .boolean: numbers(base, UInt8.self, range)
        case .byteArray, .fixedLengthByteArray:
            guard staging.leaf.node.element.converted != .interval else { return }
            if let dictionary {
                blocks(staging, dictionary.firsts(of: range))
            } else {
                blocks(staging, range)
            }
        case .int96: break
        }
    }

    init() {}

    private mutating func numbers<T: FixedWidthInteger & BitwiseCopyable>(
        _ base: UnsafeRawPointer, _ type: T.Type, _ range: Range<Int>
    ) {
        let values = base.assumingMemoryBound(to: T.self)
        var low = values[range.lowerBound]
        var high = low
        for i in range {
            low = min(low, values[i])
            high = max(high, values[i])
        }
        lower = withUnsafeBytes(of: low) { Array($0) }
        upper = withUnsafeBytes(of: high) { Array($0) }
    }

    private mutating func floats<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ base: UnsafeRawPointer, _ type: T.Type, _ range: Range<Int>
    ) {
        let values = base.assumingMemoryBound(to: T.self)
        var low = T.infinity
        var high = -T.infinity
        for i in range {
            let value = values[i]
            if value.isNaN {
                nanCount += 1
                continue
            }
            low = min(low, value)
            high = max(high, value)
        }
        guard nanCount < range.count else { return }
        if low == 0 { low = -T.zero }
        if high == 0 { high = T.zero }
        lower = withUnsafeBytes(of: low) { Array($0) }
        upper = withUnsafeBytes(of: high) { Array($0) }
    }

    private mutating func blocks(_ staging: LeafStaging, _ indices: some Collection<Int>) {
        guard let first = indices.first else { return }
        let isSigned = Self.isSigned(staging.leaf.node.element)
        var low = OrderedBytes(staging.value(first), isSigned)
        var high = low
        for i in indices {
            let value = OrderedBytes(staging.value(i), isSigned)
            if value < low {
                low = value
            } else if high < value {
                high = value
            }
        }
        lower = Array(low.bytes)
        upper = Array(high.bytes)
    }

    /// True for decimals: big-endian two's complement.
    private static func isSigned(_ element: SchemaElement) -> Bool {
        element.type == .fixedLengthByteArray && element.logical != .uuid
    }

    /// True if the entries of a dictionary rise strictly.
    static func isRising(_ dictionary: DictionaryBuilder, _ staging: LeafStaging) -> Bool {
        let element = staging.leaf.node.element
        guard !staging.isFloating, element.converted != .interval else { return false }
        for (a, b) in zip(dictionary.firsts, dictionary.firsts.dropFirst()) {
            let isLess = Self.isLess(staging.value(Int(a)), staging.value(Int(b)), element)
            if !isLess { return false }
        }
        return true
    }

    /// True if `a` is below `b`, both PLAIN bytes of this leaf.
    static func isLess(_ a: [UInt8], _ b: [UInt8], _ element: SchemaElement) -> Bool {
        a.withUnsafeBytes { x in b.withUnsafeBytes { y in isLess(x, y, element) } }
    }

    private static func isLess(
        _ x: UnsafeRawBufferPointer, _ y: UnsafeRawBufferPointer, _ element: SchemaElement
    ) -> Bool {
        switch element.type {
        case .int32: x.loadUnaligned(as: Int32.self) < y.loadUnaligned(as: Int32.self)
        case .int64: x.loadUnaligned(as: Int64.self) < y.loadUnaligned(as: Int64.self)
        case .float: x.loadUnaligned(as: Float.self) < y.loadUnaligned(as: Float.self)
        case .double: x.loadUnaligned(as: Double.self) < y.loadUnaligned(as: Double.self)
        case .fixedLengthByteArray:
            isSigned(element) && (x[0] ^ y[0]) & 0x80 != 0
                ? x[0] & 0x80 != 0 : Bytes.isLess(x, y)
        case .boolean, .byteArray, .int96, nil: Bytes.isLess(x, y)
        }
    }

    /// Joins the bounds of two ranges.
    mutating func merge(_ other: BoundsCollector, _ element: SchemaElement) {
        nanCount += other.nanCount
        valueCount += other.valueCount
        if let value = other.lower {
            if lower.map({ Self.isLess(value, $0, element) }) ?? true { lower = value }
        }
        if let value = other.upper {
            if upper.map({ Self.isLess($0, value, element) }) ?? true { upper = value }
        }
    }
}

/// Staged bytes with their first eight as a number, which decides most comparisons.
private struct OrderedBytes {
    let bytes: UnsafeRawBufferPointer
    private let prefix: UInt64

    /// The bytes must be readable 8 bytes past their beginning.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, _ isSigned: Bool) {
        self.bytes = bytes
        guard let base = bytes.baseAddress, bytes.count > 0 else {
            prefix = 0
            return
        }
        var word = UInt64(bigEndian: base.loadUnaligned(as: UInt64.self))
        if bytes.count < 8 { word &= ~(UInt64.max &>> UInt64(8 &* bytes.count)) }
        prefix = isSigned ? word ^ UInt64(1) << 63 : word
    }

    @inline(__always)
    static func < (a: OrderedBytes, b: OrderedBytes) -> Bool {
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        return Bytes.isLess(a.bytes, b.bytes)
    }
}
