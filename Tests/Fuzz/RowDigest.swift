/// FNV-1a over the values of each column; touches every byte that a consumer would, up to a limit.
struct RowDigest {
    private(set) var values: [UInt64]
    private(set) var rowCount = 0
    /// Elements of lists that each column may still add: one row may hold millions.
    private var elementsLeft: [Int]
    private static let elementLimit = 100_000
    private static let textLimit = 64

    init(columnCount: Int) {
        values = Array(repeating: 0xcbf2_9ce4_8422_2325, count: columnCount)
        elementsLeft = Array(repeating: Self.elementLimit, count: columnCount)
    }

    mutating func add(_ batch: Batch) throws(ColumnarError) {
        for (index, column) in batch.columns.enumerated() {
            let column = try column.resolved()
            precondition(column.count == batch.count)
            for row in 0..<batch.count { try add(column, row: row, to: index) }
        }
        rowCount += batch.count
    }

    private mutating func mix(_ word: UInt64, _ index: Int) {
        values[index] = (values[index] ^ word) &* 0x100_0000_01b3
    }

    private mutating func add(
        _ column: Column, row: Int, to index: Int
    ) throws(ColumnarError) {
        switch column {
        case .text(let c):
            if let validity = c.validity, !validity[row] { return mix(1, index) }
            mix(c.bytes(at: row), index)
        case .coded(let c):
            let code = Int(c.codeSpan()[row])
            if code >= c.dictionary.count { return mix(1, index) }
            try add(c.dictionary.entries, row: code, to: index)
        case .list(let c):
            if let validity = c.validity, !validity[row] { return mix(1, index) }
            let offsets = c.offsetSpan()
            let range = Int(offsets[row])..<Int(offsets[row + 1])
            mix(UInt64(range.count), index)
            let child = try c.child.resolved()
            for element in range {
                guard elementsLeft[index] > 0 else { return }
                elementsLeft[index] -= 1
                try add(child, row: element, to: index)
            }
        case .row(let c):
            if let validity = c.validity, !validity[row] { return mix(1, index) }
            for child in c.children { try add(try child.resolved(), row: row, to: index) }
        case .constant(let c): try add(c.value, row: 0, to: index)
        case .lazy(let c): try add(try c.resolve(.all), row: row, to: index)
        case .bits(let c):
            if let validity = c.validity, !validity[row] { return mix(1, index) }
            mix(c.values[row] ? 3 : 2, index)
        case .flat(let c): mix(c, row, index)
        case .runs: preconditionFailure("the Parquet reader makes no runs")
        }
    }

    private mutating func mix(_ column: FlatColumn, _ row: Int, _ index: Int) {
        if let validity = column.validity, !validity[row] { return mix(1, index) }
        switch column.storage {
        case .int32, .float32: mix(UInt64(column.values(as: UInt32.self)[row]), index)
        case .int64, .float64: mix(column.values(as: UInt64.self)[row], index)
        default:
            let wide = column.values(as: UInt128.self)[row]
            mix(UInt64(truncatingIfNeeded: wide) ^ UInt64(truncatingIfNeeded: wide >> 64), index)
        }
    }

    private mutating func mix(_ bytes: UnsafeRawBufferPointer, _ index: Int) {
        mix(UInt64(bytes.count), index)
        for byte in bytes.prefix(Self.textLimit) { mix(UInt64(byte), index) }
        for byte in bytes.suffix(Self.textLimit) { mix(UInt64(byte), index) }
    }
}
