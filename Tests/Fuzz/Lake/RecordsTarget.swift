import Columnar

/// Raw files of many records: told apart alike, whatever the blocks that they are read in.
///
/// The first byte says layout and compression, the second how small the blocks are.
enum RecordsTarget: FuzzTarget {
    private static let layouts: [RecordStream.Layout] = [
        .lines, .array(path: []), .array(path: ["data"]),
    ]
    private static let compressions: [TextCompression] = [.none, .gzip, .zstd]
    private static let pool = BufferPool()

    static func run(_ input: UnsafeRawBufferPointer) {
        guard input.count > 2 else { return }
        let layout = layouts[Int(input[0]) % 3]
        let compression = compressions[Int(input[0]) / 3 % 3]
        let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst(2))
        guard
            let small = records(bytes, layout, compression, blockBytes: 16 + Int(input[1])),
            let large = records(bytes, layout, compression, blockBytes: 1 << 20)
        else { return }
        precondition(small.isWhole == large.isWhole)
        // What is decompressed together with a fault is lost with it, more in larger blocks.
        let count = min(small.texts.count, large.texts.count)
        precondition(!small.isWhole || small.texts.count == large.texts.count)
        precondition(small.texts.prefix(count) == large.texts.prefix(count))
    }

    /// nil for a text that is too long to be told apart quickly.
    private static func records(
        _ bytes: UnsafeRawBufferPointer, _ layout: RecordStream.Layout,
        _ compression: TextCompression, blockBytes: Int
    ) -> (texts: [[UInt8]], isWhole: Bool)? {
        var texts: [[UInt8]] = []
        do throws(ColumnarError) {
            let decoded = try compression.decoded(
                MemoryStream(bytes), location: FileLocation(path: "x"), pool: pool)
            var stream = RecordStream(
                BoundedStream(decoded, limitName: "text", limitBytes: 1 << 20), layout: layout,
                name: "x",
                blockBytes: blockBytes, pool: pool)
            var number = 0
            while let record = try stream.next() {
                precondition(record.number > number)
                number = record.number
                texts.append(Array(record.bytes))
            }
            return (texts, true)
        } catch .limit {
            return nil
        } catch { return (texts, false) }
    }
}
