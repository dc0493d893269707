import Columnar

/// `lake parquet verify`: reads everything and compares it with what the file says about itself.
enum ParquetVerifyCommand: Command {
    static let syntax = CommandSyntax(
        name: "parquet verify",
        summary: "Read whole files; check CRCs, counts, statistics, indexes, Bloom filters, order",
        operands: "FILE...", maximumOperands: .max,
        options: [
            ParquetCommands.json,
            .memory,
        ],
        discussion: """
            Checks every page's CRC-32, decodes every page, counts rows, values and NULLs, holds chunk
            statistics and the column index against the values and the offset index against the pages,
            looks every value up in the Bloom filters, and checks the order that row groups claim.
            Exit code 0: every file is sound; 3: some file is damaged, or uses what this version does
            not read; 1: a file cannot be opened.
            """,
        examples: [
            "lake parquet verify data/*.parquet", "lake parquet verify --json posts.parquet",
        ],
        usesLake: false)

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let memory = try arguments.integer("memory", minimum: 1, command: syntax.name)
        let budget = MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20)
        let pool = BufferPool(budget: budget)
        let output = StandardOutput()
        defer { output.flush() }
        var areSound = true
        for path in try ParquetCommands.files(arguments, syntax.name) {
            let verdict = try columnarCall { () throws(ColumnarError) in
                try ParquetVerification.verify(path: path, pool: pool)
            }
            areSound = areSound && verdict.isSound
            output.write(arguments.has("json") ? json(verdict) : Array(text(verdict).utf8))
            output.flush()
        }
        return areSound ? ExitCode.done : ExitCode.partial
    }

    private static func text(_ verdict: ParquetVerdict) -> String {
        guard !verdict.isSound else {
            var text = "\(verdict.path): sound: \(Amount.count(verdict.rowCount, "row")), "
            text += "\(Amount.count(verdict.valueCount, "value")) in "
            text += "\(Amount.count(verdict.pageCount, "page")) "
            text += "(\(Amount.count(verdict.checksummedPageCount)) with a CRC), "
            text += "\(Amount.count(verdict.boundedChunkCount, "chunk")) with bounds, "
            text += "\(Amount.count(verdict.indexedChunkCount)) with a page index, "
            text += "\(Amount.count(verdict.bloomFilterCount, "Bloom filter"))\n"
            return text
        }
        let count = verdict.findings.count + verdict.omittedFindings
        let word = verdict.isDamaged ? "damaged" : "not fully read"
        var text = "\(verdict.path): \(word): \(Amount.count(count, "finding"))\n"
        for finding in verdict.findings {
            text += "  \(finding.kind.rawValue): \(place(finding.location))\(finding.message)\n"
        }
        if verdict.omittedFindings > 0 {
            text += "  and \(Amount.count(verdict.omittedFindings)) more\n"
        }
        return text
    }

    /// The place without the path, which stands above.
    private static func place(_ location: FileLocation) -> String {
        var place = location
        place.path = ""
        let text = place.description.drop { $0 == "," || $0 == " " }
        return text.isEmpty ? "" : text + ": "
    }

    private static func json(_ verdict: ParquetVerdict) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("file")
        writer.string(verdict.path)
        writer.key("sound")
        writer.boolean(verdict.isSound)
        let counts = [
            ("rows", verdict.rowCount), ("row_groups", verdict.rowGroupCount),
            ("columns", verdict.columnCount), ("values", verdict.valueCount),
            ("pages", verdict.pageCount), ("pages_with_crc", verdict.checksummedPageCount),
            ("chunks_with_bounds", verdict.boundedChunkCount),
            ("chunks_with_page_index", verdict.indexedChunkCount),
            ("bloom_filters", verdict.bloomFilterCount),
            ("omitted_findings", verdict.omittedFindings),
        ]
        for (key, count) in counts {
            writer.key(key)
            writer.integer(count)
        }
        writer.key("findings")
        writer.beginArray()
        for finding in verdict.findings { write(finding, &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ finding: ParquetFinding, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("kind")
        writer.string(finding.kind.rawValue)
        writer.key("message")
        writer.string(finding.message)
        writer.key("column")
        ParquetMetaJSON.optional(finding.location.column, &writer)
        let numbers = [
            ("row_group", finding.location.rowGroup), ("page", finding.location.page),
            ("offset", finding.location.offset),
        ]
        for (key, number) in numbers {
            writer.key(key)
            if let number { writer.integer(number) } else { writer.null() }
        }
        writer.endObject()
    }
}
