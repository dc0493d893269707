import Columnar
import Query

/// `read_json(path [, lines => …])`: objects one a line, in an array, or one after another.
struct RecordFiles: FileFormat {
    let place: FilePlace

    let name = "read_json"
    let summary = "The objects of JSON files: a path, a pattern, a folder, or an array of them"
    private static let lineEndings = ["ndjson", "jsonl"].flatMap {
        [$0, $0 + ".gz", $0 + ".zst"]
    }
    let endings = lineEndings + ["json", "json.gz", "json.zst"]
    let parameters = [
        TableParameter("path", .texts, isRequired: true),
        TableParameter("lines", .boolean),
        TableParameter("hive_partitioning", .boolean),
    ]

    func table(_ arguments: TableArguments) throws(QueryError) -> any Table {
        let paths = try FilePaths.matching(arguments, ending: "json", in: place)
        let lines = arguments.boolean("lines")
        let pool = BufferPool()
        return try storage { () throws(ColumnarError) in
            TextFileTable(
                dataset: try TextDataset<RecordFile>.open(
                    paths, hivePartitioning: arguments.boolean("hive_partitioning"),
                    workers: place.workers
                ) { (input) throws(ColumnarError) in
                    try RecordFile.survey(
                        input, isLines: lines ?? Self.isLines(input.name), pool: pool)
                })
        }
    }

    private static func isLines(_ path: String) -> Bool {
        let folded = path.lowercased()
        return lineEndings.contains { folded.hasSuffix("." + $0) }
    }
}
