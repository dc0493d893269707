/// ALP: floating-point numbers as scaled integers above the least of their vector, with exceptions.
///
/// https://github.com/apache/parquet-format/blob/master/AlpEncoding.md
///
///     page    ┌──────┬──────────┬─────────────────┬───────────┬─────────────────────┬─────────────┐
///             │ mode │ integers │ log vector size │ count i32 │ offsets u32 a vector│ vectors ... │
///     vector  ├──────┴───┬──────┴─┬───────────────┴─┬─────────┼───────┬─────────────┴─┬───────────┤
///             │ exponent │ factor │ exceptions u16  │ least   │ width │ packed deltas │ positions │
///             └──────────┴────────┴─────────────────┴─────────┴───────┴───────────────┴ u16, values
enum ALP {
    /// FLOAT (4) or DOUBLE (8) values as PLAIN would hold them.
    ///
    /// The bytes must be readable 9 bytes past their end.
    static func decode(
        _ reader: inout ByteReader, count: Int, width: Int, into target: UnsafeMutableRawPointer
    ) throws(ColumnarError) {
        let mode = try reader.byte()
        let integers = try reader.byte()
        guard mode == 0, integers == 0 else {
            throw .unsupported(reader.location, feature: "ALP mode \(mode), integers \(integers)")
        }
        let logSize = try reader.byte()
        let total = Int(try reader.load(Int32.self))
        guard 3...15 ~= logSize, total == count else {
            throw reader.corrupt("ALP vectors of 2^\(logSize), \(total) of \(count) values")
        }
        let size = 1 << Int(logSize)
        let vectors = (count + size - 1) / size
        let body = try reader.take(reader.remaining)
        var deltas = [UInt64](repeating: 0, count: min(size, max(count, 1)))
        for vector in 0..<vectors {
            guard vector * 4 + 4 <= body.count else { throw reader.corrupt("ALP offsets are cut") }
            let offset = Int(body.loadUnaligned(fromByteOffset: vector * 4, as: UInt32.self))
            guard offset >= vectors * 4, offset <= body.count else {
                throw reader.corrupt("an ALP vector at \(offset) of \(body.count)")
            }
            var part = ByteReader(
                UnsafeRawBufferPointer(rebasing: body[offset...]), location: reader.location)
            let values = min(size, count - vector * size)
            try decode(
                vector: &part, count: values, width: width, deltas: &deltas,
                into: target + vector * size * width)
        }
    }

    private static func decode(
        vector: inout ByteReader, count: Int, width: Int, deltas: inout [UInt64],
        into target: UnsafeMutableRawPointer
    ) throws(ColumnarError) {
        let exponent = Int(try vector.byte())
        let factor = Int(try vector.byte())
        let exceptions = Int(try vector.load(UInt16.self))
        let isDouble = width == 8
        let least = isDouble ? try vector.load(Int64.self) : Int64(try vector.load(Int32.self))
        let bitWidth = Int(try vector.byte())
        guard exponent <= (isDouble ? 18 : 10), factor <= exponent, exceptions <= count,
            bitWidth <= 8 * width
        else { throw vector.corrupt("ALP 10^\(factor)/10^\(exponent), \(bitWidth) bits") }
        let packed = try vector.take(BitPacking.packedBytes(count: count, bitWidth: bitWidth))
        deltas.withUnsafeMutableBufferPointer { deltas in
            guard let start = deltas.baseAddress else { return }
            if bitWidth == 0 {
                start.update(repeating: 0, count: count)
            } else if let source = packed.baseAddress {
                BitPacking.unpackWide(source, bitWidth: bitWidth, count: count, into: start)
            }
            if isDouble {
                doubles(start, count, least, factor, exponent, into: target)
            } else {
                floats(start, count, least, factor, exponent, into: target)
            }
        }
        let positions = try vector.take(exceptions * 2)
        let values = try vector.take(exceptions * width)
        for i in 0..<exceptions {
            let position = Int(positions.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
            guard position < count, let source = values.baseAddress else {
                throw vector.corrupt("an ALP exception at \(position) of \(count)")
            }
            (target + position * width).copyMemory(from: source + i * width, byteCount: width)
        }
    }

    /// Two products in this order, as the format asks: one would round otherwise.
    private static func doubles(
        _ deltas: UnsafeMutablePointer<UInt64>, _ count: Int, _ least: Int64, _ factor: Int,
        _ exponent: Int, into target: UnsafeMutableRawPointer
    ) {
        let up = doublePowers[factor]
        let down = doubleFractions[exponent]
        for i in 0..<count {
            let integer = Int64(bitPattern: UInt64(bitPattern: least) &+ deltas[i])
            target.storeBytes(
                of: Double(integer) * up * down, toByteOffset: i &* 8, as: Double.self)
        }
    }

    private static func floats(
        _ deltas: UnsafeMutablePointer<UInt64>, _ count: Int, _ least: Int64, _ factor: Int,
        _ exponent: Int, into target: UnsafeMutableRawPointer
    ) {
        let up = floatPowers[factor]
        let down = floatFractions[exponent]
        for i in 0..<count {
            let integer = Int32(
                truncatingIfNeeded: UInt64(bitPattern: least) &+ deltas[i])
            target.storeBytes(of: Float(integer) * up * down, toByteOffset: i &* 4, as: Float.self)
        }
    }

    // Correctly rounded powers of ten; in hexadecimal, so that no compiler rounds them twice.
    private static let doublePowers: [Double] = [
        0x1p0, 0x1.4p3, 0x1.9p6, 0x1.f4p9, 0x1.388p13, 0x1.86ap16, 0x1.e848p19, 0x1.312dp23,
        0x1.7d784p26, 0x1.dcd65p29, 0x1.2a05f2p33, 0x1.74876e8p36, 0x1.d1a94a2p39,
        0x1.2309ce54p43, 0x1.6bcc41e9p46, 0x1.c6bf52634p49, 0x1.1c37937e08p53, 0x1.6345785d8ap56,
        0x1.bc16d674ec8p59,
    ]
    private static let doubleFractions: [Double] = [
        0x1p0, 0x1.999999999999ap-4, 0x1.47ae147ae147bp-7, 0x1.0624dd2f1a9fcp-10,
        0x1.a36e2eb1c432dp-14, 0x1.4f8b588e368f1p-17, 0x1.0c6f7a0b5ed8dp-20,
        0x1.ad7f29abcaf48p-24, 0x1.5798ee2308c3ap-27, 0x1.12e0be826d695p-30,
        0x1.b7cdfd9d7bdbbp-34, 0x1.5fd7fe1796495p-37, 0x1.19799812dea11p-40,
        0x1.c25c268497682p-44, 0x1.6849b86a12b9bp-47, 0x1.203af9ee75616p-50,
        0x1.cd2b297d889bcp-54, 0x1.70ef54646d497p-57, 0x1.2725dd1d243acp-60,
    ]
    private static let floatPowers: [Float] = [
        0x1p0, 0x1.4p3, 0x1.9p6, 0x1.f4p9, 0x1.388p13, 0x1.86ap16, 0x1.e848p19, 0x1.312dp23,
        0x1.7d784p26, 0x1.dcd65p29, 0x1.2a05f2p33,
    ]
    private static let floatFractions: [Float] = [
        0x1p0, 0x1.99999ap-4, 0x1.47ae14p-7, 0x1.0624dep-10, 0x1.a36e2ep-14, 0x1.4f8b58p-17,
        0x1.0c6f7ap-20, 0x1.ad7f2ap-24, 0x1.5798eep-27, 0x1.12e0bep-30, 0x1.b7cdfep-34,
    ]
}
