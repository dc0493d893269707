/// One column over a whole file, from its statistics: what is not stored stays unknown.
package struct ParquetColumnSummary: Sendable {
    /// How many distinct values there are, as far as a file can tell.
    package enum Distinct: Sendable, Hashable {
        case exactly(Int)
        /// The entries of the largest dictionary of a row group.
        case about(Int)
    }

    package let column: String
    package let type: DataType
    package private(set) var valueCount = 0
    /// nil if any row group does not say.
    package private(set) var nullCount: Int? = 0
    /// nil if any row group with values does not say, or there is no value.
    package private(set) var lower: Value?
    package private(set) var upper: Value?
    /// Whether the bounds are values that occur.
    package private(set) var hasExactBounds = true
    package private(set) var distinct: Distinct?
    package private(set) var compressedBytes = 0
    package private(set) var uncompressedBytes = 0
    /// Without repetition, in the order of their first use.
    package private(set) var encodings: [String] = []
    package private(set) var codecs: [String] = []
    private var isBounded = true

    init(column: String, type: DataType) {
        self.column = column
        self.type = type
    }

    fileprivate mutating func add(_ chunk: ParquetChunkFacts) {
        valueCount += chunk.valueCount
        compressedBytes += chunk.compressedBytes
        uncompressedBytes = uncompressedBytes &+ chunk.uncompressedBytes
        for encoding in chunk.encodings where !encodings.contains(encoding) {
            encodings.append(encoding)
        }
        if !codecs.contains(chunk.codec) { codecs.append(chunk.codec) }
        nullCount = nullCount.flatMap { sum in chunk.nullCount.map { sum + $0 } }
        if chunk.nullCount == chunk.valueCount { return }
        guard let low = chunk.lower, let high = chunk.upper else {
            isBounded = false
            lower = nil
            upper = nil
            return
        }
        guard isBounded else { return }
        hasExactBounds = hasExactBounds && chunk.hasExactBounds
        if lower.map({ BoundOrder.compare(low, $0) == .less }) ?? true { lower = low }
        if upper.map({ BoundOrder.compare(high, $0) == .greater }) ?? true { upper = high }
    }

    fileprivate mutating func add(distinctOf groups: [(stored: Int?, entries: Int?)]) {
        if groups.count == 1, let stored = groups[0].stored { distinct = .exactly(stored) }
        if distinct == nil, let most = groups.compactMap(\.entries).max() {
            distinct = .about(most)
        }
    }
}

extension ParquetFile {
    /// Every leaf column over the whole file; reads the headers of dictionary pages.
    package func columnSummaries() throws(ColumnarError) -> [ParquetColumnSummary] {
        var summaries = tree.leaves.map { leaf in
            ParquetColumnSummary(column: leaf.name, type: leaf.node.type)
        }
        let input = try reopen()
        var distinct: [[(stored: Int?, entries: Int?)]] = Array(
            repeating: [], count: summaries.count)
        for (group, facts) in zip(metadata.rowGroups, rowGroups) {
            for (index, chunk) in facts.columns.enumerated() {
                summaries[index].add(chunk)
                distinct[index].append(
                    (chunk.distinctCount, dictionaryEntries(group.columns[index], input)))
            }
        }
        for index in summaries.indices { summaries[index].add(distinctOf: distinct[index]) }
        return summaries
    }

    /// Entries of a chunk's dictionary; nil if it has none, or a header that cannot be read.
    private func dictionaryEntries(_ chunk: ColumnChunkMetadata, _ input: InputFile) -> Int? {
        let count = min(chunk.compressedBytes, 64)
        guard count > 0 else { return nil }
        var head = [UInt8](repeating: 0, count: count)
        return head.withUnsafeMutableBytes { bytes -> Int? in
            do throws(ColumnarError) {
                try input.read(offset: chunk.startOffset, into: bytes)
                var thrift = ThriftReader(
                    ByteReader(UnsafeRawBufferPointer(bytes), location: FileLocation(path: path)))
                let header = try PageHeader(reading: &thrift)
                let isDictionary = header.type == PageType.dictionary.rawValue
                return isDictionary ? header.valueCount : nil
            } catch { return nil }
        }
    }
}
