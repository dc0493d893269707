import Columnar

/// Which archived rows of a table a request is for; what is nil restricts nothing.
package struct RestoreScope: Hashable, Sendable {
    /// The rows of a pack's raw files.
    package struct Pack: Hashable, Sendable {
        package var id: Int64
        /// `PackBucket`: a raw file's folder tells in which of a month's packs it lies.
        package var bucket: Int64
        package var buckets: Int64

        package init(id: Int64, bucket: Int64, buckets: Int64) {
            self.id = id
            self.bucket = bucket
            self.buckets = buckets
        }
    }

    /// Days, hours or months since 1970, both ends included.
    package var firstPartition: Int32?
    package var lastPartition: Int32?
    /// The text of the table's account column.
    package var account: String?
    /// The text of a row's only key column.
    package var key: String?
    package var pack: Pack?

    package init() {}

    /// Whether it may ask for rows of a partition.
    package func covers(_ partition: Int32?) -> Bool {
        guard firstPartition != nil || lastPartition != nil else { return true }
        guard let partition else { return false }
        return firstPartition.map { $0 <= partition } ?? true
            && lastPartition.map { partition <= $0 } ?? true
    }

    /// It asks for all rows of its partitions.
    package var isWhole: Bool { account == nil && key == nil && pack == nil }
}

/// Some scopes held against a table's rows: a row is asked for by one of them at least.
///
/// Values are compared in the encoding of `RowKeys`, so that no row becomes text.
struct ScopeFilter: Sendable {
    /// One scope: all of it must hold.
    private struct Test: Sendable {
        /// Positions in the table's schema, with the only value that passes.
        var values: [(column: Int, bytes: [UInt8])] = []
        var pack: RestoreScope.Pack?
        var predicates: [ScanPredicate] = []
        /// It names a value that no row of the table can have.
        var isNever = false
    }

    private let pathColumn: Int
    private var tests: [Test] = []
    /// Every row passes.
    let isWhole: Bool

    init(_ scopes: [RestoreScope], _ table: LakeTable) {
        isWhole = scopes.contains(where: \.isWhole)
        pathColumn = table.pathColumn
        guard !isWhole else { return }
        tests = scopes.map { Self.test($0, table) }
    }

    private static func test(_ scope: RestoreScope, _ table: LakeTable) -> Test {
        var test = Test(pack: scope.pack)
        func add(_ text: String?, _ column: Int?) {
            guard let text else { return }
            guard let column,
                let value = ColumnLiteral.value(
                    ofText: text, table.schema.fields[column].type)
            else {
                test.isNever = true
                return
            }
            let type = table.schema.fields[column].type
            test.values.append((column, RowBytes.encoded(value, type)))
            test.predicates.append(.compare(ScanColumnPath(index: column), .equal, value))
        }
        add(scope.account, table.definition.settings.accountColumn.map { table.positions[$0] })
        add(scope.key, table.keyColumns.count == 1 ? table.keyColumns[0] : nil)
        return test
    }

    /// Whether texts can name values of a type.
    static func isNameable(_ type: DataType) -> Bool {
        switch type {
        case .bigint, .integer, .varchar: true
        default: false
        }
    }

    /// No row passes, whatever the table holds.
    var isNever: Bool { !isWhole && tests.allSatisfy(\.isNever) }

    /// What storage may leave out; nothing if every row may pass.
    var predicates: [ScanPredicate] {
        if isWhole || tests.contains(where: { $0.predicates.isEmpty }) { return [] }
        if tests.count == 1 { return tests[0].predicates }
        return [.or(tests.map { .and($0.predicates) })]
    }

    /// Positions of the columns that are looked at, rising.
    var columns: [Int] {
        var columns = Set(tests.flatMap { $0.values.map(\.column) })
        if tests.contains(where: { $0.pack != nil }) { columns.insert(pathColumn) }
        return columns.sorted()
    }

    /// The rows that pass, rising.
    ///
    /// - column: a column by its position in the table's schema; asked for `columns` only.
    func rows(
        count: Int, pool: BufferPool, column: (Int) throws(ColumnarError) -> Column
    ) throws(ColumnarError) -> [UInt32] {
        guard !isWhole else { return Array(0..<UInt32(count)) }
        var flat: [Int: Column] = [:]
        for index in columns {
            flat[index] = try column(index).resolved().flattened(pool: pool)
        }
        var passes = [Bool](repeating: false, count: count)
        for test in tests where !test.isNever { mark(&passes, test, flat) }
        return (0..<UInt32(count)).filter { passes[Int($0)] }
    }

    private func mark(_ passes: inout [Bool], _ test: Test, _ flat: [Int: Column]) {
        var bytes: [UInt8] = []
        for row in passes.indices where !passes[row] {
            var isWanted = true
            for wanted in test.values {
                guard let column = flat[wanted.column] else { continue }
                bytes.removeAll(keepingCapacity: true)
                RowKeys.append(column, row, to: &bytes)
                isWanted = isWanted && bytes == wanted.bytes
            }
            if isWanted, let pack = test.pack, case .text(let paths)? = flat[pathColumn] {
                isWanted = Self.isIn(pack, path: paths.bytes(at: row), &bytes)
            }
            passes[row] = isWanted
        }
    }

    private static func isIn(
        _ pack: RestoreScope.Pack, path: UnsafeRawBufferPointer, _ bytes: inout [UInt8]
    ) -> Bool {
        let slash = path.lastIndex(of: UInt8(ascii: "/"))
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: path[..<(slash.map { $0 + 1 } ?? 0)])
        return pack.buckets > 0 && PackBucket.hash(ofFolder: bytes) % pack.buckets == pack.bucket
    }
}
