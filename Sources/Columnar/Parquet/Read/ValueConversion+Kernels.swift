/// The loops behind `ValueConversion`: fixed-width physical values to column values, without NULLs.
extension ValueConversion {
    /// Converts `count` values; `sourceWidth` is the physical width.
    ///
    /// Sources need no alignment.
    ///
    /// Throws if a value does not fit: an instant beyond 64-bit microseconds, a decimal beyond 128 bits.
    func convert(
        _ source: UnsafeRawPointer, sourceWidth: Int, count: Int,
        into target: UnsafeMutableRawPointer, location: FileLocation
    ) throws(ColumnarError) {
        var fits = true
        switch self {
        case .copy(let width): target.copyMemory(from: source, byteCount: count * width)
        case .int32ToInt64(let factor):
            map(source, Int32.self, target, Int64.self, count) { Int64($0) &* factor }
        case .uint32ToInt64: map(source, UInt32.self, target, Int64.self, count) { Int64($0) }
        case .int32ToInt128: map(source, Int32.self, target, Int128.self, count) { Int128($0) }
        case .int32ToDouble: map(source, Int32.self, target, Double.self, count) { Double($0) }
        case .int64ToDouble: map(source, Int64.self, target, Double.self, count) { Double($0) }
        case .int64ToInt128: map(source, Int64.self, target, Int128.self, count) { Int128($0) }
        case .uint64ToInt128: map(source, UInt64.self, target, Int128.self, count) { Int128($0) }
        case .floatToDouble: map(source, Float.self, target, Double.self, count) { Double($0) }
        case .float16ToFloat:
            map(source, UInt16.self, target, Float.self, count) { Self.float(half: $0) }
        case .float16ToDouble:
            map(source, UInt16.self, target, Double.self, count) { Double(Self.float(half: $0)) }
        case .int64Times(let factor):
            var overflow = false
            map(source, Int64.self, target, Int64.self, count) { value in
                let product = value.multipliedReportingOverflow(by: factor)
                overflow = overflow || product.overflow
                return product.partialValue
            }
            fits = !overflow
        case .int64FloorDividedBy(let divisor):
            map(source, Int64.self, target, Int64.self, count) { Self.floor($0, divisor) }
        case .instant(let factor, let divisor):
            var overflow = false
            map(source, Int64.self, target, Int128.self, count) { value in
                let product = value.multipliedReportingOverflow(by: factor)
                overflow = overflow || product.overflow
                let micros = divisor == 1 ? product.partialValue : Self.floor(value, divisor)
                return ZonedTime(micros: micros).bits
            }
            fits = !overflow
        case .int96ToMicros, .int96ToInstant:
            fits = convertInt96(source, count: count, into: target)
        case .wideToMicros(let unit), .wideToInstant(let unit):
            fits = convertWide(source, unit, count: count, into: target)
        case .bigEndianToInt64, .bigEndianToInt128:
            fits = convertBigEndian(source, sourceWidth, count: count, into: target)
        case .widened(let carrier, let wider):
            fits = Self.widen(
                source, sourceWidth: sourceWidth, count: count, carrier, wider, into: target)
        case .uuid:
            for i in 0..<count {
                let raw = source.loadUnaligned(fromByteOffset: i &* 16, as: UInt128.self).bigEndian
                (target + i &* 16).storeBytes(of: raw ^ UInt128(1) << 127, as: UInt128.self)
            }
        case .bits, .text, .fixedText, .byteArrayToInt64, .byteArrayToInt128, .allNull:
            preconditionFailure("not a fixed-width conversion")
        }
        guard fits else { throw .corrupt(location, reason: "a value does not fit its type") }
    }

    @inline(__always)
    private func map<S: BitwiseCopyable, D: BitwiseCopyable>(
        _ source: UnsafeRawPointer, _: S.Type, _ target: UnsafeMutableRawPointer, _: D.Type,
        _ count: Int, _ body: (S) -> D
    ) {
        for i in 0..<count {
            let value = source.loadUnaligned(
                fromByteOffset: i &* MemoryLayout<S>.stride, as: S.self)
            target.storeBytes(
                of: body(value), toByteOffset: i &* MemoryLayout<D>.stride, as: D.self)
        }
    }

