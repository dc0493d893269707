/// What the values of one place in JSON records were: kinds, and shapes of what lies within.
///
/// Shapes only grow, so the order of records does not matter and shapes of files can be joined.
package struct RecordShape: Sendable {
    struct Kinds: OptionSet, Hashable, Sendable {
        let rawValue: UInt8
        static let boolean = Kinds(rawValue: 1)
        /// An integer of 64 bits with a sign.
        static let integer = Kinds(rawValue: 2)
        /// An integer from 2^63 on.
        static let unsigned = Kinds(rawValue: 4)
        static let double = Kinds(rawValue: 8)
        static let string = Kinds(rawValue: 16)
        static let array = Kinds(rawValue: 32)
        static let object = Kinds(rawValue: 64)
    }

    private(set) var kinds: Kinds = []
    /// An integer beyond ±2^53 was seen: a double would lose digits.
    private var hasLongIntegers = false
    /// What the strings could be besides text.
    private var times = TextEvidence(.times)
    private(set) var keys = KeyOrder()
    private(set) var members: [RecordShape] = []
    /// None or one: a struct cannot hold itself.
    private var element: [RecordShape] = []
    /// There were more keys than a row should have.
    private var isMap = false

    init() {}

    /// Takes note of one value; values deeper than `Limits.recordDepth` are noted as JSON.
    mutating func add(_ value: JSONElement, depth: Int = 0) {
        switch value.kind {
        case .null: return
        case .true, .false: kinds.insert(.boolean)
        case .int64:
            kinds.insert(.integer)
            if value.int64Bits.magnitude > WrittenNumber.exactInteger { hasLongIntegers = true }
        case .uint64:
            kinds.insert(.unsigned)
            hasLongIntegers = true
        case .double: kinds.insert(.double)
        case .string:
            kinds.insert(.string)
            times.add(value.stringBytes)
        case .array:
            kinds.insert(.array)
            guard depth < Limits.recordDepth else { return }
            if element.isEmpty { element.append(RecordShape()) }
            var elements = value.elements
            while let next = elements.next() { element[0].add(next, depth: depth + 1) }
        case .object:
            kinds.insert(.object)
            guard depth < Limits.recordDepth, !isMap else { return }
            addMembers(value, depth)
        }
    }

    private mutating func addMembers(_ value: JSONElement, _ depth: Int) {
        var list = value.members
        var expected = 0
        while let member = list.next() {
            let index = keys.index(member.key, expected: expected)
            expected = index + 1
            if index == members.count {
                guard depth == 0 || members.count < Limits.recordKeys else {
                    isMap = true
                    keys = KeyOrder()
                    members = []
                    return
                }
                members.append(RecordShape())
            }
            members[index].add(member.value, depth: depth + 1)
        }
    }

    mutating func join(_ other: RecordShape) {
        kinds.formUnion(other.kinds)
        hasLongIntegers = hasLongIntegers || other.hasLongIntegers
        times.join(other.times)
        isMap = isMap || other.isMap
        if let shape = other.element.first {
            if element.isEmpty { element.append(shape) } else { element[0].join(shape) }
        }
        guard !isMap else {
            keys = KeyOrder()
            members = []
            return
        }
        for (name, shape) in zip(other.keys.names, other.members) {
            let index = keys.index(name)
            if index == members.count {
                members.append(shape)
            } else {
                members[index].join(shape)
            }
        }
    }

    /// The type that holds every value seen without loss; json where no other does, varchar where all is null.
    func type(depth: Int = 0) -> DataType {
        switch kinds {
        case []: return .text
        case .boolean: return .boolean
        case .integer: return .bigint
        case .unsigned, [.integer, .unsigned]: return .decimal(precision: 20, scale: 0)
        case .double: return .double
        case [.integer, .double]: return hasLongIntegers ? .json : .double
        case .string: return times.type
        case .array:
            guard depth < Limits.recordDepth else { return .json }
            return .array(element.first?.type(depth: depth + 1) ?? .text)
        case .object:
            guard depth < Limits.recordDepth, !isMap, !members.isEmpty else { return .json }
            return .row(
                zip(keys.names, members).map { name, shape in
                    RowField(
                        name: String(decoding: name, as: UTF8.self),
                        type: shape.type(depth: depth + 1))
                })
        default: return .json
        }
    }

    /// The columns of a table of such records.
    package var schema: Schema {
        Schema(
            zip(keys.names, members).map { name, shape in
                Field(name: String(decoding: name, as: UTF8.self), type: shape.type(depth: 1))
            })
    }
}

/// Keys in order of appearance, found again fast when they come in the same order.
struct KeyOrder: Sendable {
    private(set) var names: [[UInt8]] = []
    private var positions: [[UInt8]: Int] = [:]

    init() {}

    init(_ names: [String]) {
        for name in names { _ = index(Array(name.utf8)) }
    }

    /// The position of a key, which a new one gets at the end; `expected` is tried first.
    mutating func index(_ key: UnsafeRawBufferPointer, expected: Int) -> Int {
        find(key, expected: expected) ?? index(Array(key))
    }

    mutating func index(_ key: [UInt8]) -> Int {
        if let known = positions[key] { return known }
        positions[key] = names.count
        names.append(key)
        return names.count - 1
    }

    /// The position of a known key.
    func find(_ key: UnsafeRawBufferPointer, expected: Int) -> Int? {
        if expected < names.count, Self.isEqual(names[expected], key) { return expected }
        return positions[Array(key)]
    }

    @inline(__always)
    private static func isEqual(_ name: [UInt8], _ key: UnsafeRawBufferPointer) -> Bool {
        guard name.count == key.count else { return false }
        guard let base = key.baseAddress else { return true }
        return name.withUnsafeBytes { bytes in
            bytes.baseAddress.map { Bytes.areEqual($0, base, count: key.count) } ?? true
        }
    }
}
