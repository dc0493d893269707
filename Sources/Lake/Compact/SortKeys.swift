import Columnar
import Glibc

/// Byte strings whose order is the order of rows: one string a row over the sort columns.
///
/// ```
/// column:   00 value        or  01 for NULL (NULLs last)
/// integer   4, 8 or 16 bytes big-endian, sign bit flipped; floats in IEEE total order
/// text      bytes with 00 → 00 FF, ended by 00 00, so that no text is another's prefix
/// boolean   1 byte
/// ```
/// All bytes of a descending column are inverted but the NULL mark. Nested columns cannot sort.
struct SortKeys {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    /// The keys of a batch's rows by the given columns.
    init(
        columns: [(column: Column, isDescending: Bool)], count: Int, pool: BufferPool
    ) throws(ColumnarError) {
        var flat: [(column: Column, isDescending: Bool)] = []
        for item in columns {
            flat.append((try item.column.flattened(pool: pool), item.isDescending))
        }
        bytes.reserveCapacity(count * columns.count * 9)
        ends.reserveCapacity(count)
        for row in 0..<count {
            for item in flat { append(item.column, row, isDescending: item.isDescending) }
            ends.append(bytes.count)
        }
    }

    private mutating func append(_ column: Column, _ row: Int, isDescending: Bool) {
        let mark = bytes.count
        bytes.append(0)
        let isValid: Bool
        switch column {
        case .bits(let c):
            isValid = c.validity?[row] ?? true
            bytes.append(c.values[row] ? 1 : 0)
        case .flat(let c):
            isValid = c.validity?[row] ?? true
            append(c, row)
        case .text(let c):
            isValid = c.validity?[row] ?? true
            append(text: c.bytes(at: row))
        case .coded, .constant, .runs, .list, .row, .lazy:
            preconditionFailure("sort columns are flat scalars")
        }
        guard isValid else {
            bytes.removeLast(bytes.count - mark)
            bytes.append(1)
            return
        }
        if isDescending { for i in mark + 1..<bytes.count { bytes[i] = ~bytes[i] } }
    }

    private mutating func append(_ c: FlatColumn, _ row: Int) {
        switch c.storage {
        case .int32: append(UInt32(bitPattern: c.values(as: Int32.self)[row]) ^ 1 << 31)
        case .int64: append(UInt64(bitPattern: c.values(as: Int64.self)[row]) ^ 1 << 63)
        case .int128: append(UInt128(bitPattern: c.values(as: Int128.self)[row]) ^ 1 << 127)
        case .float32:
            let bits = c.values(as: Float.self)[row].bitPattern
            append(bits >> 31 == 0 ? bits ^ 1 << 31 : ~bits)
        case .float64:
            let bits = c.values(as: Double.self)[row].bitPattern
            append(bits >> 63 == 0 ? bits ^ 1 << 63 : ~bits)
        case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
        }
    }

    private mutating func append(_ word: some FixedWidthInteger) {
        withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(text: UnsafeRawBufferPointer) {
        for byte in text {
            bytes.append(byte)
            if byte == 0 { bytes.append(0xFF) }
        }
        bytes.append(0)
        bytes.append(0)
    }

    /// A millisecond of sorting.
    private static let comparisonsPerQuestion = 32_768

    /// Row numbers in the order of their keys; equal keys keep the order of rows.
    ///
    /// Once `isCancelled` says true the rows come soon, in no order.
    func sortedRows(isCancelled: () -> Bool = { false }) -> [UInt32] {
        struct Item {
            var prefix: UInt64
            var row: UInt32
        }
        return bytes.withUnsafeBytes { all in
            var items: [Item] = []
            items.reserveCapacity(ends.count)
            for row in ends.indices {
                let range = range(row)
                var prefix: UInt64 = 0
                for i in 0..<8 {
                    let byte = i < range.count ? all[range.lowerBound + i] : 0
                    prefix = prefix << 8 | UInt64(byte)
                }
                items.append(Item(prefix: prefix, row: UInt32(row)))
            }
            // Swift's sort is stable and merges runs: sorted parts one after another are cheap.
            var untilAsked = Self.comparisonsPerQuestion
            var isOver = false
            items.sort { a, b in
                untilAsked -= 1
                if untilAsked == 0 {
                    untilAsked = Self.comparisonsPerQuestion
                    isOver = isOver || isCancelled()
                }
                if isOver { return false }
                if a.prefix != b.prefix { return a.prefix < b.prefix }
                return Self.isLess(all, range(Int(a.row)), range(Int(b.row)))
            }
            return items.map(\.row)
        }
    }

    private func range(_ row: Int) -> Range<Int> {
        (row == 0 ? 0 : ends[row - 1])..<ends[row]
    }

    private static func isLess(
        _ all: UnsafeRawBufferPointer, _ a: Range<Int>, _ b: Range<Int>
    ) -> Bool {
        guard let base = all.baseAddress else { return false }
        let order = memcmp(base + a.lowerBound, base + b.lowerBound, min(a.count, b.count))
        return order != 0 ? order < 0 : a.count < b.count
    }
}
