/// The order of boxed values of one type, as SQL compares them; for bounds only.
enum BoundOrder {
    enum Outcome {
        case less, equal, greater
    }

    /// nil where the values have no order: other kinds, NULL, NaN.
    static func compare(_ a: Value, _ b: Value) -> Outcome? {
        switch (a, b) {
        case (.int(let x), .int(let y)): outcome(x, y)
        case (.int128(let x), .int128(let y)): outcome(x, y)
        case (.int(let x), .int128(let y)): outcome(Int128(x), y)
        case (.int128(let x), .int(let y)): outcome(x, Int128(y))
        case (.float(let x), .float(let y)): x.isNaN || y.isNaN ? nil : outcome(x, y)
        case (.double(let x), .double(let y)): x.isNaN || y.isNaN ? nil : outcome(x, y)
        case (.boolean(let x), .boolean(let y)): outcome(x ? 1 : 0, y ? 1 : 0)
        case (.text(let x), .text(let y)): outcome(Array(x.utf8), Array(y.utf8))
        case (.binary(let x), .binary(let y)): outcome(x, y)
        default: nil
        }
    }

    private static func outcome<T: Comparable>(_ a: T, _ b: T) -> Outcome {
        a < b ? .less : a > b ? .greater : .equal
    }

    /// Unsigned bytes, a prefix first: the order of UTF-8 and of binaries.
    private static func outcome(_ a: [UInt8], _ b: [UInt8]) -> Outcome {
        for (x, y) in zip(a, b) where x != y { return x < y ? .less : .greater }
        return outcome(a.count, b.count)
    }
}
