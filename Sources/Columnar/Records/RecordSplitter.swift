/// Where one JSON record lies in its block.
struct RecordSlice: BitwiseCopyable {
    var start: UInt32
    var length: UInt32
}

/// How records stand in a JSON text.
package enum RecordLayout: Hashable, Sendable {
    /// One record a line.
    case lines
    /// One JSON value after another, over any number of lines.
    case values
    /// The elements of one array.
    case array
}

/// The records of one block.
struct RecordSlices {
    let buffer: Buffer
    let slices: Buffer
    let count: Int
    let consumedBytes: Int

    @_lifetime(borrow self)
    func span() -> Span<RecordSlice> {
        let span = slices.span(of: RecordSlice.self, count: count)
        return _overrideLifetime(span, borrowing: self)
    }

    func bytes(_ record: RecordSlice) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: buffer.base + Int(record.start), count: Int(record.length))
    }
}

/// Finds where JSON records begin and end; what lies between is for the parser to judge.
///
///     lines    {"a":1} LF {"a":2} LF
///     values   {"a":1}{"a":
///               2}
///     array    [ {"a":1}, {"a":2} ]
struct RecordSplitter {
    let layout: RecordLayout
    let name: String
    private var state: State

    /// Where an array's reader stands; other layouts have no states.
    private enum State { case beforeArray, first, element, separator, afterArray, inside }

    /// Whether this reads a stretch of a text that was found sound as a whole.
    private let isPart: Bool

    /// A splitter of a whole text, or of a stretch that begins at `offset`.
    init(layout: RecordLayout, name: String, partFrom offset: Int? = nil) {
        self.layout = layout
        self.name = name
        isPart = offset != nil
        state = offset ?? 0 > 0 ? .inside : .beforeArray
    }

    /// The layout of a text whose first bytes are these; blanks alone leave it open.
    static func layout(of bytes: UnsafeRawBufferPointer) -> RecordLayout? {
        for byte in bytes where !isBlank(byte) {
            return byte == UInt8(ascii: "[") ? .array : .values
        }
        return nil
    }

    /// The whole records of a block that begins at `line`.
    mutating func split(
        _ block: TextBlock, line: Int, pool: BufferPool
    ) throws(ColumnarError) -> RecordSlices {
        var slices = try GrowingBuffer<RecordSlice>(pool: pool, capacity: 1024)
        let bytes = UnsafeRawBufferPointer(block.bytes)
        let consumed: Int
        switch layout {
        case .lines: consumed = try splitLines(bytes, isLast: block.isLast, &slices)
        case .values, .array:
            consumed = try splitValues(bytes, isLast: block.isLast, line: line, &slices)
        }
        return RecordSlices(
            buffer: block.buffer, slices: slices.buffer, count: slices.count,
            consumedBytes: consumed)
    }

    private func splitLines(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ slices: inout GrowingBuffer<RecordSlice>
    ) throws(ColumnarError) -> Int {
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            if end == bytes.count, !isLast { break }
            var first = start
            while first < end, Self.isBlank(bytes[first]) { first += 1 }
            if first < end { try Self.append(first, end, to: &slices) }
            start = min(end + 1, bytes.count)
        }
        return start
    }

    private mutating func splitValues(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, line: Int,
        _ slices: inout GrowingBuffer<RecordSlice>
    ) throws(ColumnarError) -> Int {
        var position = 0
        while true {
            while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
            guard position < bytes.count else { break }
            if layout == .array, try step(bytes, &position, line) { continue }
            guard let end = Self.valueEnd(bytes, from: position, isLast: isLast) else {
                guard isLast else { return position }
                throw fault("the file ends in the middle of a JSON value", bytes, position, line)
            }
            try Self.append(position, end, to: &slices)
            position = end
            if layout == .array { state = .separator }
        }
        if isLast, !isPart, layout == .array, state != .afterArray {
            throw fault("the file ends before its array does", bytes, position, line)
        }
        return position
    }

    /// Steps over brackets and commas of an array; false before an element.
    private mutating func step(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ line: Int
    ) throws(ColumnarError) -> Bool {
        let byte = bytes[position]
        switch (state, byte) {
        case (.beforeArray, UInt8(ascii: "[")): state = .first
        case (.first, UInt8(ascii: "]")), (.separator, UInt8(ascii: "]")),
            (.inside, UInt8(ascii: "]")):
            state = .afterArray
        case (.separator, UInt8(ascii: ",")), (.inside, UInt8(ascii: ",")): state = .element
        case (.first, _), (.element, _), (.inside, _): return false
        default:
            let wanted = state == .afterArray ? "nothing" : "a comma or ]"
            throw fault("here must be \(wanted)", bytes, position, line)
        }
        position += 1
        return true
    }

    private func fault(
        _ reason: String, _ bytes: UnsafeRawBufferPointer, _ position: Int, _ line: Int
    ) -> ColumnarError {
        let before = TextBytes.newlines(UnsafeRawBufferPointer(rebasing: bytes[..<position]))
        return .corrupt(FileLocation(path: name, line: line + before), reason: reason)
    }

    private static func append(
        _ start: Int, _ end: Int, to slices: inout GrowingBuffer<RecordSlice>
    ) throws(ColumnarError) {
        try slices.append(
            RecordSlice(
                start: UInt32(truncatingIfNeeded: start),
                length: UInt32(truncatingIfNeeded: end - start)))
    }

    /// The end of the value that begins at `start`; nil when the bytes end before it.
    static func valueEnd(
        _ bytes: UnsafeRawBufferPointer, from start: Int, isLast: Bool
    ) -> Int? {
        var depth = 0
        var i = start
        while i < bytes.count {
            switch bytes[i] {
            case UInt8(ascii: "\""):
                guard let end = stringEnd(bytes, from: i + 1) else { return nil }
                i = end
                if depth == 0 { return i }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // At depth 0 it ends a bare word, or is a fault that the parser names.
                if depth == 0 { return i > start ? i : i + 1 }
                depth -= 1
                if depth == 0 { return i + 1 }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return i > start ? i : i + 1 }
            default: break
            }
            i += 1
        }
        return isLast && depth == 0 ? bytes.count : nil
    }

    private static func stringEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var i = start
        while i < bytes.count {
            let byte = bytes[i]
            if byte == UInt8(ascii: "\"") { return i + 1 }
            i += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
