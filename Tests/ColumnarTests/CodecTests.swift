import Testing

@testable import Columnar

/// Every codec both ways: exact sizes in and out, nothing but typed errors for damaged bytes.
@Suite struct CodecTests {
    static let written = Codec.allCases.filter(\.isWritten)
    static let place = FileLocation(path: "codec")

    /// Bytes of one kind: `seed` 0 is all zeros, 1 repeats itself, others are noise.
    static func sample(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<count).map { i in
            if seed < 2 { return seed == 0 ? 0 : UInt8(truncatingIfNeeded: i % 23 * 7) }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    static func compress(_ bytes: [UInt8], _ codec: Codec, level: Int? = nil) throws -> [UInt8] {
        let compressor = try PageCompressor(codec: codec, level: level)
        var target = try ByteWriter(pool: BufferPool())
        // Twice: contexts are reused from page to page.
        for _ in 0..<2 {
            try bytes.withUnsafeBytes { try compressor.compress($0, into: &target) }
        }
        return Array(target.bytes)
    }

    static func decompress(
        _ bytes: [UInt8], codec: Int, declared: Int
    ) throws(ColumnarError) -> [UInt8] {
        // The spare bytes behind the target show whether anything is written past it.
        var target = [UInt8](repeating: 0xA5, count: declared + 64)
        var failure: ColumnarError?
        bytes.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { target in
                do throws(ColumnarError) {
                    try Codec.decompress(
                        codec: codec, from: source,
                        into: UnsafeMutableRawBufferPointer(rebasing: target[..<declared]),
                        location: place)
                } catch { failure = error }
            }
        }
        #expect(target[declared...].allSatisfy { $0 == 0xA5 }, "codec \(codec)")
        if let failure { throw failure }
        return Array(target[..<declared])
    }

    static func isRefused(_ bytes: [UInt8], codec: Int, declared: Int) -> Bool {
        do throws(ColumnarError) {
            _ = try decompress(bytes, codec: codec, declared: declared)
            return false
        } catch {
            if case .corrupt = error { return true }
            return false
        }
    }

    @Test(arguments: written)
    func whatIsCompressedComesBack(_ codec: Codec) throws {
        for count in [0, 1, 7, 1000, 70_000] {
            for seed: UInt64 in [0, 1, 2] {
                let bytes = Self.sample(count, seed: seed)
                let packed = try Self.compress(bytes, codec)
                let back = try Self.decompress(packed, codec: codec.rawValue, declared: count)
                #expect(back == bytes, "\(codec) \(count) \(seed)")
            }
        }
        let bytes = Self.sample(5000, seed: 1)
        for level in [codec.levels?.lowerBound, codec.levels?.upperBound] {
            let packed = try Self.compress(bytes, codec, level: level)
            let back = try Self.decompress(packed, codec: codec.rawValue, declared: bytes.count)
            #expect(back == bytes, "\(codec) level \(level ?? 0)")
        }
    }

