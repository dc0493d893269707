/// Entries on their way down to the leaves: where each lies in the current column, and its levels so far.
struct ShredFrame {
    /// The position of an entry that ended above: NULL or an empty list.
    static let dead = UInt32.max

    let count: Int
    /// `UInt32` positions.
    let positions: Buffer
    let definitions: Buffer
    let repetitions: Buffer

    init(count: Int, pool: BufferPool) throws(ColumnarError) {
        self.count = count
        positions = try pool.allocate(UInt32.self, count: count)
        definitions = try pool.allocate(bytes: count)
        repetitions = try pool.allocate(bytes: count)
    }

    var positionBase: UnsafeMutablePointer<UInt32> {
        positions.base.assumingMemoryBound(to: UInt32.self)
    }

    var definitionBase: UnsafeMutablePointer<UInt8> {
        definitions.base.assumingMemoryBound(to: UInt8.self)
    }

    var repetitionBase: UnsafeMutablePointer<UInt8> {
        repetitions.base.assumingMemoryBound(to: UInt8.self)
    }

    var definitionBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: definitions.base, count: count)
    }

    var repetitionBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: repetitions.base, count: count)
    }

    /// The same levels with room for other positions and definitions.
    func copy(pool: BufferPool) throws(ColumnarError) -> ShredFrame {
        let frame = try ShredFrame(count: count, pool: pool)
        frame.positions.base.copyMemory(from: positions.base, byteCount: count * 4)
        frame.definitions.base.copyMemory(from: definitions.base, byteCount: count)
        frame.repetitions.base.copyMemory(from: repetitions.base, byteCount: count)
        return frame
    }
}

/// Turns columns of any form into values and levels of leaves (Dremel's shredding, a column at a time).
struct Shredder {
    let pool: BufferPool
    let path: String
    let meter: StagingMeter

    /// Sends the frame's entries of a column down to the staged leaves.
    ///
    /// False if they do not fit the row group: then the caller rolls the leaves back.
    func shred(
        _ column: Column, _ node: SchemaNode, _ frame: ShredFrame, into leaves: [LeafStaging]
    ) throws(ColumnarError) -> Bool {
        let frame = try frame.copy(pool: pool)
        let base = try peel(column, frame)
        try markNulls(base, node, frame)
        switch (base, node.kind) {
        case (.row(let c), .row):
            return try shred(c.children, node, frame, into: leaves)
        case (.list(let c), .list):
            guard let entries = try expand(c, node, frame) else { return false }
            return try shred(c.child, node.children[0], entries, into: leaves)
        case (.list(let c), .map):
            guard let entries = try expand(c, node, frame) else { return false }
            // The entries of a map are a row that is itself no level.
            guard case .row(let pair) = try peel(c.child, entries) else {
                preconditionFailure("a map's child is a row")
            }
            return try shred(pair.children, node, entries, into: leaves)
        case (_, .leaf(let index)): return try leaves[index].append(frame, base)
        default: preconditionFailure("a column's form follows its type")
        }
    }

    private func shred(
        _ children: [Column], _ node: SchemaNode, _ frame: ShredFrame, into leaves: [LeafStaging]
    ) throws(ColumnarError) -> Bool {
        for (child, childNode) in zip(children, node.children) {
            guard try shred(child, childNode, frame, into: leaves) else { return false }
        }
        return true
    }

    /// The column under codes, constants and runs; the frame's positions follow.
    private func peel(_ column: Column, _ frame: ShredFrame) throws(ColumnarError) -> Column {
        let positions = frame.positionBase
        var current = column
        while true {
            switch current {
            case .lazy(let c): current = try c.resolve(.all)
            case .coded(let c):
                let codes = c.codeSpan()
                let null = UInt32(truncatingIfNeeded: c.dictionary.count)
                for i in 0..<frame.count where positions[i] < Self.null {
                    let code = codes[Int(positions[i])]
                    positions[i] = code == null ? Self.null : code
                }
                current = c.dictionary.entries
            case .constant(let c):
                for i in 0..<frame.count where positions[i] < Self.null { positions[i] = 0 }
                current = c.value
            case .runs(let c):
                let ends = c.ends.span(of: UInt32.self, count: c.runCount)
                for i in 0..<frame.count where positions[i] < Self.null {
                    positions[i] = Self.run(of: positions[i], in: ends)
                }
                current = c.values.column
            default: return current
            }
        }
    }

