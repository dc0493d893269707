import CZlib
import CZstd
import Columnar

/// How the blocks of an Avro file are compressed; we write null or deflate and read all three.
package enum AvroCodec: String, Sendable {
    case null
    /// RFC 1951 without a zlib header.
    case deflate
    case zstandard

    /// Compresses one block.
    package func compress(_ block: [UInt8]) throws(LakeError) -> [UInt8] {
        switch self {
        case .null: return block
        case .deflate: return try Deflate.compress(block)
        case .zstandard:
            throw .unsupported(.init(path: ""), feature: "writing Avro with zstandard")
        }
    }

    /// Restores one block; the result may have at most `limitBytes`.
    package func decompress(
        _ block: ArraySlice<UInt8>, limitBytes: Int, location: FileLocation
    ) throws(LakeError) -> [UInt8] {
        switch self {
        case .null: return Array(block)
        case .deflate:
            return try Deflate.decompress(block, limitBytes: limitBytes, location: location)
        case .zstandard:
            return try Zstandard.decompress(block, limitBytes: limitBytes, location: location)
        }
    }
}

/// Output grows in steps, so that a lying header cannot ask for memory that the input does not earn.
private let stepBytes = 256 << 10

/// Raw deflate streams.
private enum Deflate {
    /// No zlib header, 32 KiB window.
    static let windowBits: Int32 = -15
    /// As Java's default: the level that pays.
    static let level: Int32 = 6

    static func compress(_ input: [UInt8]) throws(LakeError) -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(
                &stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
                == Z_OK, input.count <= Limits.metadataFileBytes
        else {
            throw .columnar(
                .memoryLimit(requestedBytes: input.count, limitBytes: Limits.metadataFileBytes))
        }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(input.count)))
        var input = input
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            input.withUnsafeMutableBufferPointer { bytes in
                stream.next_in = bytes.baseAddress
                stream.avail_in = UInt32(bytes.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(bound)
                // The bound makes one call enough.
                precondition(CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END)
            }
            count = bound - Int(stream.avail_out)
        }
    }

    static func decompress(
        _ input: ArraySlice<UInt8>, limitBytes: Int, location: FileLocation
    ) throws(LakeError) -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else {
            throw .columnar(.memoryLimit(requestedBytes: stepBytes, limitBytes: limitBytes))
        }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var step = [UInt8](repeating: 0, count: stepBytes)
        var source = Array(input)
        var consumed = 0
        while true {
            var code = Z_OK
            source.withUnsafeMutableBufferPointer { bytes in
                step.withUnsafeMutableBufferPointer { room in
                    stream.next_in = bytes.baseAddress.map { $0 + consumed }
                    stream.avail_in = UInt32(bytes.count - consumed)
                    stream.next_out = room.baseAddress
                    stream.avail_out = UInt32(room.count)
                    code = inflate(&stream, Z_NO_FLUSH)
                    consumed = bytes.count - Int(stream.avail_in)
                }
            }
            let made = stepBytes - Int(stream.avail_out)
            guard output.count + made <= limitBytes else {
                throw .limit(
                    name: "metadata file bytes", value: output.count + made, limit: limitBytes,
                    location: location)
            }
            output.append(contentsOf: step[..<made])
            if code == Z_STREAM_END { return output }
            guard code == Z_OK, made > 0 else {
                throw .corrupt(location, reason: "Avro: a deflate block does not decompress")
            }
        }
    }
}

/// Zstandard frames, with or without their content size.
private enum Zstandard {
    static func decompress(
        _ input: ArraySlice<UInt8>, limitBytes: Int, location: FileLocation
    ) throws(LakeError) -> [UInt8] {
        guard let context = ZSTD_createDCtx() else {
            throw .columnar(.memoryLimit(requestedBytes: stepBytes, limitBytes: limitBytes))
        }
        defer { ZSTD_freeDCtx(context) }
        var output: [UInt8] = []
        var step = [UInt8](repeating: 0, count: stepBytes)
        var position = 0
        var pending = 1
        while true {
            var made = 0
            input.withUnsafeBytes { bytes in
                step.withUnsafeMutableBytes { room in
                    var source = ZSTD_inBuffer(
                        src: bytes.baseAddress, size: bytes.count, pos: position)
                    var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                    pending = ZSTD_decompressStream(context, &target, &source)
                    position = source.pos
                    made = target.pos
                }
            }
            guard ZSTD_isError(pending) == 0 else {
                throw .corrupt(location, reason: "Avro: a zstandard block does not decompress")
            }
            guard output.count + made <= limitBytes else {
                throw .limit(
                    name: "metadata file bytes", value: output.count + made, limit: limitBytes,
                    location: location)
            }
            output.append(contentsOf: step[..<made])
            if position == input.count, made < stepBytes {
                guard pending == 0 else {
                    throw .corrupt(location, reason: "Avro: a zstandard block is cut short")
                }
                return output
            }
        }
    }
}
