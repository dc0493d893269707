import Columnar
import Glibc

/// `lake-bench unpack`: billions of bit-packed values a second, by width, beside copying the result.
enum UnpackBench {
    private static let valueCount = 16_384
    private static let rounds = 2_000

    static func run() {
        let pool = BufferPool()
        do {
            let source = try pool.allocate(bytes: valueCount * 8)
            let target = try pool.allocate(UInt32.self, count: valueCount)
            let copy = try pool.allocate(UInt32.self, count: valueCount)
            for i in 0..<valueCount * 8 {
                source.base.storeBytes(
                    of: UInt8(truncatingIfNeeded: i &* 167), toByteOffset: i, as: UInt8.self)
            }
            let codes = target.base.assumingMemoryBound(to: UInt32.self)
            let copying = rate {
                copy.base.copyMemory(from: target.base, byteCount: valueCount * 4)
            }
            Report.heading("bit unpacking to 32 bits, in cache, one core")
            for width in [1, 2, 3, 4, 5, 7, 8, 10, 12, 13, 16, 17, 20, 24, 31, 32] {
                let found = rate {
                    BitPacking.unpack(
                        source.base, bitWidth: width, count: valueCount, into: codes)
                }
                Report.line(
                    "width \(width)", "\(Report.decimal(found, 2)) billion a second",
                    ratio: found / copying, to: "copying them")
            }
        } catch {
            Report.stop("\(error)")
        }
    }

    /// Billions of values a second, the best of five.
    private static func rate(_ body: () -> Void) -> Double {
        var best = Double.infinity
        for _ in 0..<5 {
            let start = Stopwatch.coreSeconds()
            for _ in 0..<rounds { body() }
            best = min(best, Stopwatch.coreSeconds() - start)
        }
        return Double(valueCount * rounds) / best / 1e9
    }
}
