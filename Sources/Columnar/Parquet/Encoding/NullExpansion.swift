/// Spreads values that were stored without NULLs to the rows where a bitmap has a 1.
enum NullExpansion {
    /// `target[i]` becomes the next value where bit `start + i` is 1, else `filler`.
    ///
    /// `source` must be readable one value past its last.
    @inline(__always)
    static func expand<T: BitwiseCopyable>(
        _ source: UnsafePointer<T>, validity: Bitmap, start: Int, count: Int, filler: T,
        into target: UnsafeMutablePointer<T>
    ) {
        let words = UnsafePointer(
            validity.buffer.base.assumingMemoryBound(to: UInt64.self) + validity.startWord)
        var next = 0
        var row = 0
        while row < count {
            let bit = start &+ row
            let step = min(64 &- bit & 63, count &- row)
            var word = words[bit &>> 6] &>> UInt64(bit & 63)
            if step < 64 { word &= UInt64(1) &<< UInt64(step) &- 1 }
            if word.nonzeroBitCount == step {
                (target + row).update(from: source + next, count: step)
                next &+= step
            } else if word == 0 {
                (target + row).update(repeating: filler, count: step)
            } else {
                for i in 0..<step {
                    let isValid = word & 1
                    let value = source[next]
                    target[row &+ i] = isValid == 1 ? value : filler
                    next &+= Int(isValid)
                    word &>>= 1
                }
            }
            row &+= step
        }
    }

    /// The same for raw values of 4, 8 or 16 bytes; NULLs become 0.
    static func expand(
        _ source: UnsafeRawPointer, width: Int, validity: Bitmap, start: Int, count: Int,
        into target: UnsafeMutableRawPointer
    ) {
        switch width {
        case 4:
            expand(
                source.assumingMemoryBound(to: UInt32.self), validity: validity, start: start,
                count: count, filler: 0, into: target.assumingMemoryBound(to: UInt32.self))
        case 8:
            expand(
                source.assumingMemoryBound(to: UInt64.self), validity: validity, start: start,
                count: count, filler: 0, into: target.assumingMemoryBound(to: UInt64.self))
        default:
            expand(
                source.assumingMemoryBound(to: UInt128.self), validity: validity, start: start,
                count: count, filler: 0, into: target.assumingMemoryBound(to: UInt128.self))
        }
    }
}
