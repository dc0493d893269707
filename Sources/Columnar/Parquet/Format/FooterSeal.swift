import CXXHash

/// A footer's hash of itself, the last of its key-values, because the format has no checksum for footers.
///
///     lake.footer-xxh3   18 10   16 hex digits   00   18 length "lake …"
///
/// 0x18: the next field, a string; 0x10: of 16 bytes; 00: the pair ends; then `created_by`. XXH3-64 of the
/// footer's bytes with `0` in place of the digits. Other readers take it for one more pair, and some copy
/// it with all pairs into files of their own: what another program wrote is not sealed.
enum FooterSeal {
    /// What a footer's bytes say of themselves.
    enum State {
        case missing
        case held
        case broken
    }

    static let key = "lake.footer-xxh3"
    static let blank = "0000000000000000"
    /// How `created_by` of every file of ours begins.
    static let writer = "lake "
    /// Behind the pairs stand the writer's name and three bytes a column.
    private static let searchedBytes = 16 << 10

    /// Seals a footer that was written with the blank.
    static func seal(_ footer: inout [UInt8]) {
        guard let place = footer.withUnsafeBytes({ digits(in: $0) }) else { return }
        let text = hex(XXH3_64bits(footer, footer.count))
        footer.replaceSubrange(place, with: text)
    }

    /// Whether a footer is as it was sealed.
    static func state(of footer: UnsafeRawBufferPointer) -> State {
        guard let place = digits(in: footer) else { return .missing }
        var copy = Array(footer)
        copy.replaceSubrange(place, with: Array(blank.utf8))
        return footer[place].elementsEqual(hex(XXH3_64bits(copy, copy.count))) ? .held : .broken
    }

    /// Where the digits stand.
    private static func digits(in footer: UnsafeRawBufferPointer) -> Range<Int>? {
        let mark = Array(key.utf8) + [0x18, 0x10]
        // The pair's end, the field's type and its length stand between.
        let whole = mark.count + blank.utf8.count + 3 + writer.utf8.count
        var at = footer.count - whole
        let end = max(0, at - searchedBytes)
        while at >= end, at >= 0 {
            if footer[at] == mark[0], footer[at..<at + mark.count].elementsEqual(mark) {
                let digits = at + mark.count..<at + mark.count + blank.utf8.count
                let writer = digits.upperBound + 3..<at + whole
                return footer[writer].elementsEqual(Self.writer.utf8) ? digits : nil
            }
            at -= 1
        }
        return nil
    }

    private static func hex(_ number: UInt64) -> [UInt8] {
        let text = String(number, radix: 16)
        return Array((String(repeating: "0", count: 16 - text.utf8.count) + text).utf8)
    }
}
