/// Decimal digits of one 64-bit integer, written backwards into 20 bytes on the stack.
package struct InlineDigits {
    private var storage: InlineArray<20, UInt8> = .init(repeating: 0)

    package init() {}

    /// Writes the digits and returns where they begin; they end at byte 20.
    package mutating func write(_ value: UInt64) -> Int {
        var rest = value
        var start = 20
        repeat {
            start -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            storage[start] = 0x30 + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest > 0
        return start
    }

    /// The digits from where `write` said.
    package func withBytes(from start: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeBytes(of: storage) { body(UnsafeRawBufferPointer(rebasing: $0[start..<20])) }
    }
}
