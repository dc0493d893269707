/// Decoding one page's values into a chunk's output.
extension LeafOutput {
    func decode(
        _ page: PageValues, scratch: inout PageScratch, location: FileLocation
    ) throws(ColumnarError) {
        switch form {
        case .null:
            guard page.present == 0 else {
                throw .corrupt(location, reason: "a column of type UNKNOWN has values")
            }
        case .coded: try decodeCodes(page, scratch: &scratch, location: location)
        case .bits: try decodeBits(page, scratch: &scratch, location: location)
        case .flat, .text:
            guard let encoding = ValueEncoding(rawValue: page.encoding) else {
                throw .unsupported(location, feature: "encoding \(page.encoding)")
            }
            try decodeValues(page, encoding, scratch: &scratch, location: location)
        }
    }

    /// Codes in place; NULL slots get the code behind the last entry.
    private func decodeCodes(
        _ page: PageValues, scratch: inout PageScratch, location: FileLocation
    ) throws(ColumnarError) {
        let target = main.base.assumingMemoryBound(to: UInt32.self) + page.slot
        if page.present == page.slots {
            try codes(page, into: target, location: location)
            return
        }
        guard let validity else { preconditionFailure("NULLs need a bitmap") }
        let room = try scratch.converted(bytes: (page.present + 1) * 4)
        let compact = room.base.assumingMemoryBound(to: UInt32.self)
        compact[page.present] = 0
        try codes(page, into: compact, location: location)
        NullExpansion.expand(
            UnsafePointer(compact), validity: validity, start: page.slot, count: page.slots,
            filler: UInt32(entryCount), into: target)
    }

    /// The codes of the values that are present, each checked against the dictionary.
    private func codes(
        _ page: PageValues, into target: UnsafeMutablePointer<UInt32>, location: FileLocation
    ) throws(ColumnarError) {
        guard page.present > 0 else { return }
        var reader = ByteReader(page.bytes, location: location)
        let bitWidth = Int(try reader.byte())
        guard bitWidth <= 32 else { throw reader.corrupt("dictionary codes of \(bitWidth) bits") }
        // Some writers leave out the runs of one entry, which say nothing.
        if bitWidth == 0 {
            target.update(repeating: 0, count: page.present)
        } else {
            try HybridRLE.decode(&reader, bitWidth: bitWidth, count: page.present, into: target)
        }
        var highest: UInt32 = 0
        for i in 0..<page.present { highest = max(highest, target[i]) }
        guard Int(highest) < entryCount else {
            throw .corrupt(
                location, reason: "dictionary code \(highest) of \(entryCount) entries")
        }
    }

    private func decodeBits(
        _ page: PageValues, scratch: inout PageScratch, location: FileLocation
    ) throws(ColumnarError) {
        let target = Bitmap(buffer: main, count: slotLimit)
        var reader = ByteReader(page.bytes, location: location)
        let isDense = page.present == page.slots
        let words = (page.present + 63) / 64 + 1
        let room = isDense ? main : try scratch.converted(bytes: words * 8)
        let compact = isDense ? target : Bitmap(buffer: room, count: words * 64)
        var bits = BitSplicer(compact, at: isDense ? page.slot : 0)
        switch ValueEncoding(rawValue: page.encoding) {
        case .plain:
            let bytes = try reader.take((page.present + 7) / 8)
            if let base = bytes.baseAddress { _ = bits.append(base, count: page.present) }
        case .rle:
            if page.present > 0 {
                var runs = ByteReader(
                    try reader.take(Int(try reader.load(UInt32.self))), location: location)
                _ = try HybridRLE.decodeBits(&runs, count: page.present, into: &bits)
            }
        case .bitPacked:
            var runs = try scratch.writer()
            try BitPackedLevels.transcode(
                &reader, bitWidth: 1, count: page.present, into: &runs)
            var packed = ByteReader(runs.bytes, location: location)
            _ = try HybridRLE.decodeBits(&packed, count: page.present, into: &bits)
        case .plainDictionary, .rleDictionary:
            try appendCoded(page, to: &bits, scratch: &scratch, location: location)
        default: throw .unsupported(location, feature: "encoding \(page.encoding) for booleans")
        }
        if !isDense, let validity {
            Self.spread(compact, validity: validity, start: page.slot, count: page.slots, target)
        }
    }

    /// Booleans behind codes, which no usual writer makes.
    private func appendCoded(
        _ page: PageValues, to bits: inout BitSplicer, scratch: inout PageScratch,
        location: FileLocation
    ) throws(ColumnarError) {
        let (codes, entries) = try mixedCodes(page, scratch: &scratch, location: location)
        for i in 0..<page.present {
            let entry = entries.load(fromByteOffset: Int(codes[i]), as: UInt8.self)
            bits.append(word: UInt64(entry), count: 1)
        }
    }

    /// A page's codes in a chunk that has other pages too, and the entries that they name.
    private func mixedCodes(
        _ page: PageValues, scratch: inout PageScratch, location: FileLocation
    ) throws(ColumnarError) -> (UnsafeMutablePointer<UInt32>, entries: UnsafeMutableRawPointer) {
        guard let mixedEntries else {
            throw .corrupt(location, reason: "dictionary codes without a dictionary")
        }
        let room = try scratch.physical(bytes: page.present * 4)
        let codes = room.base.assumingMemoryBound(to: UInt32.self)
        try self.codes(page, into: codes, location: location)
        return (codes, mixedEntries.base)
    }

