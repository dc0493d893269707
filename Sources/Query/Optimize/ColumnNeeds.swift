import Columnar

/// Which columns of a plan's output are used above it, and which leaves of nested ones.
struct ColumnNeeds {
    /// Paths of child positions used of each column; the empty path is the whole column.
    private(set) var paths: [Int: Set<[Int]>] = [:]

    init() {}

    /// Every column, whole.
    init(all count: Int) {
        for column in 0..<count { paths[column] = [[]] }
    }

    /// Positions in order.
    var columns: [Int] { paths.keys.sorted() }

    func contains(_ column: Int) -> Bool { paths[column] != nil }

    mutating func add(_ column: Int, path: [Int] = []) {
        paths[column, default: []].insert(path)
    }

    mutating func add(_ column: Int, paths new: Set<[Int]>) {
        paths[column, default: []].formUnion(new)
    }

    /// Adds what an expression reads: `owner.username` reads one leaf of `owner`.
    mutating func add(_ expression: BoundExpression) {
        if let (column, path) = Self.path(expression) {
            add(column, path: path)
            return
        }
        for child in expression.children { add(child) }
    }

    /// The column and the path of a chain of field accesses.
    static func path(_ expression: BoundExpression) -> (column: Int, path: [Int])? {
        switch expression {
        case .column(let column, _): return (column, [])
        case .field(let base, let child, _):
            guard let (column, path) = path(base) else { return nil }
            return (column, path + [child])
        default: return nil
        }
    }

    /// Leaves of a column to ask a scan for; nil is everything.
    func leaves(of column: Int, type: DataType) -> [[Int]]? {
        guard let wanted = paths[column], !wanted.contains([]), type.isNested else { return nil }
        var leaves: Set<[Int]> = []
        for path in wanted { Self.collectLeaves(type.child(at: path), path, into: &leaves) }
        var all: Set<[Int]> = []
        Self.collectLeaves(type, [], into: &all)
        return leaves == all ? nil : leaves.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func collectLeaves(
        _ type: DataType, _ path: [Int], into leaves: inout Set<[Int]>
    ) {
        let children = type.children
        if children.isEmpty { leaves.insert(path) }
        for (position, child) in children.enumerated() {
            collectLeaves(child, path + [position], into: &leaves)
        }
    }
}

extension DataType {
    /// The type at the end of a path of child positions.
    fileprivate func child(at path: [Int]) -> DataType {
        var type = self
        for position in path where position < type.children.count { type = type.children[position] }
        return type
    }
}
