@testable import Columnar
import Glibc
import Testing

/// Pruning by pages, dictionaries and Bloom filters: it saves work, and never loses a row.
@Suite struct PagePruningTests {
    static let schema = Schema([
        Field(name: "id", type: .bigint), Field(name: "tag", type: .text),
        Field(name: "score", type: .double), Field(name: "day", type: .date),
        Field(name: "flag", type: .boolean), Field(name: "note", type: .text),
        Field(name: "tags", type: .array(.integer)),
    ])

    /// Rows whose ids rise with some disorder, with NULLs and NaNs in clumps.
    static func rows(count: Int, random: inout SeededGenerator) -> ParquetRows {
        var columns: [[Value]] = Array(repeating: [], count: schema.count)
        for row in 0..<count {
            let isHole = row / 37 % 5 == 0
            columns[0].append(.int(Int64(row) + Int64.random(in: -20...20, using: &random)))
            columns[1].append(
                isHole ? .null : .text("tag \(Int.random(in: 0..<(1 + row / 100), using: &random))")
            )
            columns[2].append(
                row % 11 == 0 ? .double(.nan) : .double(Double(row % 701) - 350))
            columns[3].append(isHole ? .null : .int(Int64(row / 50)))
            columns[4].append(.boolean(row / 90 % 2 == 0))
            columns[5].append(.text("note \(row) \(UInt64.random(in: 0..<9999, using: &random))"))
            columns[6].append(.list((0..<row % 4).map { .int(Int64($0)) }))
        }
        return ParquetRows(schema: schema, columns: columns)
    }

    static func options(random: inout SeededGenerator) -> ParquetWriterOptions {
        var options = ParquetWriterOptions()
        options.rowGroupRows = Int.random(in: 300...2_000, using: &random)
        options.pageRows = Int.random(in: 10...120, using: &random)
        options.textPageBytes = 0
        options.pageBytes = Int.random(in: 200...4_000, using: &random)
        options.bloomColumns = ["id", "tag"]
        return options
    }

    static func predicate(random: inout SeededGenerator, depth: Int = 0) -> ScanPredicate {
        let kind = Int.random(in: 0..<(depth < 2 ? 9 : 7), using: &random)
        let comparison = [
            ScanComparison.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
        ].randomElement(using: &random)!
        let id = Value.int(Int64.random(in: -50...3_000, using: &random))
        let tag = Value.text("tag \(Int.random(in: 0..<40, using: &random))")
        switch kind {
        case 0: return .compare(ScanColumnPath(index: 0), comparison, id)
        case 1: return .compare(ScanColumnPath(index: 1), comparison, tag)
        case 2:
            let score = Double.random(in: -400...400, using: &random).rounded()
            return .compare(ScanColumnPath(index: 2), comparison, .double(score))
        case 3:
            return .compare(
                ScanColumnPath(index: 3), comparison, .int(.random(in: -1...70, using: &random)))
        case 4: return .isIn(ScanColumnPath(index: 0), [id, .int(5), .int(77_777)])
        case 5: return .isIn(ScanColumnPath(index: 1), [tag, .text("tag 39"), .text("none")])
        case 6:
            let column = ScanColumnPath(index: [1, 3, 4].randomElement(using: &random)!)
            return Bool.random(using: &random) ? .isNull(column) : .isNotNull(column)
        case 7:
            return .and((0..<2).map { _ in predicate(random: &random, depth: depth + 1) })
        default:
            return .or((0..<2).map { _ in predicate(random: &random, depth: depth + 1) })
        }
    }

    /// SQL's answer for one row: true only if TRUE.
    static func holds(_ predicate: ScanPredicate, _ row: [Value]) -> Bool {
        switch predicate {
        case .compare(let path, let comparison, let value):
            if row[path.index].isNull { return false }
            let order = BoundOrder.compare(row[path.index], value)
            switch comparison {
            case .equal: return order == .equal
            case .notEqual: return order != .equal
            case .less: return order == .less
            case .lessOrEqual: return order == .less || order == .equal
            case .greater: return order == .greater
            case .greaterOrEqual: return order == .greater || order == .equal
            }
        case .isIn(let path, let values):
            return values.contains { BoundOrder.compare(row[path.index], $0) == .equal }
        case .isNull(let path): return row[path.index].isNull
        case .isNotNull(let path): return !row[path.index].isNull
        case .and(let parts): return parts.allSatisfy { holds($0, row) }
        case .or(let parts): return parts.contains { holds($0, row) }
        }
    }

    /// Rows in the form that a test can compare: NaN is equal to itself here.
    static func lines(_ columns: [[Value]], where keep: ([Value]) -> Bool) -> [String] {
        (columns.first ?? []).indices.compactMap { row in
            let values = columns.map { $0[row] }
            return keep(values) ? "\(values)" : nil
        }
    }

