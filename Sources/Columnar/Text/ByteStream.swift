/// The bytes of a text from its start to its end, plain or decompressed; used by one reader at a time.
protocol ByteStream: AnyObject {
    /// Fills as much of `target` as there is, and returns how much; 0 is the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ColumnarError) -> Int
}

extension ByteStream {
    /// Fills `target` unless the text ends before.
    func fill(_ target: UnsafeMutableRawBufferPointer) throws(ColumnarError) -> Int {
        var done = 0
        while done < target.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: target[done...]))
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Reads `count` bytes that nobody wants; fewer if the text ends before.
    func skip(_ count: Int, pool: BufferPool) throws(ColumnarError) {
        var left = count
        guard left > 0 else { return }
        let room = try pool.allocate(bytes: min(left, 1 << 16))
        while left > 0 {
            let target = UnsafeMutableRawBufferPointer(
                start: room.base, count: min(left, room.capacityBytes))
            let done = try fill(target)
            if done == 0 { return }
            left -= done
        }
    }
}

/// A range of a file as it is stored.
final class FileStream: ByteStream {
    private let file: InputFile
    private var position: Int
    private let end: Int
    private let counters: ScanCounters?

    init(_ file: InputFile, range: Range<Int>, counters: ScanCounters?) {
        self.file = file
        position = range.lowerBound
        end = min(range.upperBound, file.sizeBytes)
        self.counters = counters
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ColumnarError) -> Int {
        let count = min(target.count, end - position)
        guard count > 0 else { return 0 }
        try file.read(
            offset: position, into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
        position += count
        counters?.bytesRead.wrappingAdd(count, ordering: .relaxed)
        return count
    }
}
