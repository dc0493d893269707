import Columnar
import Query

/// What a result is written as: one of the printed formats, or Parquet.
enum FileKind: Hashable, Sendable {
    case printed(OutputFormat)
    case parquet

    static let names = OutputFormat.allCases.map(\.rawValue) + ["parquet"]

    init?(name: String) {
        if name == "parquet" {
            self = .parquet
        } else if let format = OutputFormat(rawValue: name) {
            self = .printed(format)
        } else {
            return nil
        }
    }

    /// The kind that an option names; throws `usage` with the nearest name.
    static func named(_ name: String, command: String) throws(CommandError) -> FileKind {
        if let kind = FileKind(name: name) { return kind }
        throw .usage(
            "unknown format '\(name)': one of \(names.joined(separator: ", "))",
            command: command,
            hint: NearestName.of(name, among: names).map { "Did you mean \($0)?" })
    }

    /// What a path's ending says; nil: nothing.
    static func of(path: String) -> FileKind? {
        let (_, name) = TextEnding.compression(of: path)
        guard let dot = name.lastIndex(of: ".") else { return nil }
        switch name[name.index(after: dot)...].lowercased() {
        case "parquet", "parq", "pq": return .parquet
        case "csv": return .printed(.csv)
        case "tsv", "tab": return .printed(.tsv)
        case "json": return .printed(.json)
        case "ndjson", "jsonl": return .printed(.ndjson)
        case "md", "markdown": return .printed(.markdown)
        case "txt": return .printed(.table)
        default: return nil
        }
    }
}

/// `.gz` and `.zst` behind a text file's name.
enum TextEnding {
    /// The compression, and the path without that ending.
    static func compression(of path: String) -> (TextCompression, Substring) {
        let folded = path.lowercased()
        if folded.hasSuffix(".gz") { return (.gzip, path.dropLast(3)) }
        if folded.hasSuffix(".zst") { return (.zstd, path.dropLast(4)) }
        return (.none, path[...])
    }
}

extension FileKind {
    /// What takes rows and makes a file of this kind at `path`, or text on standard output without one.
    func sink(
        path: String?, delimiter: UInt8?, parquet: ParquetWriterOptions, terminal: Terminal
    ) throws(ColumnarError) -> any ResultSink {
        switch (self, path) {
        case (.parquet, let path?): return ParquetSink(path: path, options: parquet)
        case (.parquet, nil):
            throw .unsupported(
                FileLocation(path: "standard output"), feature: "Parquet, which needs a file,")
        case (.printed(let format), let path?):
            return try TextFileSink(
                format.makePrinter(terminal, delimiter: delimiter), path: path,
                compression: TextEnding.compression(of: path).0)
        case (.printed(let format), nil):
            return StandardSink(format.makePrinter(terminal, delimiter: delimiter))
        }
    }
}
