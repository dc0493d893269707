import Columnar
import Glibc
import Testing

/// Good files damaged byte by byte: an answer or a typed error, never a trap.
///
/// The short form takes a sample of places; `LAKE_TORTURE=1` takes every one.
@Suite struct ParquetDamageTests {
    /// Good files of many kinds: small, because each byte of each is tried.
    struct Good: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let rows: ParquetRows
        let options: ParquetWriterOptions
    }

    static let goods: [Good] = {
        let scalars = ParquetRoundTripTests.rows(count: 23, isNullable: true)
        let nested = ParquetNestedTests.rows(count: 17)
        var small = ParquetWriterOptions()
        small.rowGroupRows = 16
        small.pageRows = 7
        var goods: [Good] = []
        // A file of a few columns each, so that a footer is short and each place counts.
        for start in stride(from: 0, to: scalars.schema.count, by: 4) {
            let columns = start..<min(start + 4, scalars.schema.count)
            var options = small
            options.bloomColumns = ["c4", "c10"]
            goods.append(
                Good(
                    testDescription: "scalars \(columns)",
                    rows: ParquetRows(
                        schema: Schema(Array(scalars.schema.fields[columns])),
                        columns: Array(scalars.columns[columns])), options: options))
        }
        for column in nested.schema.fields.indices {
            goods.append(
                Good(
                    testDescription: "nested \(column)",
                    rows: ParquetRows(
                        schema: Schema([nested.schema.fields[column]]),
                        columns: [nested.columns[column]]), options: small))
        }
        return goods
    }()

    /// Writes a good file and hands out its bytes and where its footer begins.
    private func written(
        _ good: Good, _ folder: ScratchFolder
    ) throws -> (bytes: [UInt8], footer: Int) {
        try good.rows.write(to: folder.file("good.parquet"), options: good.options)
        let bytes = try ParquetHostileTests.bytes(of: folder.file("good.parquet"))
        let length = (0..<4).reduce(0) { $0 | Int(bytes[bytes.count - 8 + $1]) << (8 * $1) }
        #expect(HostileReading.read(folder.file("good.parquet")).error == nil)
        return (bytes, bytes.count - 8 - length)
    }

    private func tryBytes(_ bytes: [UInt8], _ path: String) throws -> Bool {
        try ParquetHostileTests.store(bytes, at: path)
        return HostileReading.read(path).error == nil
    }

    @Test(arguments: goods)
    func everyTruncationIsRefused(_ good: Good) throws {
        let folder = ScratchFolder()
        let (bytes, _) = try written(good, folder)
        for length in stride(from: 0, to: bytes.count, by: HostileReading.isTorture ? 1 : 64) {
            let isRead = try tryBytes(Array(bytes[..<length]), folder.file("cut.parquet"))
            #expect(!isRead, "cut at \(length)")
        }
    }

    /// Every byte of the footer, of page headers and pages, in three ways.
    @Test(arguments: goods)
    func flippedBytesNeverTrap(_ good: Good) throws {
        let folder = ScratchFolder()
        let (bytes, _) = try written(good, folder)
        let step = HostileReading.isTorture ? 1 : 5
        var places = 0
        for place in stride(from: bytes.count % step, to: bytes.count, by: step) {
            for mask: UInt8 in HostileReading.isTorture ? [0xFF, 0x01, 0x80] : [0xFF] {
                var bad = bytes
                bad[place] ^= mask
                _ = try tryBytes(bad, folder.file("flipped.parquet"))
                places += 1
            }
        }
        #expect(places > bytes.count / 16)
    }

    /// Every varint of the footer set to 0, to its greatest value, and to more than 64 bits.
    @Test(arguments: goods)
    func varintsOfTheFooter(_ good: Good) throws {
        let folder = ScratchFolder()
        let (bytes, footer) = try written(good, folder)
        let (varints, end) = ThriftVarints.all(in: bytes, at: footer)
        #expect(end == bytes.count - 8)
        let step = HostileReading.isTorture ? 1 : 3
        for index in stride(from: varints.count % step, to: varints.count, by: step) {
            for value: [UInt8] in [
                [0], [0xFE, 0xFF, 0xFF, 0xFF, 0x0F], Array(repeating: 0xFF, count: 9) + [0x01],
                Array(repeating: 0xFF, count: 11),
            ] {
                let range = varints[index]
                let body = bytes[footer..<range.lowerBound] + value + bytes[range.upperBound..<end]
                let length = withUnsafeBytes(of: UInt32(body.count)) { Array($0) }
                let bad = bytes[..<footer] + body + length + bytes[(bytes.count - 4)...]
                _ = try tryBytes(Array(bad), folder.file("varint.parquet"))
            }
        }
    }

    /// The same in page headers, where nothing may move: padded zeros and ones of the same length.
    @Test(arguments: goods)
    func varintsOfPageHeaders(_ good: Good) throws {
        let folder = ScratchFolder()
        let (bytes, _) = try written(good, folder)
        let (varints, end) = ThriftVarints.all(in: bytes, at: 4)
        #expect(end < bytes.count)
        for range in varints {
            for digit: UInt8 in [0x00, 0x7F] {
                var bad = bytes
                for place in range {
                    bad[place] = digit | (place == range.upperBound - 1 ? 0 : 0x80)
                }
                _ = try tryBytes(bad, folder.file("header.parquet"))
            }
        }
    }
}
