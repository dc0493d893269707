/// Finds the elements of one array in a JSON document, block by block, without parsing them.
///
/// Objects on the way to the array are walked, everything else beside it is stepped over. Keys are
/// compared as they are written, so a key with escapes is none of the path's.
struct ArraySplitter {
    private let path: [[UInt8]]
    private let name: String
    private var state = State.document
    /// Open objects, all of them on the path.
    private var depth = 0
    private var hasArray = false

    /// What must come next.
    private enum State {
        case document
        case key(isFirst: Bool)
        case colon(isOnPath: Bool)
        case value(isOnPath: Bool)
        case comma
        case element(isFirst: Bool)
        case separator
        case nothing
    }

    init(path: [String], name: String) {
        self.path = path.map { Array($0.utf8) }
        self.name = name
    }

    /// The next element from `position` on, which moves behind what is done with; nil: more bytes, or the end.
    mutating func next(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, isLast: Bool
    ) throws(ColumnarError) -> Range<Int>? {
        while true {
            while position < bytes.count, RecordSplitter.isBlank(bytes[position]) { position += 1 }
            guard position < bytes.count else { return nil }
            if try step(bytes[position]) {
                position += 1
                continue
            }
            guard let end = RecordSplitter.valueEnd(bytes, from: position, isLast: isLast) else {
                if isLast { throw fault("the file ends in the middle of a JSON value") }
                return nil
            }
            let range = position..<end
            position = end
            if try take(UnsafeRawBufferPointer(rebasing: bytes[range])) { return range }
        }
    }

    /// Checks at the end of the text that the document ended too.
    func end() throws(ColumnarError) {
        guard case .nothing = state else {
            throw fault(
                hasArray ? "the file ends before its array does" : "the file ends before its array")
        }
        guard hasArray else { throw fault("there is no array at \(pathText)") }
    }

    /// Steps over a byte of the structure; false before a key, a value or an element.
    private mutating func step(_ byte: UInt8) throws(ColumnarError) -> Bool {
        switch (state, byte) {
        case (.document, UInt8(ascii: "[")) where path.isEmpty: open()
        case (.document, UInt8(ascii: "{")) where !path.isEmpty:
            depth = 1
            state = .key(isFirst: true)
        case (.document, _):
            throw fault(path.isEmpty ? "the document is no array" : "the document is no object")
        case (.key(isFirst: true), UInt8(ascii: "}")), (.comma, UInt8(ascii: "}")): close()
        case (.key, UInt8(ascii: "\"")): return false
        case (.key, _): throw fault("here must be a key")
        case (.colon(let isOnPath), UInt8(ascii: ":")): state = .value(isOnPath: isOnPath)
        case (.colon, _): throw fault("here must be a colon")
        case (.value(isOnPath: true), UInt8(ascii: "[")) where depth == path.count: open()
        case (.value(isOnPath: true), UInt8(ascii: "{")) where depth < path.count:
            depth += 1
            state = .key(isFirst: true)
        case (.value, _): return false
        case (.comma, UInt8(ascii: ",")): state = .key(isFirst: false)
        case (.comma, _): throw fault("here must be a comma or }")
        case (.element(isFirst: true), UInt8(ascii: "]")), (.separator, UInt8(ascii: "]")):
            state = depth == 0 ? .nothing : .comma
        case (.element, UInt8(ascii: ",")), (.element, UInt8(ascii: "]")):
            throw fault("here must be an element; is there a comma too many?")
        case (.element, _): return false
        case (.separator, UInt8(ascii: ",")): state = .element(isFirst: false)
        case (.separator, _): throw fault("here must be a comma or ]")
        case (.nothing, _): throw fault("something follows the document")
        }
        return true
    }

    /// Takes a whole key, value or element; true for an element.
    private mutating func take(_ text: UnsafeRawBufferPointer) throws(ColumnarError) -> Bool {
        switch state {
        case .key:
            let key = text.dropFirst().dropLast()
            state = .colon(isOnPath: key.elementsEqual(path[depth - 1]))
        case .value(let isOnPath):
            // An answer without data may say so by null.
            if isOnPath, text.elementsEqual("null".utf8) {
                hasArray = true
            } else if isOnPath {
                throw fault("\(pathText) is no array")
            }
            state = .comma
        case .element:
            state = .separator
            return true
        case .document, .colon, .comma, .separator, .nothing: break
        }
        return false
    }

    private mutating func open() {
        hasArray = true
        state = .element(isFirst: true)
    }

    private mutating func close() {
        depth -= 1
        state = depth == 0 ? .nothing : .comma
    }

    private var pathText: String {
        path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
    }

    private func fault(_ reason: String) -> ColumnarError {
        .corrupt(FileLocation(path: name), reason: reason)
    }
}
