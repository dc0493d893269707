/// Definition and repetition levels of one chunk, a byte each, for leaves in lists or deep in rows.
struct LeafLevels {
    let count: Int
    let definition: Buffer
    /// nil outside lists.
    let repetition: Buffer?

    init(count: Int, hasRepetition: Bool, pool: BufferPool) throws(ColumnarError) {
        self.count = count
        definition = try pool.allocate(bytes: count)
        repetition = hasRepetition ? try pool.allocate(bytes: count) : nil
    }

    var definitionBase: UnsafeMutablePointer<UInt8> {
        definition.base.assumingMemoryBound(to: UInt8.self)
    }

    var repetitionBase: UnsafeMutablePointer<UInt8>? {
        repetition?.base.assumingMemoryBound(to: UInt8.self)
    }

    /// Decodes one page's levels; those above the maximum are refused, as is a first row that is not one.
    func decode(
        _ parts: PageParts, page: ChunkPages.Page, leaf: SchemaLeaf, location: FileLocation
    ) throws(ColumnarError) {
        let count = page.header.valueCount
        let definitions = definitionBase + page.firstLevel
        if leaf.maxDefinition > 0 {
            try Self.decode(
                parts.definition, maximum: leaf.maxDefinition, count: count, into: definitions,
                location: location)
        } else {
            definitions.update(repeating: 0, count: count)
        }
        guard let repetitionBase else { return }
        let repetitions = repetitionBase + page.firstLevel
        try Self.decode(
            parts.repetition, maximum: leaf.maxRepetition, count: count, into: repetitions,
            location: location)
        if page.firstLevel == 0, count > 0, repetitions[0] != 0 {
            throw .corrupt(location, reason: "the first repetition level is \(repetitions[0])")
        }
    }

    private static func decode(
        _ bytes: UnsafeRawBufferPointer, maximum: Int, count: Int,
        into target: UnsafeMutablePointer<UInt8>, location: FileLocation
    ) throws(ColumnarError) {
        var reader = ByteReader(bytes, location: location)
        try HybridRLE.decode(
            &reader, bitWidth: BitPacking.bitWidth(for: maximum), count: count, into: target)
        var highest: UInt8 = 0
        for i in 0..<count { highest = max(highest, target[i]) }
        guard Int(highest) <= maximum else {
            throw .corrupt(location, reason: "level \(highest) is above \(maximum)")
        }
    }

    /// Marks which slots of a page have values, where that is asked.
    ///
    /// Returns how many slots there are, and how many have a value.
    func markSlots(
        _ page: ChunkPages.Page, leaf: SchemaLeaf, slot: Int, _ validity: Bitmap?
    ) -> (slots: Int, present: Int) {
        guard let validity else { return countSlots(page, leaf: leaf) }
        let definitions = definitionBase + page.firstLevel
        let slotDefinition = UInt8(leaf.node.slotDefinition)
        let full = UInt8(leaf.maxDefinition)
        var slots = 0
        var present = 0
        var bits = BitSplicer(validity, at: slot)
        var word: UInt64 = 0
        for i in 0..<page.header.valueCount where definitions[i] >= slotDefinition {
            let bit: UInt64 = definitions[i] == full ? 1 : 0
            word |= bit &<< UInt64(slots & 63)
            slots &+= 1
            present &+= Int(bit)
            if slots & 63 == 0 {
                bits.append(word: word, count: 64)
                word = 0
            }
        }
        if slots & 63 != 0 { bits.append(word: word, count: slots & 63) }
        return (slots, present)
    }

    private func countSlots(
        _ page: ChunkPages.Page, leaf: SchemaLeaf
    ) -> (slots: Int, present: Int) {
        let definitions = definitionBase + page.firstLevel
        let slotDefinition = UInt8(leaf.node.slotDefinition)
        let full = UInt8(leaf.maxDefinition)
        var slots = 0
        var present = 0
        for i in 0..<page.header.valueCount where definitions[i] >= slotDefinition {
            slots &+= 1
            if definitions[i] == full { present &+= 1 }
        }
        return (slots, present)
    }
}
