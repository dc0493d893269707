import Columnar
import Glibc
import Query

/// What a conversion reads: files of one kind, as a call of their table function.
struct ConvertSource {
    let kind: FileKind
    /// Paths and patterns as the call names them.
    let paths: [String]
    /// The files that they mean.
    let files: [DatasetPath]
    private let delimiter: UInt8?

    /// Kinds that can be read.
    private static let readable: [FileKind] = [
        .parquet, .printed(.csv), .printed(.tsv), .printed(.json), .printed(.ndjson),
    ]

    init(
        _ paths: [String], from kind: FileKind?, delimiter: UInt8?, in place: FilePlace
    ) throws(CommandError) {
        var found: [FileKind] = []
        for path in paths {
            guard let known = kind ?? FileKind.of(path: path) else {
                throw .usage(
                    "the name '\(path)' does not tell the format", command: "convert",
                    hint: "Name it with --from csv, tsv, json, ndjson or parquet.")
            }
            guard Self.readable.contains(known) else {
                throw .usage("'\(path)' is of a format that is only written", command: "convert")
            }
            if !found.contains(known) { found.append(known) }
        }
        guard let first = found.first, found.count == 1 else {
            throw .usage(
                "the inputs are of different formats", command: "convert",
                hint: "Convert them one after another, or name one format with --from.")
        }
        self.kind = first
        self.paths = paths
        self.delimiter = delimiter
        do {
            files = try FilePaths.matching(
                TableArguments(["path": .list(paths.map { .text($0) })]),
                ending: first.ending, in: place)
        } catch {
            throw .user(error.message)
        }
    }

    /// Bytes of all files as stored.
    var sizeBytes: Int {
        files.reduce(0) { total, file in
            var status = stat()
            return total + (stat(file.absolute, &status) == 0 ? Int(status.st_size) : 0)
        }
    }

    /// Whether a path leads to one of the files, under whatever name.
    func contains(_ path: String) -> Bool {
        var target = stat()
        guard stat(path, &target) == 0 else { return false }
        return files.contains { file in
            var status = stat()
            return stat(file.absolute, &status) == 0 && status.st_ino == target.st_ino
                && status.st_dev == target.st_dev
        }
    }

    /// The call that reads the files: `read_csv(array['a.csv'], delimiter => ';')`.
    ///
    /// `asWritten` leaves the fields of delimited files the texts that they are.
    func call(asWritten: Bool) -> String {
        let options = kind.readerOptions(delimiter) + (asWritten ? ["all_varchar => true"] : [])
        return "\(kind.reader)(array[\(paths.map(SQLText.literal).joined(separator: ", "))]"
            + options.map { ", " + $0 }.joined() + ")"
    }
}

extension FileKind {
    /// The table function that reads files of this kind.
    var reader: String {
        switch self {
        case .parquet: "read_parquet"
        case .printed(.json), .printed(.ndjson): "read_json"
        case .printed: "read_csv"
        }
    }

    /// The ending of a folder's files.
    var ending: String {
        switch self {
        case .parquet: "parquet"
        case .printed(let format): format.rawValue
        }
    }

    /// Options that make the reader take files for this kind, whatever their names.
    func readerOptions(_ delimiter: UInt8?) -> [String] {
        let byte = delimiter.map { String(UnicodeScalar($0)) }
        switch self {
        case .printed(.json): return ["lines => false"]
        case .printed(.ndjson): return ["lines => true"]
        case .printed(.tsv):
            return ["delimiter => " + SQLText.literal(byte ?? "\t"), "escapes => true"]
        case .printed(.csv):
            return byte.map { ["delimiter => " + SQLText.literal($0)] } ?? []
        default: return []
        }
    }
}

/// Texts and names in SQL.
enum SQLText {
    static func literal(_ text: String) -> String {
        "'"
            + text.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''") + "'"
    }

    static func identifier(_ name: String) -> String {
        "\""
            + name.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}
