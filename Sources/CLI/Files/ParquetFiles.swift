import Columnar
import Query

/// `read_parquet(path [, hive_partitioning => …] [, union_by_name => …])`.
struct ParquetFiles: FileFormat {
    let place: FilePlace

    let name = "read_parquet"
    let summary = "The rows of Parquet files: a path, a pattern, a folder, or an array of them"
    let endings = ["parquet", "parq", "pq"]
    let parameters = [
        TableParameter("path", .texts, isRequired: true),
        TableParameter("hive_partitioning", .boolean),
        TableParameter("union_by_name", .boolean),
    ]

    func table(_ arguments: TableArguments) throws(QueryError) -> any Table {
        let paths = try FilePaths.matching(arguments, ending: "parquet", in: place)
        let options = ParquetDataset.Options(
            hivePartitioning: arguments.boolean("hive_partitioning"),
            unionByName: arguments.boolean("union_by_name") ?? true, workers: place.workers)
        return try storage { () throws(ColumnarError) in
            ParquetFileTable(dataset: try ParquetDataset.open(paths, options: options))
        }
    }
}

/// Parquet files as the engine sees them.
struct ParquetFileTable: Query.Table {
    let dataset: ParquetDataset

    var schema: Schema { dataset.schema }
    var hiddenColumns: Set<Int> { dataset.hiddenColumns }
    var rowCount: Int? { dataset.rowCount }

    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan {
        try storage { () throws(ColumnarError) in try dataset.scan(request, pool: pool) }
    }
}
