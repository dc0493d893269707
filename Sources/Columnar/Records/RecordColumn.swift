/// One growing column of JSON values; the type is one that `RecordShape` gave.
///
/// What does not fit the type is NULL; the survey has made sure that all fits.
class RecordColumn {
    /// Appends a value; nil and null are NULL.
    func append(_ value: JSONElement?) throws(ColumnarError) {
        preconditionFailure("each kind of column appends for itself")
    }

    /// The column of what was appended; the next begins empty.
    func finish() throws(ColumnarError) -> Column {
        preconditionFailure("each kind of column finishes for itself")
    }

    /// A column that collects values of a type.
    static func of(_ type: DataType, pool: BufferPool) throws(ColumnarError) -> RecordColumn {
        switch type {
        case .boolean: return BooleanRecordColumn(pool: pool)
        case .bigint: return try FlatRecordColumn(.int64, pool) { $0.int64 }
        case .double:
            return try FlatRecordColumn(.float64, pool) { value in
                value.double.map { Int64(bitPattern: $0.bitPattern) }
            }
        case .decimal:
            return try FlatRecordColumn(.int128, pool) { value -> Int128? in
                value.kind == .uint64 ? Int128(value.uint64Bits) : value.int64.map { Int128($0) }
            }
        case .date:
            return try FlatRecordColumn(.int32, pool) { value in
                Self.time(value).map { Int32(truncatingIfNeeded: $0.days) }
            }
        case .timestamp: return try FlatRecordColumn(.int64, pool) { Self.time($0)?.micros }
        case .timestampTZ:
            return try FlatRecordColumn(.int128, pool) { Self.time($0)?.zoned.bits }
        case .array(let element): return try ListRecordColumn(element, pool: pool)
        case .row(let fields): return try RowRecordColumn(fields, pool: pool)
        default: return try TextRecordColumn(isJSON: type == .json, pool: pool)
        }
    }

    private static func time(_ value: JSONElement) -> WrittenTime? {
        value.kind == .string ? WrittenTime(TextEvidence.trimmed(value.stringBytes)) : nil
    }
}

/// Booleans.
final class BooleanRecordColumn: RecordColumn {
    private var builder: BitBuilder
    private let pool: BufferPool

    init(pool: BufferPool) {
        self.pool = pool
        builder = BitBuilder(pool: pool)
    }

    override func append(_ value: JSONElement?) {
        if let bit = value?.boolean { builder.append(bit) } else { builder.appendNull() }
    }

    override func finish() throws(ColumnarError) -> Column {
        let done = builder
        builder = BitBuilder(pool: pool)
        return try done.finish()
    }
}

/// Values of fixed width.
final class FlatRecordColumn<Element: FixedWidthInteger & BitwiseCopyable>: RecordColumn {
    private var builder: FlatBuilder<Element>
    private let storage: Storage
    private let read: (JSONElement) -> Element?
    private let pool: BufferPool

    init(
        _ storage: Storage, _ pool: BufferPool, read: @escaping (JSONElement) -> Element?
    ) throws(ColumnarError) {
        self.storage = storage
        self.read = read
        self.pool = pool
        builder = try FlatBuilder(storage: storage, pool: pool)
    }

    override func append(_ value: JSONElement?) throws(ColumnarError) {
        if let value, let element = read(value) {
            try builder.append(element)
        } else {
            try builder.appendNull()
        }
    }

    override func finish() throws(ColumnarError) -> Column {
        let done = builder
        builder = try FlatBuilder(storage: storage, pool: pool)
        return try done.finish()
    }
}

/// Strings as they are, or any values as JSON text.
final class TextRecordColumn: RecordColumn {
    private var builder: TextBuilder
    private let isJSON: Bool
    private let pool: BufferPool

    init(isJSON: Bool, pool: BufferPool) throws(ColumnarError) {
        self.isJSON = isJSON
        self.pool = pool
        builder = try TextBuilder(pool: pool)
    }

    override func append(_ value: JSONElement?) throws(ColumnarError) {
        guard let value, !value.isNull else { return try builder.appendNull() }
        guard isJSON || value.kind != .string else { return try builder.append(value.stringBytes) }
        try builder.append(value.jsonText())
    }

