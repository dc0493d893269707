import CXXHash

/// What `lake.db` remembers of raw files and records, behind a checksum that is right.
///
/// The first byte says what the rest is: 0 a folder's chunk, 1 a file's records.
enum StateTarget: FuzzTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        guard let kind = input.first else { return }
        var bytes = [UInt8](repeating: 0, count: 8) + input.dropFirst()
        let sum = bytes.withUnsafeBytes { body in
            XXH3_64bits(body.baseAddress.map { $0 + 8 }, body.count - 8)
        }
        withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
        if kind == 0 { chunk(bytes) } else { records(bytes) }
    }

    /// What is accepted can be written again, and is then read as the same.
    private static func chunk(_ bytes: [UInt8]) {
        var entries = RawFileChunk.Entries()
        guard bytes.withUnsafeBytes({ entries.append(chunk: $0) }) else { return }
        var writer = RawFileChunk.Writer()
        for index in 0..<entries.count {
            writer.append(name: entries.name(index), state: entries.states[index])
        }
        writer.endChunk()
        var again = RawFileChunk.Entries()
        for chunk in writer.chunks {
            precondition(chunk.bytes.withUnsafeBytes { again.append(chunk: $0) })
        }
        precondition(again.names == entries.names && again.nameEnds == entries.nameEnds)
        precondition(again.states == entries.states)
    }

    private static func records(_ bytes: [UInt8]) {
        guard let entries = bytes.withUnsafeBytes({ RecordEntries(decoding: $0) }) else { return }
        precondition(entries.encoded() == bytes)
        for entry in entries.entries { precondition(entries.find(entry.key) == entry) }
        precondition(entries.merged(with: entries.entries) == entries.entries)
    }

    /// One input of each kind.
    static var samples: [[UInt8]] {
        var writer = RawFileChunk.Writer()
        for number in 0..<4 {
            writer.append(
                name: Array("file-\(number + 98).json".utf8),
                state: RawFileState(
                    flags: .hasRow, hint: StatHint(bits: 77),
                    content: ContentHash(low: 1, high: 2), rowHash: 3, keyHash: 4, partition: 7))
        }
        writer.endChunk()
        let records = RecordEntries(
            (0..<4).map { RecordEntries.Entry(key: $0 * 5, row: $0, partition: 3) },
            hasPartitions: true)
        return writer.chunks.map { [0] + $0.bytes.dropFirst(8) }
            + [[1] + records.encoded().dropFirst(8)]
    }
}
