import Columnar
import Foundation

/// A folder with folders in it that goes with the test.
final class ScratchTree {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "lake-tree-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The absolute path of a name in it, its folders made.
    func file(_ name: String) throws -> String {
        let whole = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (whole as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        return whole
    }

    /// Empty files of these names.
    func touch(_ names: String...) throws {
        for name in names { try Data().write(to: URL(filePath: try file(name))) }
    }

    /// A Parquet file of one batch of boxed rows.
    func parquet(_ name: String, _ columns: [(String, DataType, [Value])]) throws {
        let rows = ParquetRows(
            schema: Schema(columns.map { Field(name: $0.0, type: $0.1) }),
            columns: columns.map(\.2))
        try rows.write(to: try file(name))
    }

    /// The files that a pattern means, as written.
    func glob(_ pattern: String) throws -> [String] {
        try Glob(pattern, in: path, ending: "parquet").paths().map(\.written)
    }

    func dataset(
        _ pattern: String, hive: Bool? = nil, union: Bool = true
    ) throws -> ParquetDataset {
        try ParquetDataset.open(
            try Glob(pattern, in: path, ending: "parquet").paths(),
            options: .init(hivePartitioning: hive, unionByName: union, workers: 2))
    }
}