    override func finish() throws(ColumnarError) -> Column {
        let done = builder
        builder = try TextBuilder(pool: pool)
        return try done.finish()
    }
}

/// Arrays of one type of element.
final class ListRecordColumn: RecordColumn {
    private let child: RecordColumn
    private var offsets: GrowingBuffer<UInt32>
    private var validity = ValidityBuilder()
    private var childCount = 0
    private let pool: BufferPool

    init(_ element: DataType, pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        child = try RecordColumn.of(element, pool: pool)
        offsets = try GrowingBuffer(pool: pool)
        try offsets.append(0)
    }

    override func append(_ value: JSONElement?) throws(ColumnarError) {
        let isArray = value?.kind == .array
        if let value, isArray {
            var elements = value.elements
            while let element = elements.next() {
                try child.append(element)
                childCount += 1
            }
        }
        validity.append(isArray)
        try offsets.append(UInt32(clamping: childCount))
    }

    override func finish() throws(ColumnarError) -> Column {
        let column = Column.list(
            ListColumn(
                offsets: offsets.buffer, count: offsets.count - 1, child: try child.finish(),
                validity: try validity.finish(pool: pool)))
        offsets = try GrowingBuffer(pool: pool)
        try offsets.append(0)
        validity = ValidityBuilder()
        childCount = 0
        return column
    }
}

/// Objects as rows.
final class RowRecordColumn: RecordColumn {
    private var members: RecordMembers
    private var validity = ValidityBuilder()
    private let pool: BufferPool

    init(_ fields: [RowField], pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        let names = fields.map { $0.name ?? "" }
        members = try RecordMembers(
            keys: KeyOrder(names), columns: fields.map { ($0.name ?? "", $0.type) }, pool: pool)
    }

    override func append(_ value: JSONElement?) throws(ColumnarError) {
        let isObject = value?.kind == .object
        try members.append(isObject ? value : nil)
        validity.append(isObject)
    }

    override func finish() throws(ColumnarError) -> Column {
        let column = Column.row(
            RowColumn(
                children: try members.finish(), count: validity.count,
                validity: try validity.finish(pool: pool)))
        validity = ValidityBuilder()
        return column
    }
}

/// The columns that an object's members go to, by key.
struct RecordMembers {
    private var keys: KeyOrder
    /// The column of each key; -1 is none.
    private var targets: [Int]
    private let columns: [RecordColumn]
    /// The tape index of each column's value in the object at hand; 0 is none.
    private var found: [Int]

    /// `keys` are those that objects may have, in their usual order; only `columns` are collected.
    init(
        keys: KeyOrder, columns wanted: [(name: String, type: DataType)], pool: BufferPool
    ) throws(ColumnarError) {
        self.keys = keys
        targets = Array(repeating: -1, count: keys.names.count)
        var columns: [RecordColumn] = []
        for (index, column) in wanted.enumerated() {
            let key = self.keys.index(Array(column.name.utf8))
            if key == targets.count { targets.append(index) } else { targets[key] = index }
            columns.append(try RecordColumn.of(column.type, pool: pool))
        }
        self.columns = columns
        found = Array(repeating: 0, count: columns.count)
    }

    /// Appends one object's members, of equal keys the last; nil appends a NULL to every column.
    mutating func append(_ object: JSONElement?) throws(ColumnarError) {
        guard let object else {
            for column in columns { try column.append(nil) }
            return
        }
        for i in found.indices { found[i] = 0 }
        var members = object.members
        var expected = 0
        while let member = members.next() {
            guard let key = keys.find(member.key, expected: expected) else { continue }
            expected = key + 1
            if targets[key] >= 0 { found[targets[key]] = member.value.tapeIndex }
        }
        for (index, column) in columns.enumerated() {
            try column.append(
                found[index] == 0 ? nil : object.element(atTapeIndex: found[index]))
        }
    }

    func finish() throws(ColumnarError) -> [Column] {
        var result: [Column] = []
        for column in columns { result.append(try column.finish()) }
        return result
    }
}
