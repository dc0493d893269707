/// A fuzzer's bytes, read as choices from the front; past the end every choice is 0.
struct FuzzInput {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    mutating func byte() -> Int {
        guard let first = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return Int(first)
    }

    mutating func word() -> Int { byte() | byte() << 8 }

    mutating func take(_ count: Int) -> [UInt8] {
        let piece = Array(rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return piece
    }

    mutating func remainder() -> [UInt8] { take(rest.count) }
}