    @Test(arguments: 0..<16) func randomPredicatesLoseNoRow(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let folder = ScratchFolder()
        let rows = Self.rows(count: Int.random(in: 1...3_000, using: &random), random: &random)
        let path = folder.file("p.parquet")
        try rows.write(to: path, options: Self.options(random: &random))
        for _ in 0..<12 {
            let predicates = (0...Int.random(in: 0...1, using: &random)).map { _ in
                Self.predicate(random: &random)
            }
            let request = ScanRequest(
                columns: Self.schema.fields.indices.map { ScanColumn(index: $0) },
                predicates: predicates)
            let keep: ([Value]) -> Bool = { row in predicates.allSatisfy { Self.holds($0, row) } }
            let found = try ParquetRows.read(
                [path], schema: Self.schema, request: request,
                maxRows: Int.random(in: 1...500, using: &random))
            #expect(
                Self.lines(found, where: keep) == Self.lines(rows.columns, where: keep),
                "\(predicates)")
        }
    }

    /// Pages of 100 rows, row groups of 1,000; `id` rises, `tag` repeats.
    static func sorted(_ folder: ScratchFolder) throws -> String {
        var options = ParquetWriterOptions()
        options.rowGroupRows = 1_000
        options.pageRows = 100
        options.textPageBytes = 0
        let columns: [[Value]] = [
            (0..<2_000).map { .int(Int64($0)) },
            (0..<2_000).map { .text($0 % 2 == 0 ? "even" : "odd") },
            (0..<2_000).map { .double(Double($0)) }, (0..<2_000).map { _ in .int(1) },
            (0..<2_000).map { .boolean($0 < 1_000) },
            (0..<2_000).map { .text("a longer note about row \($0)") },
            (0..<2_000).map { .list([.int(Int64($0))]) },
        ]
        let path = folder.file("s.parquet")
        try ParquetRows(schema: schema, columns: columns).write(to: path, options: options)
        return path
    }

    @Test func onlyPagesWithWantedRowsAreRead() throws {
        let folder = ScratchFolder()
        let path = try Self.sorted(folder)
        func counters(_ predicates: [ScanPredicate]) throws -> (ScanCounters, rows: Int) {
            let pool = BufferPool()
            let scan = try ParquetScan(
                files: [ParquetScanFile(path: path, fileIndex: 0)], schema: Self.schema,
                request: ScanRequest(
                    columns: [ScanColumn(index: 0), ScanColumn(index: 5)], predicates: predicates),
                pool: pool)
            var rows = 0
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: 8192) {
                    for column in batch.columns { _ = try column.value(at: 0, type: .text) }
                    rows += batch.count
                }
            }
            return (scan.counters, rows)
        }
        let all = try counters([])
        #expect(all.rows == 2_000)
        let one = try counters([.compare(ScanColumnPath(index: 0), .equal, .int(1_234))])
        #expect(one.rows == 100)
        #expect(one.0.pagesRead.load(ordering: .relaxed) == 2)
        #expect(one.0.pagesPruned.load(ordering: .relaxed) == 18)
        let bytes = one.0.bytesRead.load(ordering: .relaxed)
        #expect(bytes < all.0.bytesRead.load(ordering: .relaxed) / 2)
        let two = try counters([
            .or([
                .compare(ScanColumnPath(index: 0), .less, .int(5)),
                .compare(ScanColumnPath(index: 2), .greaterOrEqual, .double(1_990)),
            ])
        ])
        #expect(two.rows == 200)
        // Bounds and pages admit "motto"; the dictionary knows better.
        let none = try counters([.compare(ScanColumnPath(index: 1), .equal, .text("motto"))])
        #expect(none.rows == 2_000, "the column is not read, so nothing is asked")
        let pool = BufferPool()
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: Self.schema,
            request: ScanRequest(
                columns: [ScanColumn(index: 1)],
                predicates: [.isIn(ScanColumnPath(index: 1), [.text("motto"), .text("f")])]),
            pool: pool)
        #expect(scan.morselCount == 2)
        var reader = try scan.open(morsel: 0, pool: pool)
        #expect(try reader.next(maxRows: 10) == nil)
    }

    @Test func pagesWithoutASelectedRowAreNotDecoded() throws {
        let folder = ScratchFolder()
        let path = try Self.sorted(folder)
        let pool = BufferPool()
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: Self.schema,
            request: ScanRequest(columns: [ScanColumn(index: 5)]), pool: pool)
        var reader = try scan.open(morsel: 0, pool: pool)
        let batch = try #require(try reader.next(maxRows: 8192))
        guard case .lazy(let lazy) = batch.columns[0] else {
            Issue.record("not lazy")
            return
        }
        let mask = try Bitmap.filled(false, count: batch.count, pool: pool)
        var words = mask.mutableWords()
        words[420 >> 6] |= 1 << UInt64(420 & 63)
        let some = try lazy.resolve(.bits(mask))
        #expect(scan.counters.pagesRead.load(ordering: .relaxed) == 1)
        #expect(try some.value(at: 420, type: .text) == .text("a longer note about row 420"))
        let all = try lazy.resolve(.all)
        #expect(scan.counters.pagesRead.load(ordering: .relaxed) == 10)
        for row in 0..<batch.count {
            #expect(
                try all.value(at: row, type: .text) == .text("a longer note about row \(row)"))
        }
    }

    @Test func damagedPagesAreSeenIfChecksumsAre() throws {
        let folder = ScratchFolder()
        let path = try Self.sorted(folder)
        let file = try ParquetFile.open(path: path)
        let chunk = file.metadata.rowGroups[0].columns[2]
        try FileDamage.flip(path, at: chunk.startOffset + chunk.compressedBytes - 5, mask: 1)
        let pool = BufferPool()
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: Self.schema,
            request: ScanRequest(columns: [ScanColumn(index: 2)]), pool: pool,
            options: ParquetReadOptions(verifiesChecksums: true))
        var reader = try scan.open(morsel: 0, pool: pool)
        let batch = try #require(try reader.next(maxRows: 8192))
        #expect {
            for row in 0..<batch.count { _ = try batch.columns[0].value(at: row, type: .double) }
        } throws: {
            "\($0)".contains("CRC-32")
        }
    }
}

/// SplitMix64: the same rows for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// One byte of a file, changed in place.
enum FileDamage {
    static func flip(_ path: String, at offset: Int, mask: UInt8) throws {
        let file = try #require(fopen(path, "r+b"))
        defer { fclose(file) }
        fseek(file, offset, SEEK_SET)
        let byte = fgetc(file)
        fseek(file, offset, SEEK_SET)
        fputc(Int32(UInt8(truncatingIfNeeded: byte) ^ mask), file)
    }
}
