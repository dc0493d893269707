import Testing

@testable import Columnar

/// Every annotation of the format on every carrier that it may have, and on some that it may not.
@Suite struct ParquetTypeTests {
    let folder = ScratchFolder()

    /// The type that a leaf has, and its values as lines.
    func read(
        _ element: SchemaElement, _ values: [UInt8], count: Int
    ) throws -> (type: DataType, lines: [String]) {
        let file = HandmadeFile.column(
            element, rows: count, HandmadePage(count: count, values: values))
        let lines = try file.lines(folder)
        return (
            try ParquetFile.open(path: folder.file("handmade.parquet")).schema.fields[0].type,
            lines
        )
    }

    @Test func integersOfEveryWidth() throws {
        let small = Handmade.plain([Int32(-1), 1])
        let large = Handmade.plain([Int64(-1), 1])
        let cases: [(PhysicalType, Int, Bool, ConvertedType, DataType, [String])] = [
            (.int32, 8, true, .int8, .tinyint, ["-1", "1"]),
            (.int32, 16, true, .int16, .smallint, ["-1", "1"]),
            (.int32, 32, true, .int32, .integer, ["-1", "1"]),
            (.int64, 64, true, .int64, .bigint, ["-1", "1"]),
            (.int32, 32, false, .uint32, .bigint, ["4294967295", "1"]),
            (
                .int64, 64, false, .uint64, .decimal(precision: 20, scale: 0),
                ["18446744073709551615", "1"]
            ),
        ]
        for (physical, bits, isSigned, converted, type, lines) in cases {
            let bytes = physical == .int32 ? small : large
            let logical = LogicalType.integer(bits: bits, isSigned: isSigned)
            let new = try read(Handmade.leaf(physical, logical), bytes, count: 2)
            let old = try read(Handmade.leaf(physical, converted: converted), bytes, count: 2)
            #expect(new.type == type)
            #expect(new.lines == lines)
            #expect(old.type == type)
            #expect(old.lines == lines)
        }
        for (bits, type) in [(8, DataType.smallint), (16, .integer)] {
            let element = Handmade.leaf(.int32, .integer(bits: bits, isSigned: false))
            let found = try read(element, Handmade.plain([Int32(200)]), count: 1)
            #expect(found.type == type)
            #expect(found.lines == ["200"])
        }
    }

