import Glibc

/// Records of a JSON text one by one, each for the reader to judge: a bad one does not end the others.
///
///     lines    one record a line; blank lines are none
///     array    the elements of the top-level array, or of the array at a path of keys:
///              {"meta": …, "data": [ {"a":1}, {"a":2} ], "paging": …}
///
/// What follows a fault of the structure itself cannot be told apart any more: `next` throws then, and
/// whoever calls stops. So it is with a fault of the compressed bytes, once the records before it are given,
/// but for those that were decompressed together with it.
/// Memory: a block of text, or one record where that is longer.
package struct RecordStream {
    /// One record, not parsed; its bytes live until the next call, with padding behind them.
    package struct Record {
        package let bytes: UnsafeRawBufferPointer
        /// Its line in a text of lines, its place among the records of an array; from 1.
        package let number: Int
        /// The text ends with it, without a line break: it may be cut off.
        package let isUnended: Bool
    }

    private let layout: Layout
    private let source: HeldErrorStream
    private var reader: BlockReader
    private var array: ArraySplitter
    private var block: TextBlock?
    private var position = 0
    private var number = 0
    private var isStarted = false

    /// How the records lie.
    package enum Layout: Hashable, Sendable {
        case lines
        /// The keys on the way to the array; none for a text that is one.
        case array(path: [String])
    }

    /// - name: what errors call the text.
    package init(
        _ stream: any ByteStream, layout: Layout, name: String,
        blockBytes: Int = Limits.textBlockBytes, pool: BufferPool
    ) {
        self.layout = layout
        source = HeldErrorStream(stream)
        reader = BlockReader(source, name: name, blockBytes: blockBytes, pool: pool)
        if case .array(let path) = layout {
            array = ArraySplitter(path: path, name: name)
        } else {
            array = ArraySplitter(path: [], name: name)
        }
    }

    /// The next record, or nil at the end of a text that is whole.
    package mutating func next() throws(ColumnarError) -> Record? {
        while true {
            if block == nil, try !refill() {
                try end()
                return nil
            }
            guard let block else { return nil }
            let bytes = UnsafeRawBufferPointer(block.bytes)
            let found = layout == .lines ? line(bytes, block) : try element(bytes, block)
            if let found {
                if found.isUnended, let error = source.error { throw error }
                return found
            }
            if block.isLast {
                try end()
                return nil
            }
            self.block = nil
        }
    }

    private func end() throws(ColumnarError) {
        if let error = source.error { throw error }
        if layout != .lines { try array.end() }
    }

    /// Reads on; what was not consumed of the last block begins the next one.
    private mutating func refill() throws(ColumnarError) -> Bool {
        reader.consume(position)
        position = 0
        guard let next = try reader.next(line: number + 1) else { return false }
        block = next
        defer { isStarted = true }
        if !isStarted { position = TextBytes.markBytes(UnsafeRawBufferPointer(next.bytes)) }
        return true
    }

    private mutating func line(_ bytes: UnsafeRawBufferPointer, _ block: TextBlock) -> Record? {
        while position < bytes.count {
            let start = bytes.baseAddress! + position
            var end = bytes.count
            var isUnended = true
            if let found = memchr(start, 0x0A, bytes.count - position) {
                end = position + (UnsafeRawPointer(found) - start)
                isUnended = false
            } else if !block.isLast {
                return nil
            }
            var first = position
            position = min(end + 1, bytes.count)
            number += 1
            while first < end, RecordSplitter.isBlank(bytes[first]) { first += 1 }
            if first < end {
                return Record(
                    bytes: UnsafeRawBufferPointer(rebasing: bytes[first..<end]), number: number,
                    isUnended: isUnended)
            }
        }
        return nil
    }

    private mutating func element(
        _ bytes: UnsafeRawBufferPointer, _ block: TextBlock
    ) throws(ColumnarError) -> Record? {
        // A value that damage cuts off is not the array's fault.
        let isLast = block.isLast && source.error == nil
        guard let range = try array.next(bytes, &position, isLast: isLast) else { return nil }
        number += 1
        return Record(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[range]), number: number,
            isUnended: false)
    }
}

/// A stream that ends where its source fails, and says later why.
private final class HeldErrorStream: ByteStream {
    private let source: any ByteStream
    private(set) var error: ColumnarError?

    init(_ source: any ByteStream) {
        self.source = source
    }

    func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        guard error == nil else { return 0 }
        do throws(ColumnarError) {
            return try source.read(into: target)
        } catch {
            self.error = error
            return 0
        }
    }
}
