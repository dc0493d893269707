import CKernels
import Columnar
import Glibc

/// One compiled pattern over a text column: a loop per class of pattern.
enum LikeSearch {
    /// Sets the bits of the rows that match; bits of rows that are not listed are undefined.
    static func fill(
        _ pattern: LikePattern, _ text: TextColumn, rows: Span<UInt32>, into result: Bitmap
    ) {
        let needle = pattern.literal(0) ?? []
        switch pattern.kind {
        case .any: forEach(rows, result) { _ in true }
        case .equal:
            compare(needle, text, rows, result) { $0.count == needle.count ? 0 : -1 }
        case .prefix:
            compare(needle, text, rows, result) { $0.count >= needle.count ? 0 : -1 }
        case .suffix: compare(needle, text, rows, result) { $0.count - needle.count }
        case .contains: contains(needle, text, rows, result)
        case .multiContains, .general:
            let slices = text.sliceSpan()
            forEach(rows, result) { pattern.matches(text.bytes(of: slices[$0])) }
        }
    }

    @inline(__always)
    private static func forEach(
        _ rows: Span<UInt32>, _ result: Bitmap, _ test: (Int) -> Bool
    ) {
        var words = result.mutableWords()
        for i in rows.indices {
            let row = Int(rows[i])
            if test(row) { words[row >> 6] |= 1 << UInt64(row & 63) }
        }
    }

    /// The needle at one place per row, told by `offset`; a negative place is no match.
    @inline(__always)
    private static func compare(
        _ needle: [UInt8], _ text: TextColumn, _ rows: Span<UInt32>, _ result: Bitmap,
        _ offset: (UnsafeRawBufferPointer) -> Int
    ) {
        let slices = text.sliceSpan()
        needle.withUnsafeBytes { wanted in
            forEach(rows, result) { row in
                let bytes = text.bytes(of: slices[row])
                let place = offset(bytes)
                guard place >= 0 else { return false }
                guard let base = bytes.baseAddress, let want = wanted.baseAddress,
                    wanted.count > 0
                else { return true }
                return memcmp(base + place, want, wanted.count) == 0
            }
        }
    }

    private static func contains(
        _ needle: [UInt8], _ text: TextColumn, _ rows: Span<UInt32>, _ result: Bitmap
    ) {
        if rows.count * 2 >= text.count, let bytes = consecutive(text) {
            wholePage(needle, text, bytes, result)
            return
        }
        let slices = text.sliceSpan()
        needle.withUnsafeBytes { wanted in
            guard let want = wanted.baseAddress else { return }
            forEach(rows, result) { row in
                let bytes = text.bytes(of: slices[row])
                guard let base = bytes.baseAddress else { return false }
                return lake_find(base, bytes.count, want, wanted.count) >= 0
            }
        }
    }

    /// The bytes from the first to the last row, if rows lie in order with little between them.
    private static func consecutive(_ text: TextColumn) -> Range<Int>? {
        let slices = text.sliceSpan()
        var start = Int.max
        var end = 0
        var total = 0
        for i in slices.indices where slices[i].length > 0 {
            let first = Int(slices[i].start)
            if start == .max { start = first }
            guard first >= end || total == 0 else { return nil }
            end = first + Int(slices[i].length)
            total += Int(slices[i].length)
        }
        guard total > 0, end <= text.owner.capacityBytes else { return nil }
        return end - start <= total * 2 + 4_096 ? start..<end : nil
    }

    /// Searches all rows' bytes at once, then maps each hit to its row.
    ///
    /// A hit that crosses a row's end (into the next length prefix) is no match.
    private static func wholePage(
        _ needle: [UInt8], _ text: TextColumn, _ bytes: Range<Int>, _ result: Bitmap
    ) {
        let slices = text.sliceSpan()
        var words = result.mutableWords()
        let base = UnsafeRawPointer(text.owner.base)
        needle.withUnsafeBytes { wanted in
            guard let want = wanted.baseAddress else { return }
            var position = bytes.lowerBound
            var row = 0
            while position < bytes.upperBound {
                let found = lake_find(
                    base + position, bytes.upperBound - position, want, wanted.count)
                guard found >= 0 else { return }
                let hit = position + found
                while row < slices.count,
                    slices[row].length == 0
                        || Int(slices[row].start) + Int(slices[row].length) <= hit
                {
                    row += 1
                }
                guard row < slices.count else { return }
                let start = Int(slices[row].start)
                let end = start + Int(slices[row].length)
                if hit >= start && hit + wanted.count <= end {
                    words[row >> 6] |= 1 << UInt64(row & 63)
                    position = end
                    row += 1
                } else {
                    position = hit + 1
                }
            }
        }
    }
}
