import Columnar
import Testing

/// Rows that are hard on encodings, for every type that a file can hold.
enum MatrixRows {
    static let texts = [
        "", "a", "ab", "é", "日本語", "🙂🙂", "z", String(repeating: "long ", count: 60),
    ]
    static let integers: [Int64] = [.min, .max, 0, -1, 1, 1 << 31, -(1 << 31) - 1, 1 << 62]
    static let doubles: [Double] = [
        0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        -1.5,
    ]

    /// A number that looks random but is the same in every run.
    static func mixed(_ i: Int) -> UInt64 {
        var x = UInt64(i) &+ 0x9E37_79B9_7F4A_7C15
        x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
        return x ^ x >> 31
    }

    /// The name says how values follow each other; the index is what `parquet_write_matrix.py` filters by.
    static let columns: [(String, DataType, @Sendable (Int) -> Value)] = [
        ("rising", .bigint, { .int(Int64($0) * 1_000_003) }),
        ("few", .bigint, { .int(Int64(mixed($0) % 7)) }),
        ("random", .bigint, { .int(Int64(bitPattern: mixed($0))) }),
        ("extreme", .bigint, { .int(integers[Int(mixed($0) % 8)]) }),
        ("int", .integer, { .int(Int64(Int32(truncatingIfNeeded: mixed($0)))) }),
        ("small", .smallint, { .int(Int64(Int16(truncatingIfNeeded: mixed($0)))) }),
        ("tiny", .tinyint, { .int(Int64(Int8(truncatingIfNeeded: mixed($0)))) }),
        ("flag", .boolean, { .boolean(mixed($0) % 3 == 0) }),
        ("runs", .boolean, { .boolean($0 / 97 % 2 == 0) }),
        ("real", .real, { .float(Float($0) * 0.37) }),
        ("double", .double, { .double(doubles[Int(mixed($0) % 8)]) }),
        ("walk", .double, { .double(Double($0) * 0.25 - 100) }),
        ("nan", .double, { .double($0 % 300 < 150 ? .nan : Double($0)) }),
        ("text", .text, { .text("text \($0 % 977) äöü") }),
        ("url", .text, { .text("https://example.org/p/\($0 / 3)/\(mixed($0) % 10)") }),
        ("odd", .text, { .text(texts[Int(mixed($0) % 8)]) }),
        ("same", .text, { _ in .text("IMAGE") }),
        (
            "bytes", .varbinary,
            { i in .binary((0..<i % 5).map { UInt8(truncatingIfNeeded: mixed(i + $0)) }) }
        ),
        ("json", .json, { .text("{\"a\":\($0)}") }),
        ("uuid", .uuid, { .int128(Int128(bitPattern: UInt128(mixed($0)) << 64 | 7)) }),
        ("date", .date, { .int(Int64($0 * 31 % 20_000) - 5_000) }),
        ("time", .time(precision: 6), { .int(Int64(mixed($0) % 86_400_000_000)) }),
        ("stamp", .timestamp(precision: 6), { .int(Int64($0) * 1_000_000_007 - 77) }),
        (
            "zoned", .timestampTZ(precision: 3),
            { .int128(ZonedTime(micros: Int64($0) * 1_000_000_000 - 77_000).bits) }
        ),
        ("dec9", .decimal(precision: 9, scale: 2), { .int(Int64(mixed($0) % 1_000_000) - 500) }),
        (
            "dec18", .decimal(precision: 18, scale: 4),
            { .int(Int64(mixed($0) % 1_000_000_000_000) - 5) }
        ),
        (
            "dec38", .decimal(precision: 38, scale: 6),
            { .int128((Int128(mixed($0) % 1_000_000) - 500_000) * 1_000_000_000_000_000_000_000) }
        ),
    ]

    /// Where NULLs are.
    enum Nulls: String, CaseIterable, Sendable {
        case none, some, blocks, all

        func isNull(row: Int, column: Int) -> Bool {
            switch self {
            case .none: false
            case .some: (row * 7 + column) % 5 == 0
            case .blocks: row / 250 % 2 == column % 2
            case .all: true
            }
        }
    }

    static func flat(count: Int, _ nulls: Nulls) -> ParquetRows {
        ParquetRows(
            schema: Schema(
                columns.map { Field(name: $0.0, type: $0.1, isNullable: nulls != .none) }),
            columns: columns.enumerated().map { index, column in
                (0..<count).map {
                    nulls.isNull(row: $0, column: index) ? .null : column.2($0)
                }
            })
    }

    /// Only the columns whose values may have an encoding.
    static func flat(count: Int, _ nulls: Nulls, for encoding: ValueEncoding) -> ParquetRows {
        let all = flat(count: count, nulls)
        let kept = all.schema.fields.indices.filter {
            allows(all.schema.fields[$0].type, encoding)
        }
        return ParquetRows(
            schema: Schema(kept.map { all.schema.fields[$0] }),
            columns: kept.map { all.columns[$0] })
    }

    private static func allows(_ type: DataType, _ encoding: ValueEncoding) -> Bool {
        let isText = type.storage == .text
        let isFixed = type == .uuid || type == .decimal(precision: 38, scale: 6)
        let isFloat = type == .real || type == .double
        switch encoding {
        case .rle: return type == .boolean
        case .deltaBinaryPacked: return !isText && !isFixed && !isFloat && type != .boolean
        case .deltaLengthByteArray: return isText
        case .deltaByteArray: return isText || isFixed
        case .byteStreamSplit: return !isText && type != .boolean
        case .rleDictionary: return type != .boolean
        case .plain: return true
        case .plainDictionary, .bitPacked, .alp: return false
        }
    }