    @inline(__always)
    static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// IEEE 754 half precision to single, without `Float16`, which not every target has.
    static func float(half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10 & 31)
        let fraction = UInt32(half & 0x3FF)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// INT96: nanoseconds of the day (8 bytes), then the Julian day (4 bytes).
    private func convertInt96(
        _ source: UnsafeRawPointer, count: Int, into target: UnsafeMutableRawPointer
    ) -> Bool {
        let julianDayOf1970: Int64 = 2_440_588
        for i in 0..<count {
            let nanos = source.loadUnaligned(fromByteOffset: i * 12, as: Int64.self)
            let day = source.loadUnaligned(fromByteOffset: i * 12 + 8, as: Int32.self)
            // 32-bit days are 5.8 million years, 64-bit microseconds 292,000.
            let (whole, isFar) = (Int64(day) - julianDayOf1970)
                .multipliedReportingOverflow(by: CivilTime.microsPerDay)
            let (micros, overflow) = whole.addingReportingOverflow(Self.floor(nanos, 1000))
            if isFar || overflow { return false }
            storeTime(micros, at: i, into: target)
        }
        return true
    }

    /// FLBA(12) timestamps: signed 96-bit counts, little-endian.
    private func convertWide(
        _ source: UnsafeRawPointer, _ unit: TimeUnit, count: Int,
        into target: UnsafeMutableRawPointer
    ) -> Bool {
        for i in 0..<count {
            let low = source.loadUnaligned(fromByteOffset: i * 12, as: UInt64.self)
            let high = source.loadUnaligned(fromByteOffset: i * 12 + 8, as: Int32.self)
            let value = Int128(high) << 64 | Int128(low)
            var micros = value
            switch unit {
            case .millis: micros = value * 1000
            case .micros: break
            case .nanos: micros = (value - (value % 1000 + 1000) % 1000) / 1000
            }
            guard let fitting = Int64(exactly: micros) else { return false }
            storeTime(fitting, at: i, into: target)
        }
        return true
    }

    /// Stores microseconds as they are, or as an instant in UTC.
    private func storeTime(_ micros: Int64, at i: Int, into target: UnsafeMutableRawPointer) {
        if targetWidth == 16 {
            target.storeBytes(
                of: ZonedTime(micros: micros).bits, toByteOffset: i * 16, as: Int128.self)
        } else {
            target.storeBytes(of: micros, toByteOffset: i * 8, as: Int64.self)
        }
    }

    private func convertBigEndian(
        _ source: UnsafeRawPointer, _ width: Int, count: Int,
        into target: UnsafeMutableRawPointer
    ) -> Bool {
        for i in 0..<count {
            let bytes = UnsafeRawBufferPointer(start: source + i * width, count: width)
            guard store(Self.bigEndian(bytes), at: i, into: target) else { return false }
        }
        return true
    }

    /// Stores an unscaled decimal in the target's width; false if it does not fit.
    func store(_ value: Int128?, at i: Int, into target: UnsafeMutableRawPointer) -> Bool {
        guard let value else { return false }
        if case .widened(_, let wider) = self {
            return Self.store(value, wider, at: i, into: target)
        }
        if targetWidth == 16 {
            target.storeBytes(of: value, toByteOffset: i * 16, as: Int128.self)
            return true
        }
        guard let narrow = Int64(exactly: value) else { return false }
        target.storeBytes(of: narrow, toByteOffset: i * 8, as: Int64.self)
        return true
    }

    /// A big-endian two's complement number of any length; nil if it needs more than 128 bits.
    static func bigEndian(_ bytes: UnsafeRawBufferPointer) -> Int128? {
        guard let first = bytes.first else { return 0 }
        var value: Int128 = first & 0x80 == 0 ? 0 : -1
        let fill: UInt8 = first & 0x80 == 0 ? 0 : 0xFF
        let extra = max(bytes.count - 16, 0)
        for byte in bytes.prefix(extra) where byte != fill { return nil }
        if extra > 0, (bytes[extra] ^ fill) & 0x80 != 0 { return nil }
        for byte in bytes[extra...] { value = value << 8 | Int128(byte) }
        return value
    }
}
