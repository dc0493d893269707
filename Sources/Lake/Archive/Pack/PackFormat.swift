import CXXHash
import Columnar

/// A pack: raw files byte for byte in zstd frames, with an index behind them.
///
/// ```
///  skippable frame   header: magic, version, month, bucket, buckets, time, run, table
///  zstd frame        files one after another, each followed by '\n': some hundred small ones,
///  zstd frame        or a piece of a large one
///  …
///  skippable frame   index, a zstd frame itself (`PackIndex`)
///  skippable frame   footer: what the header and the index must hash to, where the index lies
/// ```
/// Any zstd program reads it as JSON lines, because skippable frames are skipped (RFC 8878, 3.1.2); the
/// '\n' behind a file is none of its bytes. Each byte is vouched for: header and index by the footer's SHA-256,
/// each data frame, as stored, by the index's, each file by its own, the footer by XXH3-64.
/// Numbers are little-endian.
package enum PackFormat {
    static let magic = Array("LAKEPACK".utf8)
    static let version: UInt32 = 1
    static let headerFrame: UInt32 = 0x184D_2A50
    static let indexFrame: UInt32 = 0x184D_2A51
    static let footerFrame: UInt32 = 0x184D_2A52
    /// Magic number and length in front of a skippable frame.
    static let frameHeadBytes = 8
    /// Raw bytes of a frame of small files: of 64 KiB, 256 KiB, 1 MiB and 4 MiB the smallest that compresses
    /// within 2 % of the best, so that one account's files cost little to read.
    static let frameBytes = 256 << 10
    /// Raw bytes of a frame that holds a piece of a larger file.
    static let pieceBytes = 1 << 20
    /// Behind each file.
    static let separator = UInt8(ascii: "\n")
    /// The end of every pack's name.
    package static let nameEnd = ".json.zst"

    /// A skippable frame.
    static func frame(_ magic: UInt32, _ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frameHeadBytes + content.count)
        bytes.append(number: magic)
        bytes.append(number: UInt32(truncatingIfNeeded: content.count))
        bytes.append(contentsOf: content)
        return bytes
    }
}