    @Test func timesInEveryUnit() throws {
        for isUTC in [false, true] {
            let millis = Handmade.leaf(.int32, .time(isUTC: isUTC, .millis))
            #expect(
                try read(millis, Handmade.plain([Int32(86_399_999)]), count: 1).lines
                    == ["86399999000"])
            for (unit, line) in [(TimeUnit.micros, "86399999999"), (.nanos, "86399999")] {
                let element = Handmade.leaf(.int64, .time(isUTC: isUTC, unit))
                let found = try read(element, Handmade.plain([Int64(86_399_999_999)]), count: 1)
                #expect(found.lines == [line])
                #expect(found.type == .time(precision: 6))
            }
            for (unit, line) in [
                (TimeUnit.millis, "-1001000"), (.micros, "-1001"), (.nanos, "-2"),
            ] {
                let logical = LogicalType.timestamp(isUTC: isUTC, unit)
                let found = try read(
                    Handmade.leaf(.int64, logical), Handmade.plain([Int64(-1001)]), count: 1)
                #expect(found.lines == [line])
                let precision = unit == .millis ? 3 : 6
                #expect(
                    found.type
                        == (isUTC
                            ? .timestampTZ(precision: precision)
                            : .timestamp(precision: precision)))
                let wide = Handmade.leaf(.fixedLengthByteArray, logical, length: 12)
                let bytes = Handmade.plain([Int64(-1001)]) + [0xFF, 0xFF, 0xFF, 0xFF]
                #expect(try read(wide, bytes, count: 1).lines == [line])
            }
        }
    }

    /// What does not fit 64-bit microseconds is an error, not a trap and not another time.
    @Test func farTimes() throws {
        // 9999-12-31 23:59:59 in nanoseconds needs more than 64 bits.
        let far = Int128(253_402_300_799) * 1_000_000_000
        let bytes = Handmade.plain([UInt64(truncatingIfNeeded: far), UInt64(far >> 64)]).prefix(12)
        let wide = Handmade.leaf(
            .fixedLengthByteArray, .timestamp(isUTC: true, .nanos), length: 12)
        #expect(try read(wide, Array(bytes), count: 1).lines == ["253402300799000000"])
        let largest = Array(repeating: UInt8(0xFF), count: 11) + [0x7F]
        let smallest = Array(repeating: UInt8(0), count: 11) + [0x80]
        for unit in [TimeUnit.millis, .micros, .nanos] {
            for value in [largest, smallest] {
                let element = Handmade.leaf(
                    .fixedLengthByteArray, .timestamp(isUTC: false, unit), length: 12)
                let file = HandmadeFile.column(
                    element, rows: 1, HandmadePage(count: 1, values: value))
                #expect(try file.isCorrupt(folder))
            }
        }
        for value in [Int64.max, .min] {
            let file = HandmadeFile.column(
                Handmade.leaf(.int64, .timestamp(isUTC: true, .millis)), rows: 1,
                HandmadePage(count: 1, values: Handmade.plain([value])))
            #expect(try file.isCorrupt(folder))
        }
    }

    /// The values of parquet-testing's `int96_from_spark`, and days that no calendar has.
    @Test func int96() throws {
        func bytes(_ day: Int32, _ nanos: Int64) -> [UInt8] {
            Handmade.plain([nanos]) + Handmade.plain([day])
        }
        let values: [(Int32, Int64, String)] = [
            (2_460_311, 45_296_123_456_000, "1704112496123456"),
            (2_460_311, 3_600_000_000_000, "1704070800000000"),
            (5_373_484, 10_800_000_000_000, "253402225200000000"),
            (2_440_588, -1, "-1"), (2_440_587, 86_400_000_000_000, "0"),
            (107_979_170, 82_800_000_000_000, "9118533567600000000"),
        ]
        let found = try read(
            Handmade.leaf(.int96), values.flatMap { bytes($0.0, $0.1) }, count: values.count)
        #expect(found.type == .timestamp(precision: 6))
        #expect(found.lines == values.map(\.2))
        for (day, nanos) in [
            (Int32.max, Int64(0)), (.min, 0), (109_192_000, .max), (-104_310_000, .min),
        ] {
            let file = HandmadeFile.column(
                Handmade.leaf(.int96), rows: 1, HandmadePage(count: 1, values: bytes(day, nanos)))
            #expect(try file.isCorrupt(folder), "\(day)")
        }
        let coded = HandmadeFile.column(
            Handmade.leaf(.int96), rows: 3,
            HandmadePage(
                version: .dictionary, count: 2, values: bytes(2_440_588, 5000) + bytes(2_440_589, 0)
            ),
            HandmadePage(
                encoding: ValueEncoding.plainDictionary.rawValue, count: 3,
                values: [1] + Handmade.hybrid([1, 0, 1], width: 1)))
        #expect(try coded.lines(folder) == ["86400000000", "5", "86400000000"])
    }

    @Test func textsAndBytes() throws {
        let bytes = Handmade.texts(["{}"])
        let annotated: [(LogicalType, ConvertedType?, DataType)] = [
            (.string, .utf8, .text), (.enumeration, .enumeration, .text), (.json, .json, .json),
            (.bson, .bson, .varbinary), (.other, nil, .varbinary),
        ]
        for (logical, converted, type) in annotated {
            #expect(try read(Handmade.leaf(.byteArray, logical), bytes, count: 1).type == type)
            let old = Handmade.leaf(.byteArray, converted: converted)
            #expect(try read(old, bytes, count: 1).type == type)
            // A newer annotation that we do not know leaves the older one.
            let both = Handmade.leaf(.byteArray, .other, converted: converted)
            #expect(try read(both, bytes, count: 1).type == type)
        }
        let uuid = try read(
            Handmade.leaf(.fixedLengthByteArray, .uuid, length: 16), Array(0..<16), count: 1)
        #expect(uuid.type == .uuid)
        #expect(uuid.lines == ["000102030405060708090a0b0c0d0e0f"])
        let interval = try read(
            Handmade.leaf(.fixedLengthByteArray, .interval, length: 12), Array(0..<12), count: 1)
        #expect(interval.type == .varbinary)
        #expect(interval.lines == ["x000102030405060708090a0b"])
        let halves = try read(
            Handmade.leaf(.fixedLengthByteArray, .float16, length: 2),
            Handmade.plain([UInt16(0x3C00), 0x8000, 0x7E01, 0xFC00, 0x0001]), count: 5)
        #expect(halves.type == .real)
        #expect(halves.lines == ["3f800000", "80000000", "7fc02000", "ff800000", "33800000"])
    }

    @Test func decimalsOfEveryCarrier() throws {
        let cases: [(PhysicalType, Int, [UInt8])] = [
            (.int32, 9, Handmade.plain([Int32(-12345)])),
            (.int64, 18, Handmade.plain([Int64(-12345)])),
            (.int32, 38, Handmade.plain([Int32(-12345)])),
            (.int64, 38, Handmade.plain([Int64(-12345)])),
            (.fixedLengthByteArray, 4, [0xCF, 0xC7]),
            (.fixedLengthByteArray, 20, Array(repeating: 0xFF, count: 18) + [0xCF, 0xC7]),
            (.byteArray, 5, [2, 0, 0, 0, 0xCF, 0xC7]),
        ]
        for (physical, precision, bytes) in cases {
            let type = DataType.decimal(precision: precision, scale: 2)
            let logical = LogicalType.decimal(scale: 2, precision: precision)
            let element = Handmade.leaf(physical, logical, length: bytes.count)
            let found = try read(element, bytes, count: 1)
            #expect(found.type == type)
            #expect(found.lines == ["-12345"])
            var old = Handmade.leaf(physical, converted: .decimal)
            old.scale = 2
            old.precision = precision
            #expect(LeafType.annotation(of: old) == logical)
        }
        for (scale, precision) in [(0, 0), (3, 2), (-1, 5)] {
            let element = Handmade.leaf(.int32, .decimal(scale: scale, precision: precision))
            let file = HandmadeFile.column(
                element, rows: 1, HandmadePage(count: 1, values: [0, 0, 0, 0]))
            #expect(try file.isCorrupt(folder))
        }
    }

    /// An annotation on a carrier that cannot hold it is ignored; it must not decide how bytes are read.
    @Test func annotationsThatDoNotFit() throws {
        let eight = Handmade.plain([Int64(5)])
        let four = Handmade.plain([Int32(5)])
        let cases: [(SchemaElement, [UInt8], DataType)] = [
            (Handmade.leaf(.int32, .time(isUTC: true, .micros)), four, .integer),
            (Handmade.leaf(.int32, .timestamp(isUTC: true, .millis)), four, .integer),
            (Handmade.leaf(.int64, .time(isUTC: true, .millis)), eight, .bigint),
            (Handmade.leaf(.int64, .date), eight, .bigint),
            (Handmade.leaf(.int32, .integer(bits: 64, isSigned: false)), four, .integer),
            (Handmade.leaf(.int64, .integer(bits: 8, isSigned: true)), eight, .bigint),
            (Handmade.leaf(.double, .decimal(scale: 1, precision: 5)), eight, .double),
            (Handmade.leaf(.int32, .string), four, .integer),
            (Handmade.leaf(.fixedLengthByteArray, .uuid, length: 4), four, .varbinary),
            (Handmade.leaf(.fixedLengthByteArray, .float16, length: 4), four, .varbinary),
            (
                Handmade.leaf(.fixedLengthByteArray, .timestamp(isUTC: true, .nanos), length: 4),
                four, .varbinary
            ),
            (Handmade.leaf(.int64, .list), eight, .bigint),
        ]
        for (element, bytes, type) in cases {
            let found = try read(element, bytes, count: 1)
            #expect(found.type == type)
            #expect(found.lines[0].contains("5"))
        }
    }

    @Test func columnsOfNothingButNull() throws {
        for physical in [PhysicalType.boolean, .int32, .byteArray, .fixedLengthByteArray] {
            let element = Handmade.leaf(physical, .unknown, .optional, length: 4)
            let levels = Handmade.levels([0, 0, 0], width: 1)
            let file = HandmadeFile.column(
                element, rows: 3,
                HandmadePage(version: .dictionary, count: 1, values: [1, 0, 0, 0]),
                HandmadePage(
                    encoding: ValueEncoding.rleDictionary.rawValue, count: 3, definition: levels))
            #expect(try file.lines(folder) == ["null", "null", "null"])
            let full = HandmadeFile.column(
                element, rows: 1,
                HandmadePage(
                    count: 1, definition: Handmade.levels([1], width: 1), values: [0, 0, 0, 0]))
            #expect(try full.isCorrupt(folder))
        }
    }
}
