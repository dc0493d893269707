import Columnar

/// Offsets and validity of lists, as the list and the map sink keep them.
struct ListShape {
    private var offsets: GrowingBuffer<UInt32>
    private var validity = ValidityBuilder()
    private var childCount = 0
    private let pool: BufferPool

    init(pool: BufferPool, capacity: Int) throws(QueryError) {
        self.pool = pool
        do {
            offsets = try GrowingBuffer(pool: pool, capacity: capacity + 1)
            try offsets.append(0)
        } catch { throw QueryError(error) }
    }

    /// Ends a list of so many elements.
    mutating func end(_ elements: Int, isValid: Bool) throws(QueryError) {
        childCount += elements
        guard let end = UInt32(exactly: childCount) else {
            throw .argument("Arrays of one batch have more than \(UInt32.max) elements")
        }
        do { try offsets.append(end) } catch { throw QueryError(error) }
        validity.append(isValid)
    }

    consuming func finish(child: Column) throws(QueryError) -> Column {
        do {
            return .list(
                ListColumn(
                    offsets: offsets.buffer, count: offsets.count - 1, child: child,
                    validity: try validity.finish(pool: pool)))
        } catch { throw QueryError(error) }
    }
}

/// JSON arrays.
final class JSONListSink: JSONSink {
    private var shape: ListShape
    private let child: JSONSink

    init(
        _ type: DataType, _ pool: BufferPool, _ capacity: Int, _ failure: JSONCastFailure,
        _ child: JSONSink
    ) throws(QueryError) {
        shape = try ListShape(pool: pool, capacity: capacity)
        self.child = child
        super.init(type: type, failure: failure)
    }

    override func append(_ element: JSONElement) throws(QueryError) {
        if element.isNull { return try appendNull() }
        guard element.kind == .array else { return try reject(element) }
        var count = 0
        var elements = element.elements
        while let next = elements.next() {
            try child.append(next)
            count += 1
        }
        try shape.end(count, isValid: true)
    }

    override func appendNull() throws(QueryError) { try shape.end(0, isValid: false) }

    override func finish() throws(QueryError) -> Column {
        try shape.finish(child: try child.finish())
    }
}

/// JSON objects as maps; of equal keys the last wins.
final class JSONMapSink: JSONSink {
    private var shape: ListShape
    private var entryCount = 0
    private let keys: JSONSink
    private let values: JSONSink
    private let keyParser: JSONParser

    init(
        _ type: DataType, _ pool: BufferPool, _ capacity: Int, _ failure: JSONCastFailure,
        _ keys: JSONSink, _ values: JSONSink
    ) throws(QueryError) {
        shape = try ListShape(pool: pool, capacity: capacity)
        self.keys = keys
        self.values = values
        keyParser = try storage { () throws(ColumnarError) in try JSONParser() }
        super.init(type: type, failure: failure)
    }

    override func append(_ element: JSONElement) throws(QueryError) {
        if element.isNull { return try appendNull() }
        guard element.kind == .object else { return try reject(element) }
        var count = 0
        for member in element.canonicalMembers() {
            // A key is cast as the JSON string that it is.
            var writer = JSONWriter()
            writer.string(member.key)
            let key: JSONElement
            do {
                key = try keyParser.parse(copyOf: writer.bytes)
            } catch { throw QueryError(error) }
            try keys.append(key)
            try values.append(member.value)
            count += 1
        }
        entryCount += count
        try shape.end(count, isValid: true)
    }

    override func appendNull() throws(QueryError) { try shape.end(0, isValid: false) }

    override func finish() throws(QueryError) -> Column {
        let children = [try keys.finish(), try values.finish()]
        return try shape.finish(
            child: .row(RowColumn(children: children, count: entryCount, validity: nil)))
    }
}

/// JSON objects by field name (in any case), JSON arrays by position.
final class JSONRowSink: JSONSink {
    private var validity = ValidityBuilder()
    private let pool: BufferPool
    private let names: [[UInt8]]
    private let children: [JSONSink]

    init(
        _ type: DataType, _ pool: BufferPool, _ failure: JSONCastFailure,
        _ fields: [RowField], _ children: [JSONSink]
    ) {
        self.pool = pool
        self.children = children
        names = fields.map { Array(($0.name ?? "").lowercased().utf8) }
        super.init(type: type, failure: failure)
    }

    override func append(_ element: JSONElement) throws(QueryError) {
        var found = [JSONElement?](repeating: nil, count: children.count)
        switch element.kind {
        case .null: return try appendNull()
        case .object:
            var members = element.members
            while let member = members.next() {
                if let i = index(of: member.key) { found[i] = member.value }
            }
        case .array:
            var elements = element.elements
            var count = 0
            while let next = elements.next() {
                if count < found.count { found[count] = next }
                count += 1
            }
            guard count == children.count else { return try reject(element) }
        default: return try reject(element)
        }
        for (child, value) in zip(children, found) {
            if let value { try child.append(value) } else { try child.appendNull() }
        }
        validity.append(true)
    }

    private func index(of key: Bytes) -> Int? {
        names.firstIndex { name in
            name.count == key.count
                && zip(name, key).allSatisfy { $0 == $1 || ($0 == $1 | 0x20 && $0 >= 0x61) }
        }
    }

    override func appendNull() throws(QueryError) {
        for child in children { try child.appendNull() }
        validity.append(false)
    }

    override func finish() throws(QueryError) -> Column {
        var columns: [Column] = []
        for child in children { columns.append(try child.finish()) }
        let count = validity.count
        do {
            return .row(
                RowColumn(
                    children: columns, count: count, validity: try validity.finish(pool: pool)))
        } catch { throw QueryError(error) }
    }
}
