import CZstd
import Columnar

/// One zstd context for the frames of a pack, either way; used by one thread.
final class PackFrame {
    private let compressor: OpaquePointer?
    private let decompressor: OpaquePointer?

    /// - level: nil for one that reads.
    init(level: Int?) throws(LakeError) {
        compressor = level == nil ? nil : ZSTD_createCCtx()
        decompressor = level == nil ? ZSTD_createDCtx() : nil
        guard compressor != nil || decompressor != nil else {
            throw .columnar(.memoryLimit(requestedBytes: 1 << 20, limitBytes: 1 << 20))
        }
        if let level {
            ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, Int32(level))
            // Plain `zstd -t` finds damage too.
            ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 1)
        }
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// Room that any bytes of a count fit into when they are compressed.
    static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// Compresses into room of at least `bound` bytes; returns the bytes used.
    func compress(
        _ raw: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) throws(LakeError) -> Int {
        let count = ZSTD_compress2(
            compressor, room.baseAddress, room.count, raw.baseAddress, raw.count)
        guard ZSTD_isError(count) == 0 else {
            throw .columnar(.memoryLimit(requestedBytes: room.count, limitBytes: room.count))
        }
        return count
    }

    /// Decompresses one frame that must give exactly `raw.count` bytes.
    func decompress(
        _ stored: UnsafeRawBufferPointer, into raw: UnsafeMutableRawBufferPointer,
        at location: FileLocation
    ) throws(LakeError) {
        let count = ZSTD_decompressDCtx(
            decompressor, raw.baseAddress, raw.count, stored.baseAddress, stored.count)
        guard ZSTD_isError(count) == 0 else {
            let name = String(cString: ZSTD_getErrorName(count))
            throw .corrupt(location, reason: "zstd: \(name)")
        }
        guard count == raw.count else {
            throw .corrupt(location, reason: "zstd gave \(count) of \(raw.count) bytes")
        }
    }
}
