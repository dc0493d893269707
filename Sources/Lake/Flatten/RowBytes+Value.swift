import Columnar

extension RowBytes {
    /// A boxed scalar in the row encoding; NULL is one zero byte.
    static func encoded(_ value: Value, _ type: DataType) -> [UInt8] {
        switch (value, type) {
        case (.boolean(let bit), _): [1, bit ? 1 : 0]
        case (.int(let number), .integer), (.int(let number), .date):
            [1] + bytes(UInt32(bitPattern: Int32(truncatingIfNeeded: number)))
        case (.int(let number), _): [1] + bytes(UInt64(bitPattern: number))
        case (.float(let number), _): [1] + bytes(number.bitPattern)
        case (.double(let number), _): [1] + bytes(number.bitPattern)
        case (.text(let text), _): [1] + bytes(UInt32(text.utf8.count)) + Array(text.utf8)
        default: [0]
        }
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
