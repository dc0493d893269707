import Testing

@testable import Columnar

/// Encodings that our writer and the peers do not write, laid out by hand.
@Suite struct ParquetEncodingTests {
    let folder = ScratchFolder()

    /// The example of Encodings.md, and levels of a nullable list.
    @Test func bitPackedLevels() throws {
        #expect(
            Handmade.packedBackwards([0, 1, 2, 3, 4, 5, 6, 7], width: 3)
                == [0b0000_0101, 0b0011_1001, 0b0111_0111])
        let numbers = HandmadeFile.column(
            Handmade.leaf(.int32, nil, .optional), rows: 11,
            HandmadePage(
                count: 11,
                definition: Handmade.packedBackwards([1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1], width: 1),
                levelEncoding: ValueEncoding.bitPacked.rawValue,
                values: Handmade.plain((1...7).map { Int32($0) })))
        #expect(
            try numbers.lines(folder)
                == ["1", "null", "2", "3", "null", "null", "4", "5", "6", "null", "7"])
        let list = HandmadeFile(
            elements: [
                Handmade.group("c", .optional, children: 1, converted: .list),
                Handmade.group("list", .repeated, children: 1),
                Handmade.leaf(.int32, nil, .optional, name: "element"),
            ], rootChildren: 1, rows: 4,
            chunks: [
                .init(pages: [
                    HandmadePage(
                        count: 6,
                        repetition: Handmade.packedBackwards([0, 1, 0, 0, 0, 1], width: 1),
                        definition: Handmade.packedBackwards([3, 2, 0, 1, 3, 3], width: 2),
                        levelEncoding: ValueEncoding.bitPacked.rawValue,
                        values: Handmade.plain([Int32(7), 8, 9]))
                ])
            ])
        #expect(try list.lines(folder) == ["[7,null]", "null", "[]", "[8,9]"])
        var cut = numbers
        cut.chunks[0].pages[0].definition = [0b1011_0011]
        cut.chunks[0].pages[0].values = []
        #expect(try cut.isCorrupt(folder))
    }

    @Test func deltasOfUnusualBlocks() throws {
        var values: [Int64] = []
        for i in 0..<5000 as Range<Int64> {
            values.append(i % 700 == 0 ? Int64.min + i : i * i * 31 - 999)
        }
        for (block, miniblocks) in [(128, 1), (128, 2), (256, 8), (2048, 4), (131_072, 64)] {
            let file = HandmadeFile.column(
                Handmade.leaf(.int64), rows: values.count,
                HandmadePage(
                    encoding: ValueEncoding.deltaBinaryPacked.rawValue, count: values.count,
                    values: Handmade.deltas(values, block: block, miniblocks: miniblocks)))
            #expect(try file.lines(folder) == values.map { "\($0)" }, "\(block)/\(miniblocks)")
        }
        let narrow = HandmadeFile.column(
            Handmade.leaf(.int32), rows: 3,
            HandmadePage(
                encoding: ValueEncoding.deltaBinaryPacked.rawValue, count: 3,
                values: Handmade.deltas([Int64(Int32.min), Int64(Int32.max), -1])))
        #expect(try narrow.lines(folder) == ["-2147483648", "2147483647", "-1"])
        for (block, miniblocks) in [(0, 1), (100, 1), (128, 0), (128, 8), (128, 3)] {
            var bytes = Handmade.varint(UInt64(block)) + Handmade.varint(UInt64(miniblocks))
            bytes += [3, 0] + Array(repeating: 0, count: 40)
            let file = HandmadeFile.column(
                Handmade.leaf(.int64), rows: 3,
                HandmadePage(
                    encoding: ValueEncoding.deltaBinaryPacked.rawValue, count: 3, values: bytes))
            #expect(try file.isCorrupt(folder), "\(block)/\(miniblocks)")
        }
    }

    @Test func booleansInEveryEncoding() throws {
        let bits: [UInt64] = (0..<19).map { $0 % 3 == 0 ? 1 : 0 }
        let expected = bits.map { $0 == 1 ? "true" : "false" }
        let runs = Handmade.levels(bits, width: 1)
        let pages: [(HandmadePage.Version, ValueEncoding, [UInt8])] = [
            (.one, .plain, Handmade.packed(bits, width: 1)), (.one, .rle, runs), (.two, .rle, runs),
            (.one, .bitPacked, Handmade.packedBackwards(bits, width: 1)),
        ]
        for (version, encoding, values) in pages {
            let file = HandmadeFile.column(
                Handmade.leaf(.boolean), rows: 19,
                HandmadePage(
                    version: version, encoding: encoding.rawValue, count: 19, values: values))
            #expect(try file.lines(folder) == expected, "\(version) \(encoding)")
        }
        let coded = HandmadeFile.column(
            Handmade.leaf(.boolean, nil, .optional), rows: 5,
            HandmadePage(version: .dictionary, count: 2, values: [0b10]),
            HandmadePage(
                encoding: ValueEncoding.rleDictionary.rawValue, count: 5,
                definition: Handmade.levels([1, 1, 0, 1, 1], width: 1),
                values: [1] + Handmade.hybrid([1, 0, 0, 1], width: 1)))
        #expect(try coded.lines(folder) == ["true", "false", "null", "false", "true"])
    }

    @Test func fixedBytesInEveryEncoding() throws {
        let values: [[UInt8]] = [
            [1, 2, 3, 4, 5], [1, 2, 3, 0, 0], [9, 9, 9, 9, 9], [9, 9, 9, 9, 8],
        ]
        let plain = values.flatMap { $0 }
        let expected = ["x0102030405", "x0102030000", "x0909090909", "x0909090908"]
        let encoded: [(ValueEncoding, [UInt8])] = [
            (.plain, plain), (.byteStreamSplit, Handmade.split(plain, width: 5)),
            (.deltaByteArray, Handmade.prefixed(values)),
        ]
        let element = Handmade.leaf(.fixedLengthByteArray, length: 5)
        for (encoding, bytes) in encoded {
            let file = HandmadeFile.column(
                element, rows: 4,
                HandmadePage(encoding: encoding.rawValue, count: 4, values: bytes))
            #expect(try file.lines(folder) == expected, "\(encoding)")
            // Behind codes and with every other encoding in one chunk.
            let mixed = HandmadeFile.column(
                element, rows: 10,
                HandmadePage(version: .dictionary, count: 4, values: plain),
                HandmadePage(
                    encoding: ValueEncoding.rleDictionary.rawValue, count: 2,
                    values: [2] + Handmade.hybrid([3, 1], width: 2)),
                HandmadePage(encoding: encoding.rawValue, count: 4, values: bytes),
                HandmadePage(count: 4, values: plain))
            #expect(
                try mixed.lines(folder) == [expected[3], expected[1]] + expected + expected,
                "\(encoding)")
        }
        var short = values
        short[2].removeLast()
        for bytes in [Handmade.prefixed(short), Handmade.split(Array(plain.dropLast()), width: 5)] {
            for encoding in [ValueEncoding.deltaByteArray, .byteStreamSplit] {
                let file = HandmadeFile.column(
                    element, rows: 4,
                    HandmadePage(encoding: encoding.rawValue, count: 4, values: bytes))
                #expect(try file.isCorrupt(folder), "\(encoding)")
            }
        }
    }

    @Test func decimalsInByteArrays() throws {
        let values: [[UInt8]] = [[0x01, 0x00], [0xFF], [0x00, 0x00, 0x00, 0x7F], [0x80, 0x00]]
        let lengths = Handmade.deltas(values.map { Int64($0.count) })
        let encoded: [(ValueEncoding, [UInt8])] = [
            (.plain, values.flatMap { Handmade.plain([UInt32($0.count)]) + $0 }),
            (.deltaLengthByteArray, lengths + values.flatMap { $0 }),
            (.deltaByteArray, Handmade.prefixed(values)),
        ]
        for precision in [9, 38] {
            let element = Handmade.leaf(.byteArray, .decimal(scale: 2, precision: precision))
            for (encoding, bytes) in encoded {
                let file = HandmadeFile.column(
                    element, rows: 4,
                    HandmadePage(encoding: encoding.rawValue, count: 4, values: bytes))
                #expect(try file.lines(folder) == ["256", "-1", "127", "-32768"], "\(encoding)")
            }
        }
        let wide = HandmadeFile.column(
            Handmade.leaf(.byteArray, .decimal(scale: 0, precision: 39)), rows: 1,
            HandmadePage(count: 1, values: [1, 0, 0, 0, 5]))
        #expect(try wide.isUnsupported(folder))
    }

    /// The worked example of AlpEncoding.md, and a float beside it.
    @Test func adaptiveLosslessFloats() throws {
        let nan: UInt64 = 0x7FF8_00DE_ADBE_EF00
        let vector =
            [4, 3] + Handmade.plain([UInt16(1)]) + Handmade.plain([Int64(3335)]) + [15]
            + Handmade.packed([11665, 11665, 21665, 0], width: 15) + Handmade.plain([UInt16(1)])
            + Handmade.plain([nan])
        #expect(vector.count == 31)
        let header: [UInt8] = [0, 0, 10] + Handmade.plain([Int32(4), 4])
        let doubles = HandmadeFile.column(
            Handmade.leaf(.double), rows: 4,
            HandmadePage(
                encoding: ValueEncoding.alp.rawValue, count: 4, values: header + vector))
        #expect(
            try doubles.lines(folder)
                == ["4097700000000000", "7ff800deadbeef00", "40a3880000000000", "4074d80000000000"])
        // 9 values in vectors of 8: 0.5 ... 4.0, then 7.77 alone.
        let first: [UInt8] =
            [1, 0, 0, 0] + Handmade.plain([Int32(5)]) + [6]
            + Handmade.packed((0..<8).map { UInt64($0 * 5) }, width: 6)
        let last: [UInt8] = [2, 0, 0, 0] + Handmade.plain([Int32(777)]) + [0]
        let offsets = Handmade.plain([UInt32(8), UInt32(8 + first.count)])
        let floats = HandmadeFile.column(
            Handmade.leaf(.float), rows: 9,
            HandmadePage(
                encoding: ValueEncoding.alp.rawValue, count: 9,
                values: [0, 0, 3] + Handmade.plain([Int32(9)]) + offsets + first + last))
        let expected = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 7.77].map { (value: Float) in
            PeerRows.canon(.float(value), .real)
        }
        #expect(try floats.lines(folder) == expected)
        for position in doubles.chunks[0].pages[0].values.indices {
            var damaged = doubles
            damaged.chunks[0].pages[0].values[position] ^= 0xFF
            _ = try damaged.failure(folder)
            damaged.chunks[0].pages[0].values.removeSubrange(position...)
            #expect(try damaged.isCorrupt(folder), "cut at \(position)")
        }
    }

    /// One entry needs no bits, and some writers then leave out the runs too.
    @Test func codesOfNoWidth() throws {
        for runs in [[0], [0, 10], [0] + Handmade.varint(1 << 1 | 1)] as [[UInt8]] {
            let file = HandmadeFile.column(
                Handmade.leaf(.byteArray, .string), rows: 5,
                HandmadePage(version: .dictionary, count: 1, values: Handmade.texts(["one"])),
                HandmadePage(
                    version: .two, encoding: ValueEncoding.rleDictionary.rawValue, count: 5,
                    values: runs))
            var pointed = file
            pointed.chunks[0].namesDictionary = false
            for file in [file, pointed] {
                #expect(try file.lines(folder) == Array(repeating: "x6f6e65", count: 5))
            }
        }
        let empty = HandmadeFile.column(
            Handmade.leaf(.byteArray, .string), rows: 5,
            HandmadePage(version: .dictionary, count: 0),
            HandmadePage(
                encoding: ValueEncoding.rleDictionary.rawValue, count: 5, values: [0, 10]))
        #expect(try empty.isCorrupt(folder))
    }

    @Test func encodingsThatDoNotFitAreRefused() throws {
        let cases: [(PhysicalType, ValueEncoding)] = [
            (.boolean, .deltaBinaryPacked), (.boolean, .byteStreamSplit), (.int32, .rle),
            (.int64, .deltaByteArray), (.float, .deltaBinaryPacked), (.int32, .alp),
            (.byteArray, .byteStreamSplit), (.byteArray, .deltaBinaryPacked), (.int96, .rle),
            (.fixedLengthByteArray, .deltaLengthByteArray), (.int64, .bitPacked),
        ]
        for (type, encoding) in cases {
            let file = HandmadeFile.column(
                Handmade.leaf(type, length: 4), rows: 2,
                HandmadePage(
                    encoding: encoding.rawValue, count: 2, values: Array(repeating: 0, count: 64)))
            #expect(try file.isUnsupported(folder), "\(encoding) of \(type)")
        }
    }

    @Test func fixedBytesWithLengthsAreRefused() throws {
        let element = Handmade.leaf(.fixedLengthByteArray, length: 3)
        let values: [UInt8] = [3, 0, 0, 0, 1, 2, 3, 3, 0, 0, 0, 4, 5, 6]
        let plain = HandmadeFile.column(element, rows: 2, HandmadePage(count: 2, values: values))
        let coded = HandmadeFile.column(
            element, rows: 1, HandmadePage(version: .dictionary, count: 2, values: values),
            HandmadePage(
                encoding: ValueEncoding.rleDictionary.rawValue, count: 1, values: [1, 2, 0]))
        #expect(try plain.isCorrupt(folder))
        #expect(try coded.isCorrupt(folder))
    }
}
