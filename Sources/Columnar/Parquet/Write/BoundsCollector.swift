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
    init(_ staging: LeafStaging, _ range: Range<Int>, _ dictionary: DictionaryBuilder? = nil) {
        valueCount = range.count
        if let dictionary, staging.width == 0 {
            blocks(staging, dictionary.firsts(of: range), isSigned: false)
            return
        }
        guard !range.isEmpty, let base = staging.values.bytes.baseAddress else { return }
        switch staging.physical {
        case .int32: numbers(base, Int32.self, range)
        case .int64: numbers(base, Int64.self, range)
        case .float: floats(base, Float.self, range)
        case .double: floats(base, Double.self, range)
        case .boolean: numbers(base, UInt8.self, range)
        case .byteArray: blocks(staging, Array(range), isSigned: false)
        case .fixedLengthByteArray:
            blocks(staging, Array(range), isSigned: staging.leaf.node.element.logical != .uuid)
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

    private mutating func blocks(_ staging: LeafStaging, _ indices: [Int], isSigned: Bool) {
        guard let first = indices.first else { return }
        var low = staging.value(first)
        var high = low
        for i in indices {
            let value = staging.value(i)
            if Self.isLess(value, low, isSigned) {
                low = value
            } else if Self.isLess(high, value, isSigned) {
                high = value
            }
        }
        lower = Array(low)
        upper = Array(high)
    }

    @inline(__always)
    private static func isLess(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ isSigned: Bool
    ) -> Bool {
        if isSigned {
            let x = Int8(bitPattern: a[0])
            let y = Int8(bitPattern: b[0])
            if (x < 0) != (y < 0) { return x < 0 }
        }
        return Bytes.isLess(a, b)
    }

    /// True if `a` is below `b`, both PLAIN bytes of this leaf.
    static func isLess(_ a: [UInt8], _ b: [UInt8], _ element: SchemaElement) -> Bool {
        a.withUnsafeBytes { x in
            b.withUnsafeBytes { y in
                switch element.type {
                case .int32: x.loadUnaligned(as: Int32.self) < y.loadUnaligned(as: Int32.self)
                case .int64: x.loadUnaligned(as: Int64.self) < y.loadUnaligned(as: Int64.self)
                case .float: x.loadUnaligned(as: Float.self) < y.loadUnaligned(as: Float.self)
                case .double: x.loadUnaligned(as: Double.self) < y.loadUnaligned(as: Double.self)
                case .fixedLengthByteArray: isLess(x, y, element.logical != .uuid)
                case .boolean, .byteArray, .int96, nil: Bytes.isLess(x, y)
                }
            }
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

/// Cutting bounds of texts and binaries so that they stay bounds.
enum BoundTruncation {
    /// A prefix of at most `limit` bytes, at a scalar's border for text.
    static func lower(_ bytes: [UInt8], limit: Int, isText: Bool) -> [UInt8] {
        guard bytes.count > limit else { return bytes }
        var end = limit
        if isText { while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 } }
        return Array(bytes[..<end])
    }

    /// A prefix whose last scalar (or byte) is raised; the whole value if none can be.
    static func upper(_ bytes: [UInt8], limit: Int, isText: Bool) -> [UInt8] {
        guard bytes.count > limit else { return bytes }
        var prefix = lower(bytes, limit: limit, isText: isText)
        if !isText {
            while let last = prefix.popLast() {
                if last < 0xFF { return prefix + [last + 1] }
            }
            return bytes
        }
        guard let text = String(validating: prefix, as: UTF8.self) else { return bytes }
        var scalars = Array(text.unicodeScalars)
        while let last = scalars.popLast() {
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let raised = Unicode.Scalar(next) else { continue }
            var result = String.UnicodeScalarView(scalars)
            result.append(raised)
            return Array(String(result).utf8)
        }
        return bytes
    }
}
