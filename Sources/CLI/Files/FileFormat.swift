import Glibc
import Query

/// A kind of file that SQL reads in place: a table function, and the endings of the names it reads.
///
/// `from "data/x.parquet"` is `from read_parquet('data/x.parquet')`. A new kind is one file beside
/// `ParquetFiles` with a type that has `name`, `endings`, `parameters` (the first is `path`, of kind
/// `.texts`) and `table(_:)`, and one line in `FileFormats.all`.
protocol FileFormat: TableFunction {
    /// Endings of file names in lower case, without the first dot: `csv`, `csv.gz`.
    var endings: [String] { get }
}

/// Where files are looked for, and what reading them may use.
struct FilePlace: Sendable {
    /// The folder of relative paths; absolute.
    var workingDirectory: String
    var workers: Int

    /// Whether a folder lies at a path.
    func hasFolder(_ path: String) -> Bool {
        let absolute = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        var status = stat()
        return stat(absolute, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

/// Every kind of file that SQL reads in place.
enum FileFormats {
    /// The kinds; the first reads folders and names whose ending says nothing.
    static func all(_ place: FilePlace) -> [any FileFormat] {
        [
            ParquetFiles(place: place), DelimitedFiles(place: place),
            RecordFiles(place: place),
        ]
    }
}