/// What a pack says of itself.
package struct PackHeader: Hashable, Sendable {
    package var table: String
    /// Months since 1970 of the rows' partitions.
    package var month: Int32
    /// `PackBucket.hash(folder) % buckets` of every file.
    package var bucket: Int
    package var buckets: Int
    /// When it was packed: the latest of two packs with a path holds the latest version.
    package var packedMicros: Int64
    /// The UUID of the run that wrote it.
    package var run: String

    /// The longest header that is read: a table's name is far shorter.
    static let limitBytes = 4_096

    func encoded() -> [UInt8] {
        var bytes = PackFormat.magic
        bytes.append(number: PackFormat.version)
        bytes.append(number: month)
        bytes.append(number: UInt32(truncatingIfNeeded: bucket))
        bytes.append(number: UInt32(truncatingIfNeeded: buckets))
        bytes.append(number: packedMicros)
        for text in [run, table] {
            bytes.append(varint: UInt64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    /// Reads `encoded()`; throws `corrupt` or, of a newer version, `unsupported`.
    init(decoding bytes: [UInt8], at location: FileLocation) throws(LakeError) {
        let header: Result<PackHeader, LakeError> = bytes.withUnsafeBytes { bytes in
            do throws(ColumnarError) {
                var reader = ByteReader(bytes, location: location)
                guard try reader.take(PackFormat.magic.count).elementsEqual(PackFormat.magic) else {
                    throw reader.corrupt("it is no pack")
                }
                let version = UInt32(littleEndian: try reader.load(UInt32.self))
                guard version == PackFormat.version else {
                    return .failure(.unsupported(location, feature: "pack version \(version)"))
                }
                return .success(try PackHeader(&reader))
            } catch .corrupt(let place, let reason) {
                return .failure(.corrupt(place, reason: reason))
            } catch {
                return .failure(.columnar(error))
            }
        }
        self = try header.get()
    }

    private init(_ reader: inout ByteReader) throws(ColumnarError) {
        month = Int32(littleEndian: try reader.load(Int32.self))
        bucket = Int(UInt32(littleEndian: try reader.load(UInt32.self)))
        buckets = Int(UInt32(littleEndian: try reader.load(UInt32.self)))
        packedMicros = Int64(littleEndian: try reader.load(Int64.self))
        let run = try reader.take(try reader.length())
        let table = try reader.take(try reader.length())
        guard let runText = String(validating: run, as: UTF8.self),
            let tableText = String(validating: table, as: UTF8.self), bucket < buckets,
            reader.remaining == 0
        else { throw reader.corrupt("the pack's header is none") }
        self.run = runText
        self.table = tableText
    }

    package init(
        table: String, month: Int32, bucket: Int, buckets: Int, packedMicros: Int64, run: String
    ) {
        self.table = table
        self.month = month
        self.bucket = bucket
        self.buckets = buckets
        self.packedMicros = packedMicros
        self.run = run
    }
}

/// The last bytes of a pack.
///
/// ```
///  frame head  SHA-256 of header  SHA-256 of index  index at  stored  decoded  XXH3-64 of all before  magic
///      8              32                 32             8        8       8               8              8
/// ```
struct PackFooter: Hashable, Sendable {
    /// Of the header's whole frame.
    var headerDigest: [UInt8]
    /// Of the index's content as stored.
    var indexDigest: [UInt8]
    /// Where the index's frame begins.
    var indexOffset: Int
    /// Bytes of the index as stored, its frame's head not counted.
    var indexStoredBytes: Int
    var indexBytes: Int

    static let sizeBytes = PackFormat.frameHeadBytes + 2 * SHA256.digestBytes + 5 * 8

    func encoded() -> [UInt8] {
        var content = headerDigest + indexDigest
        content.append(number: UInt64(indexOffset))
        content.append(number: UInt64(indexStoredBytes))
        content.append(number: UInt64(indexBytes))
        var bytes = PackFormat.frame(
            PackFormat.footerFrame, content + [UInt8](repeating: 0, count: 16))
        let sum = Self.checksum(bytes)
        bytes.removeLast(16)
        bytes.append(number: sum)
        bytes.append(contentsOf: PackFormat.magic)
        return bytes
    }

    /// Reads the last `sizeBytes` bytes of a file of `fileBytes`.
    init(decoding bytes: [UInt8], fileBytes: Int, at location: FileLocation) throws(LakeError) {
        func corrupt(_ reason: String) -> LakeError { .corrupt(location, reason: reason) }
        let digest = SHA256.digestBytes
        let numbers = PackFormat.frameHeadBytes + 2 * digest
        guard bytes.count == Self.sizeBytes, bytes.suffix(8).elementsEqual(PackFormat.magic) else {
            throw corrupt("it is no pack, or its end is missing")
        }
        let head = PackFormat.frame(
            PackFormat.footerFrame, [UInt8](repeating: 0, count: Self.sizeBytes - 8))
        guard bytes.prefix(8).elementsEqual(head.prefix(8)),
            bytes.number(at: numbers + 24) == Self.checksum(bytes)
        else { throw corrupt("the pack's footer does not match its checksum") }
        headerDigest = Array(bytes[8..<8 + digest])
        indexDigest = Array(bytes[8 + digest..<numbers])
        let places = [0, 8, 16].map { Int(exactly: bytes.number(at: numbers + $0)) ?? .max }
        indexOffset = places[0]
        indexStoredBytes = places[1]
        indexBytes = places[2]
        let end = fileBytes - Self.sizeBytes
        guard indexOffset <= end, indexStoredBytes <= end - indexOffset - PackFormat.frameHeadBytes,
            indexOffset + PackFormat.frameHeadBytes + indexStoredBytes == end
        else { throw corrupt("the pack's index does not lie where its footer says") }
        guard indexBytes <= Limits.packIndexBytes else {
            throw .limit(
                name: "packIndexBytes", value: indexBytes, limit: Limits.packIndexBytes,
                location: location)
        }
    }

    init(
        headerDigest: [UInt8], indexDigest: [UInt8], indexOffset: Int, indexStoredBytes: Int,
        indexBytes: Int
    ) {
        self.headerDigest = headerDigest
        self.indexDigest = indexDigest
        self.indexOffset = indexOffset
        self.indexStoredBytes = indexStoredBytes
        self.indexBytes = indexBytes
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress, sizeBytes - 16) }
    }
}

extension [UInt8] {
    /// Appends a number, little-endian.
    mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends an unsigned LEB128 number.
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// Appends a signed LEB128 number, its sign in the lowest bit.
    mutating func append(zigzag value: Int64) {
        append(varint: UInt64(bitPattern: value &<< 1 ^ value &>> 63))
    }

    /// The 8-byte number at an offset; the caller knows that it is there.
    fileprivate func number(at offset: Int) -> UInt64 {
        withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
    }
}