    @Test(arguments: written)
    func sizesMustBeExact(_ codec: Codec) throws {
        let bytes = Self.sample(3000, seed: 1)
        let packed = try Self.compress(bytes, codec)
        for declared in [0, 1, 2999, 3001, 6000] {
            #expect(
                Self.isRefused(packed, codec: codec.rawValue, declared: declared),
                "\(codec) \(declared)")
        }
        for kept in 0..<packed.count {
            let cut = Array(packed[..<kept])
            #expect(
                Self.isRefused(cut, codec: codec.rawValue, declared: 3000), "\(codec) \(kept)")
        }
        #expect(Self.isRefused(packed + [1, 2, 3], codec: codec.rawValue, declared: 3000))
    }

    @Test(arguments: written + [.lz4])
    func damagedBytesAreRefusedOrExact(_ codec: Codec) throws {
        let bytes = Self.sample(400, seed: 1) + Self.sample(300, seed: 3)
        let packed = try Self.compress(bytes, codec == .lz4 ? .lz4Raw : codec)
        for position in packed.indices {
            for change: UInt8 in [1, 0x80, 0xFF] {
                var damaged = packed
                damaged[position] ^= change
                do throws(ColumnarError) {
                    _ = try Self.decompress(damaged, codec: codec.rawValue, declared: 700)
                } catch {
                    guard case .corrupt = error else { throw error }
                }
            }
        }
    }

    /// The framings of `LZ4Legacy`, each of them made here.
    @Test func deprecatedLZ4InEveryFraming() throws {
        func bigEndian(_ value: Int) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        let bytes = Self.sample(3000, seed: 1)
        func chunk(_ range: Range<Int>) throws -> [UInt8] {
            let packed = try Self.compress(Array(bytes[range]), .lz4Raw)
            return bigEndian(packed.count) + packed
        }
        let one = try bigEndian(3000) + chunk(0..<3000)
        let blocks = try bigEndian(1000) + chunk(0..<1000) + bigEndian(2000) + chunk(1000..<3000)
        let chunks = try bigEndian(3000) + chunk(0..<1000) + chunk(1000..<3000)
        let empty = try bigEndian(0) + bigEndian(0) + one
        let raw = try Self.compress(bytes, .lz4Raw)
        for (name, packed) in [
            "one block": one, "two blocks": blocks, "two chunks": chunks, "empty block": empty,
            "bare": raw,
        ] {
            #expect(try Self.decompress(packed, codec: 5, declared: 3000) == bytes, "\(name)")
            #expect(Self.isRefused(packed, codec: 5, declared: 2999), "\(name)")
            #expect(Self.isRefused(Array(packed.dropLast()), codec: 5, declared: 3000), "\(name)")
        }
        #expect(try Self.decompress(bigEndian(0), codec: 5, declared: 0).isEmpty)
    }

    @Test func deprecatedLZ4InFrames() throws {
        // One stored block of three bytes, written by hand after the frame format.
        let stored: [UInt8] = [
            0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, 3, 0, 0, 0x80, 7, 8, 9, 0, 0, 0, 0,
        ]
        #expect(try Self.decompress(stored, codec: 5, declared: 3) == [7, 8, 9])
        #expect(
            try Self.decompress(stored + stored, codec: 5, declared: 6) == [7, 8, 9, 7, 8, 9])
        // By liblz4 through pyarrow, of "row group, page" three times, joined.
        let packed: [UInt8] = [
            0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, 0x1C, 0, 0, 0, 0xFF, 0x02, 0x72, 0x6F, 0x77,
            0x20, 0x67, 0x72, 0x6F, 0x75, 0x70, 0x2C, 0x20, 0x70, 0x61, 0x67, 0x65, 0x2C, 0x20,
            0x11, 0, 0x08, 0x50, 0x20, 0x70, 0x61, 0x67, 0x65, 0, 0, 0, 0,
        ]
        let text = "row group, page, row group, page, row group, page"
        #expect(try Self.decompress(packed, codec: 5, declared: 49) == Array(text.utf8))
        for declared in [0, 2, 4] {
            #expect(Self.isRefused(stored, codec: 5, declared: declared))
        }
        for kept in 0..<stored.count {
            #expect(Self.isRefused(Array(stored[..<kept]), codec: 5, declared: 3), "\(kept)")
        }
    }

    @Test func gzipOfSeveralMembers() throws {
        let bytes = Self.sample(600, seed: 1)
        let members =
            try Self.compress(Array(bytes[..<100]), .gzip) + Self.compress([], .gzip)
            + Self.compress(Array(bytes[100...]), .gzip)
        #expect(try Self.decompress(members, codec: 2, declared: 600) == bytes)
        #expect(Self.isRefused(members, codec: 2, declared: 100))
    }

    @Test func unknownCodecsAreNamed() throws {
        for (codec, name) in [(3, "lzo"), (8, "8"), (-1, "-1")] {
            do throws(ColumnarError) {
                _ = try Self.decompress([1, 2, 3], codec: codec, declared: 3)
                Issue.record("codec \(codec) was read")
            } catch {
                #expect(
                    error == .unsupported(Self.place, feature: "compression codec \(name)"))
            }
        }
        for codec in [Codec.lzo, .lz4] {
            #expect(throws: ColumnarError.self) { try PageCompressor(codec: codec, level: nil) }
        }
        #expect(throws: ColumnarError.self) { try PageCompressor(codec: .zstd, level: 23) }
        #expect(throws: ColumnarError.self) { try PageCompressor(codec: .gzip, level: 0) }
    }
}
