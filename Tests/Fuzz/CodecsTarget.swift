/// Each codec on bytes that may not be its own, with a declared size that may be wrong.
///
///     ┌───────┬──────────────┬─────────────────┐
///     │ codec │ plain size   │ compressed page │
///     │ 1 B   │ 2 B, × 1…256 │ the rest        │
///     └───────┴──────────────┴─────────────────┘
enum CodecsTarget: FuzzTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let size = input.word() << (choice >> 4 & 8)
        let source = input.remainder()
        let location = FileLocation(path: "codecs")
        // Exactly as large as declared, so that the sanitizer sees a byte too many.
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { target.deallocate() }
        // The padding that every page has behind it.
        let padded = source + [UInt8](repeating: 0, count: Buffer.padding)
        padded.withUnsafeBytes { bytes in
            let page = UnsafeRawBufferPointer(rebasing: bytes[..<source.count])
            do throws(ColumnarError) {
                try Codec.decompress(
                    codec: choice & 7, from: page, into: target, location: location)
            } catch { return }
        }
    }
}