    /// Spreads packed bits to the slots where the validity has a 1; the others become 0.
    private static func spread(
        _ compact: Bitmap, validity: Bitmap, start: Int, count: Int, _ target: Bitmap
    ) {
        let source = compact.words()
        let valid = validity.words()
        var splicer = BitSplicer(target, at: start)
        var next = 0
        var row = 0
        while row < count {
            let slot = start + row
            let step = min(64 - slot & 63, count - row)
            var word = valid[slot >> 6] >> UInt64(slot & 63)
            if step < 64 { word &= UInt64(1) << UInt64(step) &- 1 }
            let shift = UInt64(next & 63)
            var bits = source[next >> 6] >> shift
            if shift > 0, next >> 6 + 1 < source.count {
                bits |= source[next >> 6 + 1] << (64 - shift)
            }
            next += word.nonzeroBitCount
            var result: UInt64 = 0
            while word != 0 {
                result |= (bits & 1) << UInt64(word.trailingZeroBitCount)
                bits >>= 1
                word &= word &- 1
            }
            splicer.append(word: result, count: step)
            row += step
        }
    }

    private func decodeValues(
        _ page: PageValues, _ encoding: ValueEncoding, scratch: inout PageScratch,
        location: FileLocation
    ) throws(ColumnarError) {
        let width = decoder.elementBytes
        let target = main.base + page.slot * width
        if page.present == page.slots {
            try present(page, encoding, into: target, scratch: &scratch, location: location)
            return
        }
        guard let validity else { preconditionFailure("NULLs need a bitmap") }
        let room = try scratch.converted(bytes: (page.present + 1) * width)
        (room.base + page.present * width)
            .initializeMemory(as: UInt8.self, repeating: 0, count: width)
        try present(page, encoding, into: room.base, scratch: &scratch, location: location)
        NullExpansion.expand(
            room.base, width: width, validity: validity, start: page.slot, count: page.slots,
            into: target)
    }

    /// The values that are present, one after another.
    private func present(
        _ page: PageValues, _ encoding: ValueEncoding, into target: UnsafeMutableRawPointer,
        scratch: inout PageScratch, location: FileLocation
    ) throws(ColumnarError) {
        guard page.present > 0 else { return }
        switch encoding {
        case .plainDictionary, .rleDictionary:
            let (codes, entries) = try mixedCodes(page, scratch: &scratch, location: location)
            Self.gather(
                entries, width: decoder.elementBytes, codes: codes, count: page.present,
                into: target)
        case _ where builtTexts != nil && decoder.builds(encoding):
            guard let builtTexts else { return }
            try decoder.build(
                page.bytes, encoding, count: page.present, out: &builtTexts.bytes,
                limit: builtTexts.limitBytes,
                into: target.assumingMemoryBound(to: TextSlice.self), location: location)
            try builtTexts.claimGrowth(location: location)
            return
        default:
            try decoder.decode(
                page.bytes, base: page.base, encoding: encoding, count: page.present,
                into: target, scratch: &scratch, location: location)
        }
        if builtTexts != nil { try rebuild(target, count: page.present, location) }
    }

    /// Copies texts that were found in pages to where the chunk's other texts are built.
    private func rebuild(
        _ target: UnsafeMutableRawPointer, count: Int, _ location: FileLocation
    ) throws(ColumnarError) {
        guard let builtTexts, let pageOwner else { return }
        let limit = builtTexts.limitBytes
        let slices = target.assumingMemoryBound(to: TextSlice.self)
        for i in 0..<count {
            let start = builtTexts.bytes.count
            guard start + Int(slices[i].length) <= limit else {
                throw .limit(
                    name: "textBufferBytes", value: start, limit: limit, location: location)
            }
            try builtTexts.bytes.append(
                UnsafeRawBufferPointer(
                    start: pageOwner.base + Int(slices[i].start), count: Int(slices[i].length)))
            slices[i].start = UInt32(truncatingIfNeeded: start)
        }
        try builtTexts.claimGrowth(location: location)
    }

    private static func gather(
        _ entries: UnsafeMutableRawPointer, width: Int, codes: UnsafeMutablePointer<UInt32>,
        count: Int, into target: UnsafeMutableRawPointer
    ) {
        switch width {
        case 4: gather(entries, UInt32.self, codes, count, target)
        case 8: gather(entries, UInt64.self, codes, count, target)
        default: gather(entries, UInt128.self, codes, count, target)
        }
    }

    @inline(__always)
    private static func gather<T: BitwiseCopyable>(
        _ entries: UnsafeMutableRawPointer, _: T.Type, _ codes: UnsafeMutablePointer<UInt32>,
        _ count: Int, _ target: UnsafeMutableRawPointer
    ) {
        let source = entries.assumingMemoryBound(to: T.self)
        let result = target.assumingMemoryBound(to: T.self)
        for i in 0..<count { result[i] = source[Int(codes[i])] }
    }
}
