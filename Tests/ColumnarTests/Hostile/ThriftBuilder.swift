/// Thrift's compact protocol, written without any check: what no honest writer writes, too.
struct ThriftBuilder {
    private(set) var bytes: [UInt8] = []
    private var lastIDs = [0]

    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func zigzag(_ value: Int) -> [UInt8] {
        varint(UInt64(bitPattern: Int64(value &<< 1 ^ value >> 63)))
    }

    private mutating func header(_ id: Int, _ type: UInt8) {
        let delta = id - lastIDs[lastIDs.count - 1]
        if delta > 0, delta < 16 {
            bytes.append(UInt8(delta) << 4 | type)
        } else {
            bytes.append(type)
            bytes += Self.zigzag(id)
        }
        lastIDs[lastIDs.count - 1] = id
    }

    /// A field of any integer type: 5 is i32, 6 is i64.
    mutating func integer(_ id: Int, _ value: Int?, type: UInt8 = 6) {
        guard let value else { return }
        header(id, type)
        bytes += Self.zigzag(value)
    }

    mutating func bool(_ id: Int, _ value: Bool) { header(id, value ? 1 : 2) }

    mutating func binary(_ id: Int, _ value: [UInt8]?) {
        guard let value else { return }
        header(id, 8)
        bytes += Self.varint(UInt64(value.count)) + value
    }

    /// A list whose elements follow as they are.
    mutating func list(_ id: Int, _ type: UInt8, count: Int, _ elements: [UInt8]) {
        header(id, 9)
        bytes += count < 15 ? [UInt8(count) << 4 | type] : [0xF0 | type]
        if count >= 15 { bytes += Self.varint(UInt64(count)) }
        bytes += elements
    }

    mutating func structure(_ id: Int, _ body: (inout ThriftBuilder) -> Void) {
        header(id, 12)
        lastIDs.append(0)
        body(&self)
        lastIDs.removeLast()
        bytes.append(0)
    }

    /// One whole struct.
    static func whole(_ body: (inout ThriftBuilder) -> Void) -> [UInt8] {
        var builder = ThriftBuilder()
        body(&builder)
        return builder.bytes + [0]
    }
}

/// Finds the varints of a struct in compact protocol, in order.
struct ThriftVarints {
    private let bytes: [UInt8]
    private var position: Int
    private(set) var found: [Range<Int>] = []

    /// The varints of the struct at `start`, and where it ends; the struct must be well formed.
    static func all(in bytes: [UInt8], at start: Int) -> (found: [Range<Int>], end: Int) {
        var walk = ThriftVarints(bytes: bytes, position: start)
        walk.structure()
        return (walk.found, walk.position)
    }

    private init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    private mutating func byte() -> UInt8 {
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func varint() -> UInt64 {
        let start = position
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            value |= UInt64(next & 0x7F) << shift
            shift += 7
            if next & 0x80 == 0 { break }
        }
        found.append(start..<position)
        return value
    }

    private mutating func structure() {
        while true {
            let head = byte()
            if head == 0 { return }
            if head >> 4 == 0 { _ = varint() }
            value(head & 15, isElement: false)
        }
    }

    private mutating func value(_ type: UInt8, isElement: Bool) {
        switch type {
        case 1, 2: if isElement { position += 1 }
        case 3: position += 1
        case 4, 5, 6: _ = varint()
        case 7: position += 8
        case 8: position += Int(varint())
        case 9, 10:
            let head = byte()
            let count = head >> 4 == 15 ? Int(varint()) : Int(head >> 4)
            for _ in 0..<count { value(head & 15, isElement: true) }
        default: structure()
        }
    }
}
