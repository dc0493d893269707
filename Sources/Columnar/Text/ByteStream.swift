/// The bytes of a text from its start to its end, plain or decompressed; used by one reader at a time.
package protocol ByteStream: AnyObject {
    /// Fills as much of `target` as there is, and returns how much; 0 is the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ColumnarError) -> Int
}

extension ByteStream {
    /// Fills `target` unless the text ends before.
    package func fill(_ target: UnsafeMutableRawBufferPointer) throws(ColumnarError) -> Int {
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

/// Bytes in memory, which their owner keeps while they are read.
package final class MemoryStream: ByteStream {
    private var rest: Slice<UnsafeRawBufferPointer>

    package init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes[...]
    }

    package func read(
        into target: UnsafeMutableRawBufferPointer
    ) throws(ColumnarError) -> Int {
        let count = min(target.count, rest.count)
        guard count > 0 else { return 0 }
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
        rest = rest.dropFirst(count)
        return count
    }
}

/// A stream that ends in an error after so many bytes: what decompresses may be a bomb.
package final class BoundedStream: ByteStream {
    private let source: any ByteStream
    private let limitName: String
    private let limitBytes: Int
    private var count = 0

    /// - limitName: the error's name of the limit.
    package init(_ source: any ByteStream, limitName: String, limitBytes: Int) {
        self.source = source
        self.limitName = limitName
        self.limitBytes = limitBytes
    }

    package func read(
        into target: UnsafeMutableRawBufferPointer
    ) throws(ColumnarError) -> Int {
        let done = try source.read(into: target)
        count += done
        guard count <= limitBytes else {
            throw .limit(name: limitName, value: count, limit: limitBytes, location: nil)
        }
        return done
    }
}
