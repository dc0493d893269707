import Columnar

/// Collects text that is composed piece by piece; `endValue` closes a value.
struct TextOutput {
    private var bytes: GrowingBuffer<UInt8>
    private var slices: GrowingBuffer<TextSlice>
    private var validity = ValidityBuilder()
    private var valueStart = 0
    private let pool: BufferPool

    init(pool: BufferPool, capacity: Int) throws(QueryError) {
        self.pool = pool
        bytes = try storage { () throws(ColumnarError) in
            try GrowingBuffer(pool: pool, capacity: capacity * 16)
        }
        slices = try storage { () throws(ColumnarError) in
            try GrowingBuffer(pool: pool, capacity: capacity)
        }
    }

    /// Values closed so far.
    var count: Int { slices.count }

    /// Bytes of the value that is being composed.
    var valueByteCount: Int { bytes.count - valueStart }

    mutating func write(_ piece: Bytes) throws(QueryError) {
        do { try bytes.append(bytes: piece) } catch { throw QueryError(error) }
    }

    mutating func write(byte: UInt8) throws(QueryError) {
        do { try bytes.append(byte) } catch { throw QueryError(error) }
    }

    mutating func write(_ text: StaticString) throws(QueryError) {
        try write(Bytes(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func write(_ piece: [UInt8]) throws(QueryError) {
        for byte in piece { try write(byte: byte) }
    }

    /// The bytes of the value that is being composed; valid until the next write.
    func withValue<R>(_ body: (Bytes) -> R) -> R {
        body(Bytes(start: bytes.buffer.base + valueStart, count: valueByteCount))
    }

    /// UTF-8 of one code point; a surrogate or a number past U+10FFFF becomes U+FFFD.
    mutating func write(codePoint: UInt32) throws(QueryError) {
        guard let scalar = Unicode.Scalar(codePoint) else {
            try write(codePoint: 0xFFFD)
            return
        }
        for unit in UTF8.encode(scalar).unsafelyUnwrapped { try write(byte: unit) }
    }

    /// Decimal digits, zero-padded to `width`.
    mutating func write(_ number: Int64, width: Int = 0) throws(QueryError) {
        if number < 0 { try write(byte: UInt8(ascii: "-")) }
        var rest = number.magnitude
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var used = 0
        repeat {
            digits[used] = UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            used += 1
        } while rest > 0
        if used < width {
            for _ in used..<width { try write(byte: UInt8(ascii: "0")) }
        }
        while used > 0 {
            used -= 1
            try write(byte: UInt8(ascii: "0") + digits[used])
        }
    }

    /// Throws when the value that is being composed is past the limit of a function's result.
    func checkValueLimit() throws(QueryError) {
        try Self.checkValueLimit(valueByteCount)
    }

    /// Throws when a value of so many bytes would be.
    static func checkValueLimit(_ byteCount: Int) throws(QueryError) {
        guard byteCount <= Limits.functionValueBytes else {
            throw .argument(
                "Result of a function is larger than \(Limits.functionValueBytes) bytes")
        }
    }

    mutating func endValue() throws(QueryError) {
        guard bytes.count <= Limits.textBufferBytes else {
            throw QueryError(
                .limit(
                    name: "textBufferBytes", value: bytes.count, limit: Limits.textBufferBytes,
                    location: nil))
        }
        let slice = TextSlice(
            start: UInt32(valueStart), length: UInt32(bytes.count - valueStart))
        do { try slices.append(slice) } catch { throw QueryError(error) }
        validity.append(true)
        valueStart = bytes.count
    }

    /// A NULL; pieces of a value that failed half-way are dropped.
    mutating func appendNull() throws(QueryError) {
        do {
            try slices.append(TextSlice(start: 0, length: 0))
        } catch { throw QueryError(error) }
        validity.append(false)
        valueStart = bytes.count
    }

    consuming func finish() throws(QueryError) -> Column {
        do {
            return .text(
                TextColumn(
                    slices: slices.buffer, count: slices.count, owner: bytes.buffer,
                    validity: try validity.finish(pool: pool)))
        } catch { throw QueryError(error) }
    }
}
