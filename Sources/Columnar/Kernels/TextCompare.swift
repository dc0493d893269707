import Glibc

/// Comparison of text by bytes; equality tests the length first and loads 8 bytes at a time.
enum TextCompare {
    static func fill(
        _ test: Compare.Test, _ a: TextColumn, _ aOne: Bool, _ b: TextColumn, _ bOne: Bool,
        _ result: Bitmap, _ selection: Selection
    ) {
        switch test {
        case .equal, .same:
            if bOne {
                equalConstant(a, b.bytes(at: 0), result, selection)
            } else if aOne {
                equalConstant(b, a.bytes(at: 0), result, selection)
            } else {
                rows(a, false, b, false, result, selection) { isEqual($0, $1) }
            }
        case .less: rows(a, aOne, b, bOne, result, selection) { order($0, $1) < 0 }
        case .lessOrEqual: rows(a, aOne, b, bOne, result, selection) { order($0, $1) <= 0 }
        }
    }

    /// Negative, zero or positive as `memcmp`, the shorter first among equal prefixes.
    static func order(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let common = min(a.count, b.count)
        if common > 0, let x = a.baseAddress, let y = b.baseAddress {
            let result = memcmp(x, y, common)
            if result != 0 { return Int(result) }
        }
        return a.count - b.count
    }

    static func isEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else { return false }
        guard a.count > 0, let x = a.baseAddress, let y = b.baseAddress else { return true }
        return memcmp(x, y, a.count) == 0
    }

    @inline(__always)
    private static func rows(
        _ a: TextColumn, _ aOne: Bool, _ b: TextColumn, _ bOne: Bool, _ result: Bitmap,
        _ selection: Selection, _ test: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) {
        let x = a.sliceSpan()
        let y = b.sliceSpan()
        fill(result, selection) { row in
            test(a.bytes(of: x[aOne ? 0 : row]), b.bytes(of: y[bOne ? 0 : row]))
        }
    }

    /// Tests all rows, or only the selected ones where they are few: text costs per row.
    @inline(__always)
    static func fill(_ result: Bitmap, _ selection: Selection, _ test: (Int) -> Bool) {
        var words = result.mutableWords()
        guard case .rows(let list) = selection else {
            Words.fill(&words, count: result.count, test)
            return
        }
        for w in words.indices { words[w] = 0 }
        let rows = list.span()
        for i in rows.indices where test(Int(rows[i])) {
            words[Int(rows[i]) >> 6] |= 1 << UInt64(rows[i] & 63)
        }
    }

    private static func equalConstant(
        _ a: TextColumn, _ text: UnsafeRawBufferPointer, _ result: Bitmap, _ selection: Selection
    ) {
        let slices = a.sliceSpan()
        let length = UInt32(text.count)
        guard let constant = text.baseAddress, length > 0 else {
            fill(result, selection) { slices[$0].length == 0 }
            return
        }
        if length <= 16 {
            // Buffers are readable 64 bytes past the end: two loads cover 1...16 bytes.
            let shift = length < 8 ? UInt64(8 - length) * 8 : 0
            let second = length > 8 ? Int(length) - 8 : 0
            let low = UInt64(littleEndian: constant.loadUnaligned(as: UInt64.self)) << shift
            let high = constant.loadUnaligned(fromByteOffset: second, as: UInt64.self)
            fill(result, selection) { row in
                let slice = slices[row]
                guard slice.length == length, let base = a.bytes(of: slice).baseAddress else {
                    return false
                }
                let first = UInt64(littleEndian: base.loadUnaligned(as: UInt64.self)) << shift
                guard first == low else { return false }
                return length <= 8
                    || base.loadUnaligned(fromByteOffset: second, as: UInt64.self) == high
            }
            return
        }
        fill(result, selection) { row in
            let slice = slices[row]
            guard slice.length == length, let base = a.bytes(of: slice).baseAddress else {
                return false
            }
            return memcmp(base, constant, Int(length)) == 0
        }
    }
}
