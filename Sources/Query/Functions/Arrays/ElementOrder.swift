import Columnar

/// Equality, order and hash of the rows of one column of any type; nested types compare child by child.
///
/// NaN equals NaN and is largest, -0 equals 0: the order of DISTINCT and ORDER BY.
final class ElementOrder {
    let view: ColumnView
    private let type: DataType
    private let children: [ElementOrder]

    init(_ column: Column, type: DataType, pool: BufferPool) throws(QueryError) {
        view = try ColumnView(column, pool: pool)
        self.type = type
        var children: [ElementOrder] = []
        let types = type.children
        switch view.entries {
        case .list(let list):
            children = [try ElementOrder(list.child, type: types[0], pool: pool)]
        case .row(let row):
            for (child, childType) in zip(row.children, types) {
                children.append(try ElementOrder(child, type: childType, pool: pool))
            }
        default: break
        }
        self.children = children
    }

    func isNull(_ row: Int) -> Bool { view.isNull(row) }

    /// Whether two rows are the same; NULL is the same as NULL.
    func equals(_ a: Int, _ other: ElementOrder, _ b: Int) -> Bool { compare(a, other, b) == 0 }

    /// Negative, 0 or positive; NULL is the largest.
    func compare(_ a: Int, _ other: ElementOrder, _ b: Int) -> Int {
        guard let x = view.entry(a) else { return other.isNull(b) ? 0 : 1 }
        guard let y = other.view.entry(b) else { return -1 }
        switch (view.entries, other.view.entries) {
        case (.bits(let left), .bits(let right)):
            return (left.values[x] ? 1 : 0) - (right.values[y] ? 1 : 0)
        case (.flat(let left), .flat(let right)): return Self.flat(left, x, right, y, type)
        case (.text(let left), .text(let right)):
            return Self.bytes(left.bytes(at: x), right.bytes(at: y))
        case (.list, .list):
            let left = ListReader(view).value(entry: x)
            let right = ListReader(other.view).value(entry: y)
            for (i, j) in zip(left, right) {
                let order = children[0].compare(i, other.children[0], j)
                if order != 0 { return order }
            }
            return left.count - right.count
        default:
            for (child, otherChild) in zip(children, other.children) {
                let order = child.compare(x, otherChild, y)
                if order != 0 { return order }
            }
            return 0
        }
    }

    private static func flat(
        _ left: FlatColumn, _ x: Int, _ right: FlatColumn, _ y: Int, _ type: DataType
    ) -> Int {
        switch left.storage {
        case .int32: order(left.values(as: Int32.self)[x], right.values(as: Int32.self)[y])
        case .int64: order(left.values(as: Int64.self)[x], right.values(as: Int64.self)[y])
        case .float32: floats(left.values(as: Float.self)[x], right.values(as: Float.self)[y])
        case .float64: floats(left.values(as: Double.self)[x], right.values(as: Double.self)[y])
        default:
            wide(left.values(as: Int128.self)[x], right.values(as: Int128.self)[y], type)
        }
    }

    private static func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a > b ? 1 : 0 }

    private static func floats<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> Int {
        if a.isNaN || b.isNaN { return (a.isNaN ? 1 : 0) - (b.isNaN ? 1 : 0) }
        return order(a, b)
    }

    /// Zoned instants compare without their zone.
    private static func wide(_ a: Int128, _ b: Int128, _ type: DataType) -> Int {
        if case .timestampTZ = type { return order(a >> 16, b >> 16) }
        return order(a, b)
    }

    private static func bytes(_ a: Bytes, _ b: Bytes) -> Int {
        for i in 0..<min(a.count, b.count) where a[i] != b[i] { return Int(a[i]) - Int(b[i]) }
        return a.count - b.count
    }

    /// Equal rows have equal hashes.
    func hash(_ row: Int, into hasher: inout Hasher) {
        guard let entry = view.entry(row) else { return hasher.combine(0) }
        switch view.entries {
        case .bits(let c): hasher.combine(c.values[entry])
        case .text(let c): hasher.combine(bytes: c.bytes(at: entry))
        case .list:
            for i in ListReader(view).value(entry: entry) { children[0].hash(i, into: &hasher) }
        case .flat(let c):
            switch c.storage {
            case .int32: hasher.combine(c.values(as: Int32.self)[entry])
            case .int64: hasher.combine(c.values(as: Int64.self)[entry])
            case .float32: Self.hash(Double(c.values(as: Float.self)[entry]), into: &hasher)
            case .float64: Self.hash(c.values(as: Double.self)[entry], into: &hasher)
            default:
                let value = c.values(as: Int128.self)[entry]
                if case .timestampTZ = type {
                    hasher.combine(value >> 16)
                } else {
                    hasher.combine(value)
                }
            }
        default:
            for child in children { child.hash(entry, into: &hasher) }
        }
    }

    private static func hash(_ value: Double, into hasher: inout Hasher) {
        hasher.combine(value.isNaN ? Double.nan.bitPattern : (value == 0 ? 0 : value).bitPattern)
    }
}

/// A set of rows of columns of one type.
struct ElementSet {
    private var buckets: [Int: [(order: ElementOrder, row: Int)]] = [:]

    /// Adds a row; false when an equal one is there.
    mutating func insert(_ order: ElementOrder, _ row: Int) -> Bool {
        let key = Self.key(order, row)
        if buckets[key]?.contains(where: { $0.order.equals($0.row, order, row) }) ?? false {
            return false
        }
        buckets[key, default: []].append((order, row))
        return true
    }

    func contains(_ order: ElementOrder, _ row: Int) -> Bool {
        buckets[Self.key(order, row)]?.contains { $0.order.equals($0.row, order, row) } ?? false
    }

    private static func key(_ order: ElementOrder, _ row: Int) -> Int {
        var hasher = Hasher()
        order.hash(row, into: &hasher)
        return hasher.finalize()
    }
}
