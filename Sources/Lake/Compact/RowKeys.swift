import Columnar

/// The identity of rows: a seeded hash of each row's key columns in the flattener's encoding.
///
/// 128 bits under a seed that only the lake knows: equal hashes are equal keys. Rows of a Parquet file
/// and rows from raw files meet here, so the bytes must be those of `RowBytes`:
///
/// ```
///  NULL 00    boolean 01 n×1    4, 8, 16-byte values 01 little-endian    text 01 count:u32 bytes
/// ```
enum RowKeys {
    /// The key of each row of a batch's key columns.
    static func hashes(
        of columns: [Column], count: Int, seed: UInt64, pool: BufferPool
    ) throws(ColumnarError) -> [ContentHash] {
        var flat: [Column] = []
        for column in columns { flat.append(try column.flattened(pool: pool)) }
        var hashes: [ContentHash] = []
        hashes.reserveCapacity(count)
        var bytes: [UInt8] = []
        for row in 0..<count {
            bytes.removeAll(keepingCapacity: true)
            for column in flat { append(column, row, to: &bytes) }
            hashes.append(bytes.withUnsafeBytes { hash(of: $0, seed: seed) })
        }
        return hashes
    }

    /// The hash of one encoded key.
    static func hash(of key: UnsafeRawBufferPointer, seed: UInt64) -> ContentHash {
        ContentHash(key, seed: seed)
    }

    /// Appends a row's value as `RowBytes` has it.
    static func append(_ column: Column, _ row: Int, to bytes: inout [UInt8]) {
        let mark = bytes.count
        bytes.append(1)
        let isValid: Bool
        switch column {
        case .bits(let c):
            isValid = c.validity?[row] ?? true
            bytes.append(c.values[row] ? 1 : 0)
        case .flat(let c):
            isValid = c.validity?[row] ?? true
            switch c.storage {
            case .int32: append(c.values(as: Int32.self)[row], to: &bytes)
            case .int64: append(c.values(as: Int64.self)[row], to: &bytes)
            case .int128: append(c.values(as: Int128.self)[row], to: &bytes)
            case .float32: append(c.values(as: Float.self)[row].bitPattern, to: &bytes)
            case .float64: append(c.values(as: Double.self)[row].bitPattern, to: &bytes)
            case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
            }
        case .text(let c):
            isValid = c.validity?[row] ?? true
            let text = c.bytes(at: row)
            append(UInt32(truncatingIfNeeded: text.count), to: &bytes)
            bytes.append(contentsOf: text)
        case .coded, .constant, .runs, .list, .row, .lazy:
            preconditionFailure("key columns are flat scalars")
        }
        if !isValid {
            bytes.removeLast(bytes.count - mark)
            bytes.append(0)
        }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
