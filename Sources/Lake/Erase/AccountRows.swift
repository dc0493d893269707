import Columnar

/// The keys of rows that are erased, by hash.
struct ErasedKeys: Sendable {
    var whole: Set<ContentHash> = []
    /// The short ones of rows that are known from the raw state only.
    var short: Set<UInt64> = []

    var isEmpty: Bool { whole.isEmpty && short.isEmpty }

    func contains(_ key: ContentHash) -> Bool {
        whole.contains(key) || short.contains(key.low)
    }
}

/// Which rows of one table are an account's.
///
/// - by the account column of the schema file;
/// - else by the raw path, if a capture of it is the account column of another table;
/// - else by a `references` check on a table whose rows are erased, and in metrics tables by their keys.
struct AccountRows: Sendable {
    /// Columns whose values, hashed together, tell.
    private struct Test {
        var columns: [Int]
        var keys: ErasedKeys
    }

    private var tests: [Test] = []
    private var path: (column: Int, layout: RawLayout, captures: [Int])?
    private let account: [UInt8]
    private let keySeed: UInt64
    /// What files, row groups and pages may be left out by.
    private(set) var predicates: [ScanPredicate] = []

    init(account: String, keySeed: UInt64) {
        self.account = Array(account.utf8)
        self.keySeed = keySeed
    }

    /// No row can be the account's.
    var isEmpty: Bool { path == nil && tests.allSatisfy(\.keys.isEmpty) }

    /// The columns that tell, in the file schema.
    var columns: [Int] {
        Set(tests.flatMap(\.columns) + (path.map { [$0.column] } ?? [])).sorted()
    }

    /// By the value of one column; none if no value of its type is such an id.
    mutating func add(column: Int, type: DataType) {
        let text = String(decoding: account, as: UTF8.self)
        guard let encoded = Self.encoded(text, as: type) else { return }
        let hash = encoded.bytes.withUnsafeBytes { RowKeys.hash(of: $0, seed: keySeed) }
        tests.append(Test(columns: [column], keys: ErasedKeys(whole: [hash])))
        predicates = [.compare(ScanColumnPath(index: column), .equal, encoded.value)]
    }

    /// A value as `RowKeys` encodes it; nil for a text that no value of the type reads like.
    static func encoded(_ text: String, as type: DataType) -> (bytes: [UInt8], value: Value)? {
        var bytes: [UInt8] = [1]
        switch type.storage {
        case .text:
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.utf8.count).littleEndian) {
                bytes.append(contentsOf: $0)
            }
            return (bytes + Array(text.utf8), .text(text))
        case .int64:
            guard let number = Int64(text), String(number) == text else { return nil }
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
            return (bytes, .int(number))
        case .int32:
            guard let number = Int32(text), String(number) == text else { return nil }
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
            return (bytes, .int(Int64(number)))
        default: return nil
        }
    }

    /// By the values of some columns together.
    mutating func add(columns: [Int], keys: ErasedKeys) {
        tests.append(Test(columns: columns, keys: keys))
        predicates = []
    }

    /// By captures of the raw path.
    mutating func add(pathColumn: Int, layout: RawLayout, captures: [Int]) {
        path = (pathColumn, layout, captures)
        predicates = []
    }

    /// For each row of a batch, of which `values` are `columns`, whether it is the account's.
    func matches(
        _ values: [Int: Column], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> [Bool] {
        var found = Array(repeating: false, count: count)
        for test in tests {
            let keys = try RowKeys.hashes(
                of: test.columns.compactMap { values[$0] }, count: count, seed: keySeed,
                pool: pool)
            for row in 0..<count where test.keys.contains(keys[row]) { found[row] = true }
        }
        guard let path, case .text(let texts)? = try values[path.column]?.flattened(pool: pool)
        else { return found }
        for row in 0..<count where isOwn(texts.bytes(at: row), path.layout, path.captures) {
            found[row] = true
        }
        return found
    }

    private func isOwn(
        _ path: UnsafeRawBufferPointer, _ layout: RawLayout, _ captures: [Int]
    ) -> Bool {
        guard let ranges = layout.captures(in: path) else { return false }
        return captures.contains { path[ranges[$0]].elementsEqual(account) }
    }
}

/// Whether raw paths of one table are an account's by a capture.
struct AccountPaths: Sendable {
    let layout: RawLayout
    /// Positions of the captures that are accounts' ids; none: no path tells.
    let captures: [Int]
    let account: [UInt8]

    init(_ layout: RawLayout, captures names: Set<String>, account: String) {
        self.layout = layout
        captures = layout.captureNames.indices.filter { names.contains(layout.captureNames[$0]) }
        self.account = Array(account.utf8)
    }

    func contains(_ path: [UInt8]) -> Bool {
        guard !captures.isEmpty else { return false }
        return path.withUnsafeBytes { bytes in
            guard let ranges = layout.captures(in: bytes) else { return false }
            return captures.contains { bytes[ranges[$0]].elementsEqual(account) }
        }
    }

    func contains(_ path: String) -> Bool { contains(Array(path.utf8)) }
}
