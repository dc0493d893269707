import Columnar
import Glibc
import Testing

/// What the writer promises beside right rows: bounded memory, whole files or none, clear refusals.
@Suite struct ParquetWriterTests {
    static let texts = Schema([Field(name: "t", type: .text)])

    private static func textColumn(
        _ lengths: [Int], pool: BufferPool
    ) throws -> Column {
        try Column.from(
            lengths.map { .text(String(repeating: "abcdefgh", count: $0 / 8)) }, type: .text,
            pool: pool)
    }

    private static func names(in folder: ScratchFolder) throws -> [String] {
        var names: [String] = []
        let directory = try #require(opendir(folder.path))
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.allSatisfy({ $0 == "." }) { names.append(name) }
        }
        return names
    }

    @Test func bytesEndRowGroupsEarly() throws {
        let folder = ScratchFolder()
        let rows = ParquetRows(
            schema: Schema([
                Field(name: "i", type: .bigint), Field(name: "t", type: .text),
                Field(name: "l", type: .array(.text)),
            ]),
            columns: [
                (0..<3_000).map { .int(Int64($0)) },
                (0..<3_000).map { .text(String(repeating: "x", count: $0 % 1_000)) },
                (0..<3_000).map { .list([.text("\($0)"), .null]) },
            ])
        var options = ParquetWriterOptions()
        options.rowGroupBytes = 100_000
        let summary = try rows.write(to: folder.file("a"), options: options)
        #expect(summary.rowCount == 3_000)
        // About 1.6 MB are staged in all.
        #expect((16...40).contains(summary.splitOffsets.count), "\(summary.splitOffsets.count)")
        let back = try ParquetRows.read([folder.file("a")], schema: rows.schema)
        #expect(back == rows.columns)
    }

    @Test func rowBeyondTheLimitIsAloneInItsRowGroup() throws {
        let folder = ScratchFolder()
        let pool = BufferPool()
        var options = ParquetWriterOptions()
        options.rowGroupBytes = 1_000
        let writer = try ParquetWriter(
            path: folder.file("a"), schema: Self.texts, options: options, pool: pool)
        let lengths = [8, 8, 80_000, 8, 8]
        try writer.write(
            Batch(columns: [try Self.textColumn(lengths, pool: pool)], count: lengths.count))
        let summary = try writer.finish()
        #expect(summary.splitOffsets.count == 3)
        let file = try ParquetFile.open(path: folder.file("a"))
        #expect(file.rowGroupRows == [2, 1, 2])
    }

    /// One text and one list behind 8,192 rows: 8 GB if they were staged at once.
    @Test func repeatedValuesStayWithinTheLimit() throws {
        let folder = ScratchFolder()
        let text = try Self.textColumn([1 << 20], pool: BufferPool())
        let list = try Column.from(
            [.list((0..<100_000).map { .int($0) })], type: .array(.bigint), pool: BufferPool())
        for (name, type, value, count) in [
            ("t", DataType.text, text, 48), ("l", .array(.bigint), list, 64),
        ] {
            let budget = MemoryBudget(limitBytes: 120 << 20)
            let pool = BufferPool(budget: budget)
            var options = ParquetWriterOptions()
            options.rowGroupBytes = 8 << 20
            options.codec = .lz4Raw
            let writer = try ParquetWriter(
                path: folder.file(name), schema: Schema([Field(name: name, type: type)]),
                options: options, pool: pool)
            try writer.write(
                Batch(
                    columns: [.constant(ConstantColumn(value, count: count))], count: count))
            let summary = try writer.finish()
            #expect(summary.rowCount == count)
            #expect(summary.splitOffsets.count >= count / 9, "\(summary.splitOffsets.count)")
        }
    }

    @Test func wideRowsStayWithinTheLimit() throws {
        let folder = ScratchFolder()
        let pool = BufferPool(budget: MemoryBudget(limitBytes: 64 << 20))
        let column = try Self.textColumn([20_000], pool: BufferPool())
        let schema = Schema((0..<200).map { Field(name: "c\($0)", type: .text) })
        var options = ParquetWriterOptions()
        options.rowGroupBytes = 16 << 20
        options.codec = .lz4Raw
        let writer = try ParquetWriter(
            path: folder.file("a"), schema: schema, options: options, pool: pool)
        let columns = Array(
            repeating: Column.constant(ConstantColumn(column, count: 20)), count: 200)
        try writer.write(Batch(columns: columns, count: 20))
        #expect(try writer.finish().splitOffsets.count >= 5)
    }

    @Test func failedWriteLeavesNothingAndStaysFailed() throws {
        let folder = ScratchFolder()
        let pool = BufferPool()
        let schema = Schema([Field(name: "t", type: .text, isNullable: false)])
        let writer = try ParquetWriter(path: folder.file("a"), schema: schema, pool: pool)
        #expect(try Self.names(in: folder) == [".a.tmp"])
        let good = Batch(columns: [try Self.textColumn([8], pool: pool)], count: 1)
        try writer.write(good)
        let bad = Batch(columns: [try Column.from([.null], type: .text, pool: pool)], count: 1)
        #expect(throws: ColumnarError.self) { try writer.write(bad) }
        #expect(try Self.names(in: folder).isEmpty)
        #expect(throws: ColumnarError.self) { try writer.write(good) }
        #expect(throws: ColumnarError.self) { _ = try writer.finish() }
        #expect(try Self.names(in: folder).isEmpty)
    }

    @Test func memoryThatRunsOutLeavesNothing() throws {
        let folder = ScratchFolder()
        let pool = BufferPool(budget: MemoryBudget(limitBytes: 6 << 20))
        let text = try Self.textColumn([1 << 20], pool: BufferPool())
        let writer = try ParquetWriter(path: folder.file("a"), schema: Self.texts, pool: pool)
        #expect(throws: ColumnarError.self) {
            try writer.write(Batch(columns: [.constant(ConstantColumn(text, count: 9))], count: 9))
        }
        #expect(try Self.names(in: folder).isEmpty)
    }

    @Test func writerThatGoesLeavesNothing() throws {
        let folder = ScratchFolder()
        do {
            let writer = try ParquetWriter(
                path: folder.file("a"), schema: Self.texts, pool: BufferPool())
            _ = writer.rowCount
        }
        #expect(try Self.names(in: folder).isEmpty)
        #expect(throws: ColumnarError.self) {
            _ = try ParquetWriter(
                path: folder.file("no/such/a"), schema: Self.texts, pool: BufferPool())
        }
    }

    @Test func folderInTheWayIsAnError() throws {
        let folder = ScratchFolder()
        mkdir(folder.file("a"), 0o755)
        defer { rmdir(folder.file("a")) }
        let writer = try ParquetWriter(
            path: folder.file("a"), schema: Self.texts, pool: BufferPool())
        #expect(throws: ColumnarError.self) { _ = try writer.finish() }
        #expect(try Self.names(in: folder) == ["a"])
    }

    @Test func whatHasNoPlaceInAFileIsRefused() throws {
        let folder = ScratchFolder()
        let refused: [Schema] = [
            Schema([]), Schema([Field(name: "r", type: .row([]))]),
            Schema((0..<2_001).map { Field(name: "c\($0)", type: .bigint) }),
            Schema([
                Field(name: "f", type: .function(arguments: [.bigint], result: .bigint))
            ]),
        ]
        for schema in refused {
            #expect(throws: ColumnarError.self) {
                _ = try ParquetWriter(path: folder.file("a"), schema: schema, pool: BufferPool())
            }
        }
        var options = ParquetWriterOptions()
        options.columnEncodings["t"] = .deltaBinaryPacked
        let rows = ParquetRows(schema: Self.texts, columns: [[.text("a")]])
        #expect(throws: ColumnarError.self) {
            try rows.write(to: folder.file("a"), options: options)
        }
        var level = ParquetWriterOptions()
        level.level = 23
        #expect(throws: ColumnarError.self) { try rows.write(to: folder.file("a"), options: level) }
        #expect(try Self.names(in: folder).isEmpty)
    }

    @Test func intervalsHaveNoSign() throws {
        let folder = ScratchFolder()
        for type in [DataType.intervalDayToSecond, .intervalYearToMonth] {
            let schema = Schema([Field(name: "i", type: type)])
            try ParquetRows(schema: schema, columns: [[.int(0), .int(1 << 30), .null]])
                .write(to: folder.file("a"))
            #expect(throws: ColumnarError.self) {
                try ParquetRows(schema: schema, columns: [[.int(-1)]]).write(to: folder.file("b"))
            }
        }
        #expect(try Self.names(in: folder) == ["a"])
        // Months, days, milliseconds: without a sign and of no SQL type, so they come back as bytes.
        let back = try ParquetRows.read(
            [folder.file("a")], schema: Schema([Field(name: "i", type: .varbinary)]))
        let zero = [UInt8](repeating: 0, count: 12)
        #expect(back == [[.binary(zero), .binary([0, 0, 0, 64] + zero[4...]), .null]])
    }

    @Test func incompressibleColumnsAreStoredAsTheyAre() throws {
        let folder = ScratchFolder()
        let values = (0..<20_000).map { Value.int(Int64(bitPattern: MatrixRows.mixed($0))) }
        let rows = ParquetRows(
            schema: Schema([Field(name: "r", type: .bigint, isNullable: false)]), columns: [values])
        let summary = try rows.write(to: folder.file("a"))
        // Pages and headers, and no frames of a codec around them.
        #expect((160_000..<160_200).contains(summary.columns[0].compressedBytes))
    }
}
