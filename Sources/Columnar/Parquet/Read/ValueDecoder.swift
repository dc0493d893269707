/// Values of one leaf from any encoding but codes, converted, without NULLs.
///
/// Fixed-width encodings produce the physical array that PLAIN would hold, which `ValueConversion`
/// then converts; text encodings produce slices.
struct ValueDecoder: Sendable {
    let conversion: ValueConversion
    let physical: PhysicalType
    let typeLength: Int

    init(conversion: ValueConversion, element: SchemaElement) {
        self.conversion = conversion
        guard let type = element.type else { preconditionFailure("a leaf has a type") }
        physical = type
        typeLength = element.typeLength
    }

    /// Bytes of one decoded element: a value, a slice, a byte for a boolean.
    var elementBytes: Int {
        switch conversion {
        case .bits: 1
        case .text, .fixedText: MemoryLayout<TextSlice>.stride
        default: conversion.targetWidth
        }
    }

    /// Decodes exactly `count` values; `base` is where `bytes` begin in the text owner.
    func decode(
        _ bytes: UnsafeRawBufferPointer, base: Int, encoding: ValueEncoding, count: Int,
        into target: UnsafeMutableRawPointer, scratch: inout PageScratch, location: FileLocation
    ) throws(ColumnarError) {
        guard count > 0 else { return }
        switch conversion {
        case .text:
            try slices(
                bytes, base: base, encoding, count,
                into: target.assumingMemoryBound(to: TextSlice.self), location)
        case .fixedText:
            try fixedSlices(
                bytes, base: base, encoding, count,
                into: target.assumingMemoryBound(to: TextSlice.self), location)
        case .bits: try bits(bytes, encoding, count, into: target, location)
        case .byteArrayToInt64, .byteArrayToInt128, .widened(.byteArray, _):
            try decimals(bytes, encoding, count, into: target, scratch: &scratch, location)
        default:
            guard let width = physical.width(typeLength: typeLength) else {
                preconditionFailure("a fixed-width conversion")
            }
            if encoding == .plain {
                let source = try plain(bytes, count, width: width, location)
                try conversion.convert(
                    source, sourceWidth: width, count: count, into: target, location: location)
                return
            }
            let (total, overflow) = width.multipliedReportingOverflow(by: count)
            guard !overflow else { throw missing(count, of: width, in: bytes, location) }
            let room = try scratch.physical(bytes: total)
            try fixed(
                bytes, encoding, count, width: width, into: room.base, scratch: &scratch, location)
            try conversion.convert(
                room.base, sourceWidth: width, count: count, into: target, location: location)
        }
    }

    /// Where PLAIN values begin; refused if they are not all there.
    func plain(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, width: Int, _ location: FileLocation
    ) throws(ColumnarError) -> UnsafeRawPointer {
        let (total, overflow) = width.multipliedReportingOverflow(by: count)
        guard !overflow, total <= bytes.count, let source = bytes.baseAddress else {
            throw missing(count, of: width, in: bytes, location)
        }
        // A defective writer put lengths in front of values that have one length.
        if physical == .fixedLengthByteArray, bytes.count - total == 4 * count {
            throw .corrupt(location, reason: "fixed-length values are written with lengths")
        }
        return source
    }

    /// Booleans as bytes: the entries of a dictionary.
    private func bits(
        _ bytes: UnsafeRawBufferPointer, _ encoding: ValueEncoding, _ count: Int,
        into target: UnsafeMutableRawPointer, _ location: FileLocation
    ) throws(ColumnarError) {
        guard encoding == .plain else { throw unsupported(encoding, location) }
        guard BitPacking.packedBytes(count: count, bitWidth: 1) <= bytes.count else {
            throw .corrupt(location, reason: "\(count) booleans in \(bytes.count) bytes")
        }
        for i in 0..<count {
            let bit = bytes[i &>> 3] &>> UInt8(i & 7) & 1
            target.storeBytes(of: bit, toByteOffset: i, as: UInt8.self)
        }
    }

    func missing(
        _ count: Int, of width: Int, in bytes: UnsafeRawBufferPointer, _ location: FileLocation
    ) -> ColumnarError {
        .corrupt(location, reason: "\(count) values of \(width) bytes in \(bytes.count) bytes")
    }

    func unsupported(
        _ encoding: ValueEncoding, _ location: FileLocation
    ) -> ColumnarError {
        .unsupported(location, feature: "encoding \(encoding) for \(physical)")
    }

    /// Encodings of fixed-width values, each in its own file.
    private func fixed(
        _ bytes: UnsafeRawBufferPointer, _ encoding: ValueEncoding, _ count: Int, width: Int,
        into target: UnsafeMutableRawPointer, scratch: inout PageScratch, _ location: FileLocation
    ) throws(ColumnarError) {
        var reader = ByteReader(bytes, location: location)
        switch (encoding, physical) {
        case (.deltaBinaryPacked, .int32), (.deltaBinaryPacked, .int64):
            try DeltaBinaryPacked.decode(&reader, count: count, width: width, into: target)
        case (.byteStreamSplit, _):
            try ByteStreamSplit.decode(&reader, count: count, width: width, into: target)
        case (.alp, .float), (.alp, .double):
            try ALP.decode(&reader, count: count, width: width, into: target)
        case (.deltaByteArray, .fixedLengthByteArray):
            try fixedDeltas(&reader, count, width: width, into: target, scratch: &scratch)
        default: throw unsupported(encoding, location)
        }
    }

    /// DELTA_BYTE_ARRAY of values that must all have one length.
    private func fixedDeltas(
        _ reader: inout ByteReader, _ count: Int, width: Int, into target: UnsafeMutableRawPointer,
        scratch: inout PageScratch
    ) throws(ColumnarError) {
        var texts = try scratch.writer()
        let marks = try scratch.marks(bytes: count * MemoryLayout<TextSlice>.stride)
        let slices = marks.base.assumingMemoryBound(to: TextSlice.self)
        try DeltaByteArray.texts(
            &reader, count: count, out: &texts, limit: count * width, into: slices)
        for i in 0..<count where Int(slices[i].length) != width {
            throw reader.corrupt("a value of \(slices[i].length) bytes, not \(width)")
        }
        if count > 0 { target.copyMemory(from: texts.buffer.base, byteCount: count * width) }
    }
}
