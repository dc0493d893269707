/// Byte arrays: as slices of the page where they lie in it whole, else put together behind one another.
extension ValueDecoder {
    /// Whether an encoding leaves texts in pieces, so that they must be put together.
    func builds(_ encoding: ValueEncoding?) -> Bool {
        switch (conversion, encoding) {
        case (.text, .deltaByteArray?), (.fixedText, .deltaByteArray?),
            (.fixedText, .byteStreamSplit?):
            true
        default: false
        }
    }

    /// Appends `count` texts to `out`, up to `limit` bytes in all, and stores where they lie in it.
    func build(
        _ bytes: UnsafeRawBufferPointer, _ encoding: ValueEncoding, count: Int,
        out: inout ByteWriter, limit: Int, into target: UnsafeMutablePointer<TextSlice>,
        location: FileLocation
    ) throws(ColumnarError) {
        var reader = ByteReader(bytes, location: location)
        if encoding == .byteStreamSplit {
            let start = out.count
            let (total, overflow) = typeLength.multipliedReportingOverflow(by: count)
            guard !overflow, total <= bytes.count, start + total <= limit else {
                throw missing(count, of: typeLength, in: bytes, location)
            }
            try ByteStreamSplit.decode(
                &reader, count: count, width: typeLength, into: try out.reserve(total))
            out.advance(total)
            fill(target, count: count, start: start)
            return
        }
        try DeltaByteArray.texts(
            &reader, count: count, out: &out, limit: limit, into: target)
        guard conversion == .fixedText else { return }
        for i in 0..<count where Int(target[i].length) != typeLength {
            throw reader.corrupt("a value of \(target[i].length) bytes, not \(typeLength)")
        }
    }

    /// Slices of one length, one behind the other.
    private func fill(_ target: UnsafeMutablePointer<TextSlice>, count: Int, start: Int) {
        for i in 0..<count {
            target[i] = TextSlice(
                start: UInt32(truncatingIfNeeded: start + i * typeLength),
                length: UInt32(truncatingIfNeeded: typeLength))
        }
    }

    /// Where texts lie, `base` bytes into their owner.
    func slices(
        _ bytes: UnsafeRawBufferPointer, base: Int, _ encoding: ValueEncoding, _ count: Int,
        into target: UnsafeMutablePointer<TextSlice>, _ location: FileLocation
    ) throws(ColumnarError) {
        var reader = ByteReader(bytes, location: location)
        switch encoding {
        case .plain: try Plain.slices(&reader, count: count, base: base, into: target)
        case .deltaLengthByteArray:
            try DeltaLengthByteArray.slices(&reader, count: count, base: base, into: target)
        default: throw unsupported(encoding, location)
        }
    }

    /// The same for values of one length.
    func fixedSlices(
        _ bytes: UnsafeRawBufferPointer, base: Int, _ encoding: ValueEncoding, _ count: Int,
        into target: UnsafeMutablePointer<TextSlice>, _ location: FileLocation
    ) throws(ColumnarError) {
        guard encoding == .plain else { throw unsupported(encoding, location) }
        _ = try plain(bytes, count, width: typeLength, location)
        fill(target, count: count, start: base)
    }

    /// Decimals in byte arrays: slices first, then their numbers.
    func decimals(
        _ bytes: UnsafeRawBufferPointer, _ encoding: ValueEncoding, _ count: Int,
        into target: UnsafeMutableRawPointer, scratch: inout PageScratch, _ location: FileLocation
    ) throws(ColumnarError) {
        let room = try scratch.physical(bytes: count * MemoryLayout<TextSlice>.stride)
        let slices = room.base.assumingMemoryBound(to: TextSlice.self)
        if encoding == .deltaByteArray {
            var texts = try scratch.writer()
            var reader = ByteReader(bytes, location: location)
            try DeltaByteArray.texts(
                &reader, count: count, out: &texts, limit: count * Limits.decimalBytes,
                into: slices)
            try numbers(texts.bytes, slices, count, into: target, location)
        } else {
            try self.slices(bytes, base: 0, encoding, count, into: slices, location)
            try numbers(bytes, slices, count, into: target, location)
        }
    }

    private func numbers(
        _ bytes: UnsafeRawBufferPointer, _ slices: UnsafeMutablePointer<TextSlice>, _ count: Int,
        into target: UnsafeMutableRawPointer, _ location: FileLocation
    ) throws(ColumnarError) {
        for i in 0..<count {
            let start = Int(slices[i].start)
            let value = ValueConversion.bigEndian(
                UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(slices[i].length)]))
            guard conversion.store(value, at: i, into: target) else {
                throw .corrupt(location, reason: "a decimal does not fit its type")
            }
        }
    }
}
