import Columnar
import Testing

/// Verification finds each kind of lie at its place, and none in good files.
@Suite struct ParquetVerificationTests {
    private func verify(_ file: HostileFile) throws -> ParquetVerdict {
        let folder = ScratchFolder()
        try ParquetHostileTests.store(file.bytes, at: folder.file("a.parquet"))
        return try ParquetVerification.verify(path: folder.file("a.parquet"), pool: BufferPool())
    }

    private func expect(
        _ file: HostileFile, _ kind: ParquetFinding.Kind, _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let verdict = try verify(file)
        let found = verdict.findings.first { $0.kind == kind && $0.message.contains(message) }
        #expect(found != nil, "\(verdict.findings)", sourceLocation: sourceLocation)
        #expect(verdict.isDamaged)
    }

    /// Three numbers with statistics, indexes and a filter, all honest.
    private func honest() -> HostileFile {
        var file = ParquetLyingFooterTests.honest()
        let bytes = file.groups[0].chunks[0].pages[0].written.count
        file.groups[0].chunks[0].minimum = HostileFile.numbers([7])
        file.groups[0].chunks[0].maximum = HostileFile.numbers([9])
        file.groups[0].chunks[0].nullCount = 0
        file.groups[0].chunks[0].offsetIndex = Self.offsetIndex(
            offset: 4, bytes: bytes, firstRow: 0)
        file.groups[0].chunks[0].columnIndex = Self.columnIndex(7, 9, nulls: 0)
        // All ones: a filter that knows everything.
        file.groups[0].chunks[0].bloomFilter = Self.bloomFilter(0xFF)
        file.sortsDescending = false
        return file
    }

    private static func offsetIndex(offset: Int, bytes: Int, firstRow: Int) -> [UInt8] {
        ThriftBuilder.whole {
            $0.list(
                1, 12, count: 1,
                ThriftBuilder.whole { page in
                    page.integer(1, offset)
                    page.integer(2, bytes, type: 5)
                    page.integer(3, firstRow)
                })
        }
    }

    private static func columnIndex(_ low: Int32, _ high: Int32, nulls: Int) -> [UInt8] {
        ThriftBuilder.whole {
            $0.list(1, 1, count: 1, [2])
            $0.list(2, 8, count: 1, [4] + HostileFile.numbers([low]))
            $0.list(3, 8, count: 1, [4] + HostileFile.numbers([high]))
            $0.integer(4, 1, type: 5)
            $0.list(5, 6, count: 1, ThriftBuilder.zigzag(nulls))
        }
    }

    private static func bloomFilter(_ byte: UInt8) -> [UInt8] {
        ThriftBuilder.whole {
            $0.integer(1, 32, type: 5)
            for id in 2...4 { $0.structure(id) { $0.structure(1) { _ in } } }
        } + Array(repeating: byte, count: 32)
    }

    @Test func anHonestFileIsSound() throws {
        let verdict = try verify(honest())
        #expect(verdict.findings.isEmpty)
        #expect(verdict.valueCount == 3 && verdict.pageCount == 1)
        #expect(verdict.boundedChunkCount == 1 && verdict.indexedChunkCount == 1)
        #expect(verdict.bloomFilterCount == 1)
    }

    @Test func eachLieIsFound() throws {
        var file = honest()
        file.groups[0].chunks[0].minimum = HostileFile.numbers([8])
        try expect(file, .statistics, "below the lower bound")
        file = honest()
        file.groups[0].chunks[0].maximum = HostileFile.numbers([8])
        try expect(file, .statistics, "above the upper bound")
        file = honest()
        file.groups[0].chunks[0].nullCount = 1
        try expect(file, .statistics, "0 NULLs, the statistics say 1")
        file = honest()
        file.groups[0].chunks[0].columnIndex = Self.columnIndex(8, 9, nulls: 0)
        try expect(file, .columnIndex, "below the lower bound")
        file = honest()
        file.groups[0].chunks[0].columnIndex = Self.columnIndex(7, 9, nulls: 2)
        try expect(file, .columnIndex, "0 NULLs, the index says 2")
        file = honest()
        file.groups[0].chunks[0].offsetIndex = Self.offsetIndex(offset: 5, bytes: 9, firstRow: 0)
        try expect(file, .offsetIndex, "begins at 5")
        file = honest()
        file.groups[0].chunks[0].bloomFilter = Self.bloomFilter(0)
        try expect(file, .bloomFilter, "lacks a value")
        file = honest()
        file.sortsDescending = true
        try expect(file, .order, "row 1 sorts before")
        file = honest()
        file.groups[0].chunks[0].pages[0].checksum = 77
        try expect(file, .checksum, "its header says 77")
        file = honest()
        file.rowCount = 4
        try expect(file, .counts, "the footer says 4")
        file = honest()
        var alias = file.groups[0]
        alias.chunks[0].isAlias = true
        file.groups.append(alias)
        try expect(file, .counts, "shares bytes")
        file = honest()
        file.groups[0].chunks[0].pages[0].body.removeLast()
        try expect(file, .unreadable, "of 4 bytes")
    }

    @Test func findingsSayWhere() throws {
        var file = honest()
        file.groups[0].chunks[0].pages[0].checksum = 77
        let finding = try #require(try verify(file).findings.first)
        #expect(finding.location.rowGroup == 0 && finding.location.column == "a")
        #expect(finding.location.page == 0 && finding.location.offset == 4)
    }

    @Test(arguments: [true, false])
    func ourOwnFilesAreSound(isNullable: Bool) throws {
        let folder = ScratchFolder()
        let scalars = ParquetRoundTripTests.rows(count: 3_000, isNullable: isNullable)
        let nested = ParquetNestedTests.rows(count: 3_000)
        var options = ParquetWriterOptions()
        options.rowGroupRows = 1_100
        options.pageRows = 77
        options.bloomColumns = scalars.schema.fields.map(\.name)
        for rows in [scalars, nested] {
            try rows.write(to: folder.file("a.parquet"), options: options)
            let verdict = try ParquetVerification.verify(
                path: folder.file("a.parquet"), pool: BufferPool())
            #expect(verdict.findings.isEmpty, "\(verdict.findings.prefix(5))")
            #expect(verdict.pageCount == verdict.checksummedPageCount)
            #expect(verdict.rowCount == 3_000)
        }
    }
}
