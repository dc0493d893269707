/// One column chunk of a good file, as inputs of the targets that fuzz parts of chunks.
struct ChunkSeed {
    let chunk: ColumnChunkMetadata
    let leaf: SchemaLeaf
    let pages: ChunkPages

    /// The headers of all pages, one after another.
    func headers(_ file: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var position = chunk.startOffset
        for page in (pages.dictionary.map { [$0] } ?? []) + pages.pages.prefix(3) {
            let body = chunk.startOffset + page.bodyOffset
            if body <= file.count { result += file[position..<body] }
            position = body + page.header.compressedBytes
        }
        return result
    }

    private func plain(_ page: ChunkPages.Page, _ location: FileLocation) -> [UInt8]? {
        guard page.header.type != PageType.dataV2.rawValue else { return nil }
        var bytes = [UInt8](repeating: 0, count: page.header.uncompressedBytes)
        let isDone = bytes.withUnsafeMutableBytes { target -> Bool in
            do throws(ColumnarError) {
                try Codec.decompress(
                    codec: chunk.codec, from: pages.body(page, location: location),
                    into: target, location: location)
                return true
            } catch { return false }
        }
        return isDone ? bytes : nil
    }

    /// For `ValuesTarget`.
    func values(location: FileLocation) -> [UInt8]? {
        guard leaf.maxRepetition == 0, leaf.maxDefinition <= 1, let page = pages.pages.first,
            let body = plain(page, location), page.header.valueCount < 65_536
        else { return nil }
        let element = leaf.node.element
        var entries: [UInt8] = []
        if let dictionary = pages.dictionary {
            guard let plain = plain(dictionary, location), plain.count < 256,
                dictionary.header.valueCount < 256
            else { return nil }
            entries = [UInt8(dictionary.header.valueCount), UInt8(plain.count)] + plain
        }
        let meaning = ValuesTarget.meanings.firstIndex(of: element.logical) ?? 0
        let flags =
            (leaf.maxDefinition > 0 ? ValuesTarget.isOptional : 0)
            | (entries.isEmpty ? 0 : ValuesTarget.hasDictionary)
        let count = page.header.valueCount
        return [
            UInt8(element.type?.rawValue ?? 0), UInt8(clamping: page.header.encoding), UInt8(flags),
            UInt8(clamping: element.typeLength), UInt8(meaning),
            UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8),
        ] + entries + body
    }

    /// For `LevelsTarget`, roughly: the levels of a chunk's first page under a schema of its depth.
    func levels(location: FileLocation) -> [UInt8]? {
        guard leaf.maxDefinition + leaf.maxRepetition > 1, let page = pages.pages.first,
            let body = plain(page, location), page.header.valueCount < 65_536
        else { return nil }
        var rest = body[...]
        func section(_ maximum: Int) -> [UInt8]? {
            guard maximum > 0 else { return [] }
            guard rest.count > 4 else { return nil }
            let length = Int(rest[rest.startIndex])
            rest = rest.dropFirst(4)
            guard length < 256, length <= rest.count else { return nil }
            defer { rest = rest.dropFirst(length) }
            return Array(rest.prefix(length))
        }
        guard let repetition = section(leaf.maxRepetition),
            let definition = section(leaf.maxDefinition)
        else { return nil }
        let shape: UInt8 = leaf.maxRepetition > 0 ? 0b0101_1001 : 0b0101_0101
        let count = page.header.valueCount
        let size = [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
        return [shape, 0b1000_1100] + size + size + [UInt8(repetition.count)] + repetition
            + [UInt8(definition.count)] + definition + rest
    }

    /// For `CodecsTarget`.
    func compressed(location: FileLocation) -> [UInt8]? {
        guard let page = pages.pages.first, page.header.type != PageType.dataV2.rawValue,
            page.header.uncompressedBytes < 65_536,
            let body = try? pages.body(page, location: location)
        else { return nil }
        let size = page.header.uncompressedBytes
        return [
            UInt8(clamping: chunk.codec), UInt8(truncatingIfNeeded: size),
            UInt8(truncatingIfNeeded: size >> 8),
        ] + Array(body)
    }

    /// Where the chunk's indexes lie: 0 column index, 1 offset index, 2 bloom filter.
    func indexes() -> [(kind: Int, bytes: Range<Int>)] {
        var found: [(kind: Int, bytes: Range<Int>)] = []
        if let start = chunk.columnIndexOffset {
            found.append((0, start..<start + chunk.columnIndexBytes))
        }
        if let start = chunk.offsetIndexOffset {
            found.append((1, start..<start + chunk.offsetIndexBytes))
        }
        if let start = chunk.bloomFilterOffset { found.append((2, start..<start + 32)) }
        return found
    }
}