    /// Lists of everything, NULL and empty at each level, and values that fill several pages.
    static func nested(count: Int) -> ParquetRows {
        var rows = ParquetNestedTests.rows(count: count)
        for (name, type, value) in columns where !["same", "few"].contains(name) {
            rows.schema = Schema(
                rows.schema.fields + [Field(name: "l_" + name, type: .array(type))])
            rows.columns.append(
                (0..<count).map { row in
                    switch row % 6 {
                    case 0: .null
                    case 1: .list([])
                    default:
                        .list(
                            (0..<Int(mixed(row) % 5)).map {
                                ($0 + row) % 4 == 0 ? .null : value(row * 5 + $0)
                            })
                    }
                })
        }
        return rows
    }
}

/// Every way of writing, read back by our own reader and by four others.
@Suite struct ParquetWriteMatrixTests {
    struct Case: Sendable {
        var name: String
        var rows: ParquetRows
        var options: ParquetWriterOptions
    }

    static let codecs: [Codec] = [.uncompressed, .snappy, .gzip, .brotli, .zstd, .lz4Raw]

    static func options(
        _ profile: ParquetProfile, _ version: ParquetPageVersion, _ codec: Codec = .zstd
    ) -> ParquetWriterOptions {
        var options = ParquetWriterOptions()
        options.profile = profile
        options.pageVersion = version
        options.codec = codec
        options.rowGroupRows = 900
        options.pageRows = 100
        options.textPageBytes = 0
        options.bloomColumns = [
            "rising", "random", "text", "url", "dec18", "uuid", "real", "double",
        ]
        options.sortingColumns = [ParquetSortingColumn(column: 0)]
        return options
    }

    /// Both profiles and page versions over every pattern of NULLs, then every codec, then every encoding.
    ///
    /// Names say what a peer cannot read, though the format has it.
    static func cases() -> [Case] {
        var cases: [Case] = []
        for version in ParquetPageVersion.allCases {
            let tail = "v\(version.rawValue)"
            for profile in ParquetProfile.allCases {
                for nulls in MatrixRows.Nulls.allCases {
                    cases.append(
                        Case(
                            name: "flat_\(nulls)_\(profile)_\(tail)",
                            rows: MatrixRows.flat(count: 2_000, nulls),
                            options: options(profile, version)))
                }
                for count in [0, 1, 1_500] {
                    cases.append(
                        Case(
                            name: "nested\(count)_\(profile)_\(tail)",
                            rows: MatrixRows.nested(count: count),
                            options: options(profile, version)))
                }
            }
            for codec in codecs {
                cases.append(
                    Case(
                        name: "codec_\(codec.name)_\(tail)",
                        rows: MatrixRows.flat(count: 1_000, .some),
                        options: options(.compact, version, codec)))
            }
            cases += forced(version, tail)
        }
        return cases
    }

    private static func forced(_ version: ParquetPageVersion, _ tail: String) -> [Case] {
        let encodings: [ValueEncoding] = [
            .plain, .rleDictionary, .rle, .deltaBinaryPacked, .deltaLengthByteArray,
            .deltaByteArray, .byteStreamSplit,
        ]
        var cases: [Case] = []
        for encoding in encodings {
            for nulls in [MatrixRows.Nulls.some, .blocks] {
                let rows = MatrixRows.flat(count: 1_300, nulls, for: encoding)
                var forced = options(.compact, version)
                for field in rows.schema.fields { forced.columnEncodings[field.name] = encoding }
                let refused =
                    encoding == .byteStreamSplit
                    ? "_no_duckdb_no_polars" : encoding == .deltaByteArray ? "_no_polars" : ""
                cases.append(
                    Case(
                        name: "encoding_\(encoding)_\(nulls)_\(tail)\(refused)", rows: rows,
                        options: forced))
            }
        }
        return cases
    }

    @Test func weReadOurs() throws {
        let folder = ScratchFolder()
        for test in Self.cases() {
            let path = folder.file(test.name)
            try test.rows.write(to: path, options: test.options)
            let back = try ParquetRows.read([path], schema: test.rows.schema, maxRows: 333)
            let lines = PeerRows.lines(back, test.rows.schema)
            let wanted = PeerRows.lines(test.rows.columns, test.rows.schema)
            #expect(lines.count == wanted.count, "\(test.name)")
            if let row = lines.indices.first(where: { lines[$0] != wanted[$0] }) {
                Issue.record("\(test.name): row \(row): \(lines[row]) is not \(wanted[row])")
            }
        }
    }

    @Test(.enabled(if: Peers.python != nil, "the peers are not installed: `make peers`"))
    func peersReadOurs() throws {
        let folder = ScratchFolder()
        for test in Self.cases() {
            try test.rows.write(to: folder.file(test.name + ".parquet"), options: test.options)
            ParquetInteropTests.store(
                PeerRows.text(test.rows), at: folder.file(test.name + ".rows"))
        }
        // A day, an hour, a minute, a second and a millisecond; a year and two months.
        let intervals = ParquetRows(
            schema: Schema([
                Field(name: "d", type: .intervalDayToSecond),
                Field(name: "m", type: .intervalYearToMonth),
            ]), columns: [[.int(90_061_001), .int(0), .null], [.int(14), .int(0), .null]])
        try intervals.write(to: folder.file("intervals"))
        let (output, code) = Peers.run("parquet_write_matrix.py", folder.path)
        #expect(code == 0, "\(output)")
    }
}
