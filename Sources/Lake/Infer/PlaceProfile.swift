import CXXHash
import Columnar

/// What was seen at one place of many records: how often, which kinds, and what lies within.
final class PlaceProfile {
    let key: [UInt8]
    /// Values that are not null.
    private(set) var values = 0
    private(set) var nulls = 0
    private(set) var booleans = 0
    private(set) var integers = 0
    /// Integers from 2^63 on, and such as no 64 bits hold.
    private(set) var longIntegers = 0
    private(set) var doubles = 0
    private(set) var arrays = 0
    private(set) var objects = 0
    private(set) var texts = TextForms()
    /// Of numbers.
    private(set) var minimum = Double.infinity
    private(set) var maximum = -Double.infinity
    /// An integer that a double cannot hold.
    private(set) var hasWideIntegers = false
    private(set) var members: [PlaceProfile] = []
    private(set) var element: PlaceProfile?
    /// More keys than a row should have, or deeper than rows go: a map, kept as JSON.
    private(set) var isMap = false
    /// Hashes of the different scalars.
    private(set) var distinct: Set<UInt64> = []

    private let depth: Int
    private var positions: [[UInt8]: Int] = [:]

    /// Keys of an object below the top, beyond which it is a map.
    static let mostKeys = 64
    static let mostDepth = 8

    init(key: [UInt8], depth: Int) {
        self.key = key
        self.depth = depth
    }

    var name: String { String(decoding: key, as: UTF8.self) }

    func add(_ value: JSONElement) {
        if value.isNull {
            nulls += 1
            return
        }
        values += 1
        switch value.kind {
        case .true, .false: booleans += 1
        case .int64:
            integers += 1
            note(Double(value.int64Bits))
            if value.int64Bits.magnitude > 9_007_199_254_740_992 { hasWideIntegers = true }
        case .uint64: longIntegers += 1
        case .double:
            doubles += 1
            note(value.doubleBits)
        case .string: texts.add(value.stringBytes)
        case .array:
            arrays += 1
            if element == nil { element = PlaceProfile(key: [], depth: depth + 1) }
            guard depth < Self.mostDepth else { return }
            var elements = value.elements
            while let next = elements.next() { element?.add(next) }
        case .object:
            objects += 1
            addMembers(of: value)
        case .null: break
        }
        if depth == 1 { noteDistinct(value) }
    }

    private func addMembers(of object: JSONElement) {
        guard depth < Self.mostDepth, !isMap else {
            isMap = true
            members = []
            return
        }
        var expected = 0
        var list = object.members
        while let (key, value) = list.next() {
            let index = index(of: key, expected: expected)
            expected = index + 1
            guard depth == 0 || members.count <= Self.mostKeys else {
                isMap = true
                members = []
                return
            }
            members[index].add(value)
        }
    }

    private func index(of key: UnsafeRawBufferPointer, expected: Int) -> Int {
        if expected < members.count, members[expected].key.elementsEqual(key) { return expected }
        let name = Array(key)
        if let known = positions[name] { return known }
        positions[name] = members.count
        members.append(PlaceProfile(key: name, depth: depth + 1))
        return members.count - 1
    }

    private func note(_ number: Double) {
        minimum = min(minimum, number)
        maximum = max(maximum, number)
    }

    private func noteDistinct(_ value: JSONElement) {
        switch value.kind {
        case .object, .array, .null: return
        case .string:
            let text = value.stringBytes
            distinct.insert(XXH3_64bits(text.baseAddress, text.count))
        default:
            let text = value.jsonText()
            distinct.insert(text.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) })
        }
    }

    /// `integer (300), text (201)`: the kinds that were seen, the most frequent first.
    var kindsText: String {
        let kinds = [
            ("text", texts.count), ("integer", integers), ("long integer", longIntegers),
            ("number", doubles), ("boolean", booleans), ("array", arrays), ("object", objects),
        ]
        return kinds.filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
            .map { "\($0.0) (\($0.1))" }.joined(separator: ", ")
    }

    var kindCount: Int {
        [texts.count, integers + longIntegers, doubles, booleans, arrays, objects]
            .count { $0 > 0 }
    }
}
