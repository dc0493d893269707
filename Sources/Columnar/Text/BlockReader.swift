import CSimdjson

/// A stretch of a text that begins with a record; the last record may be cut off unless the block is the last.
struct TextBlock {
    /// The bytes; a reader may change them until a column holds them.
    let buffer: Buffer
    let count: Int
    /// Nothing follows.
    let isLast: Bool

    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: buffer.base, count: count)
    }
}

/// Reads a text in blocks; what a reader did not consume of one begins the next.
///
///     stream   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
///     block 1  ├── records ──┼ cut ┤
///     block 2                ├─────── records ───────┤
///
/// Memory: a block at a time; a record longer than a block doubles the next, up to `Limits.recordBytes`.
struct BlockReader {
    private let stream: any ByteStream
    private let name: String
    private let blockBytes: Int
    private let pool: BufferPool
    private var block: TextBlock?
    private var consumed = 0

    init(_ stream: any ByteStream, name: String, blockBytes: Int, pool: BufferPool) {
        self.stream = stream
        self.name = name
        self.blockBytes = max(blockBytes, 16)
        self.pool = pool
    }

    /// Says that the first `count` bytes of the block are done with.
    mutating func consume(_ count: Int) {
        consumed += count
    }

    /// The next block, or nil when everything was consumed; `line` is where it begins, for errors.
    mutating func next(line: Int) throws(ColumnarError) -> TextBlock? {
        let rest = block.map { $0.count - consumed } ?? 0
        if let block, block.isLast, rest == 0 { return nil }
        guard rest <= Limits.recordBytes else {
            throw .limit(
                name: "recordBytes", value: rest, limit: Limits.recordBytes,
                location: FileLocation(path: name, line: line))
        }
        let isStuck = consumed == 0 && rest > 0
        let wanted = isStuck ? max(rest * 2, blockBytes) : max(blockBytes, rest + blockBytes / 2)
        let size = min(wanted, max(Limits.recordBytes, rest) + blockBytes)
        let buffer = try pool.allocate(bytes: size)
        if let block, rest > 0 {
            buffer.base.copyMemory(from: block.buffer.base + consumed, byteCount: rest)
        }
        let room = UnsafeMutableRawBufferPointer(start: buffer.base + rest, count: size - rest)
        let filled = try stream.fill(room)
        let next = TextBlock(
            buffer: buffer, count: rest + filled, isLast: filled < room.count)
        block = next
        consumed = 0
        return next.count == 0 ? nil : next
    }
}

/// Facts about stretches of text.
enum TextBytes {
    static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        return lake_utf8_is_valid(base.assumingMemoryBound(to: UInt8.self), bytes.count) != 0
    }

    /// Throws `corrupt` with the line of the first byte that is no UTF-8; `line` is where the block begins.
    static func check(_ block: TextBlock, line: Int, name: String) throws(ColumnarError) {
        let bytes = UnsafeRawBufferPointer(block.bytes)
        var end = bytes.count
        // The last character may be cut off; the next block has all of it.
        if !block.isLast {
            while end > 0, bytes.count - end < 3, bytes[end - 1] & 0xC0 == 0x80 { end -= 1 }
            if end > 0, bytes[end - 1] >= 0xC0 { end -= 1 }
        }
        guard let fault = firstInvalid(UnsafeRawBufferPointer(rebasing: bytes[..<end])) else {
            return
        }
        let before = newlines(UnsafeRawBufferPointer(rebasing: bytes[..<fault]))
        throw .corrupt(
            FileLocation(path: name, line: line + before),
            reason: "byte 0x" + String(bytes[fault], radix: 16, uppercase: true)
                + " is not UTF-8; make the file UTF-8 first, as with iconv -f WINDOWS-1252 -t UTF-8"
        )
    }

    /// The offset of the first byte that is no UTF-8; nil when there is none.
    static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !isUTF8(bytes) else { return nil }
        var start = 0
        while start < bytes.count {
            let end = start + characterBytes(bytes[start])
            guard end > start, end <= bytes.count,
                isUTF8(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            else { return start }
            start = end
        }
        return nil
    }

    /// Bytes of the character that a byte begins; 0 when it begins none.
    private static func characterBytes(_ first: UInt8) -> Int {
        switch first {
        case ..<0x80: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    static func newlines(_ bytes: UnsafeRawBufferPointer) -> Int {
        var total = 0
        for byte in bytes { total &+= byte == 0x0A ? 1 : 0 }
        return total
    }

    /// 3 when the text opens with U+FEFF, else 0.
    static func markBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        JSONParser.byteOrderMarkCount(bytes)
    }
}