    /// The position of an entry whose code said NULL, until `markNulls` ends it.
    private static let null = UInt32.max - 1

    private static func run(of row: UInt32, in ends: Span<UInt32>) -> UInt32 {
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= row { low = middle + 1 } else { high = middle }
        }
        return UInt32(truncatingIfNeeded: low)
    }

    /// Ends the entries that are NULL here and raises the definition level of the others.
    private func markNulls(
        _ column: Column, _ node: SchemaNode, _ frame: ShredFrame
    ) throws(ColumnarError) {
        let positions = frame.positionBase
        let definitions = frame.definitionBase
        let raise: UInt8 = node.isNullable ? 1 : 0
        var hasNull = false
        // Without a bitmap one word of ones answers every position.
        let validity = column.validity
        let bits: Bitmap
        if let validity {
            bits = validity
        } else {
            bits = try Bitmap.filled(true, count: 64, pool: pool)
        }
        let words = bits.buffer.base.assumingMemoryBound(to: UInt64.self) + bits.startWord
        defer { withExtendedLifetime(bits) {} }
        let mask: UInt32 = validity == nil ? 0 : .max
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            let position = positions[i]
            let row = position & mask
            if position == Self.null || words[Int(row >> 6)] >> UInt64(row & 63) & 1 == 0 {
                positions[i] = ShredFrame.dead
                hasNull = true
            } else {
                definitions[i] &+= raise
            }
        }
        guard !hasNull || node.isNullable else {
            throw .unsupported(
                FileLocation(path: path, column: node.name),
                feature: "NULL in a column that is not nullable")
        }
    }

    /// One entry per element; empty lists keep one that ended.
    ///
    /// nil if the levels alone would not fit: one list may stand behind many rows.
    private func expand(
        _ list: ListColumn, _ node: SchemaNode, _ frame: ShredFrame
    ) throws(ColumnarError) -> ShredFrame? {
        let offsets = list.offsetSpan()
        let positions = frame.positionBase
        var total = 0
        for i in 0..<frame.count {
            let position = Int(positions[i])
            total +=
                positions[i] == ShredFrame.dead
                ? 1 : max(Int(offsets[position + 1]) - Int(offsets[position]), 1)
        }
        guard meter.fits(total * 2) else { return nil }
        guard total < Limits.rowGroupValues else {
            throw .limit(
                name: "rowGroupValues", value: total, limit: Limits.rowGroupValues,
                location: FileLocation(path: path, column: node.name))
        }
        let next = try ShredFrame(count: total, pool: pool)
        let repetition = UInt8(node.repetition + 1)
        var done = 0
        for i in 0..<frame.count {
            let definition = frame.definitionBase[i]
            let first = frame.repetitionBase[i]
            let position = Int(positions[i])
            let range =
                positions[i] == ShredFrame.dead
                ? 0..<0 : Int(offsets[position])..<Int(offsets[position + 1])
            if range.isEmpty {
                next.positionBase[done] = ShredFrame.dead
                next.definitionBase[done] = definition
                next.repetitionBase[done] = first
                done += 1
            }
            for element in range {
                next.positionBase[done] = UInt32(truncatingIfNeeded: element)
                next.definitionBase[done] = definition + 1
                next.repetitionBase[done] = element == range.lowerBound ? first : repetition
                done += 1
            }
        }
        return next
    }
}

extension Column {
    /// The validity of a column that stores one.
    fileprivate var validity: Bitmap? {
        switch self {
        case .bits(let c): c.validity
        case .flat(let c): c.validity
        case .text(let c): c.validity
        case .list(let c): c.validity
        case .row(let c): c.validity
        case .coded, .constant, .runs, .lazy: nil
        }
    }
}
