import Columnar

/// The batches of one table scan; morsels are the scan's own.
package struct ScanSource: Source {
    let scan: any TableScan
    let batchRows: Int

    package init(_ scan: any TableScan, batchRows: Int) {
        self.scan = scan
        self.batchRows = batchRows
    }

    package var morselCount: Int { scan.morselCount }

    package func open(
        morsel: Int, worker: WorkerContext
    ) throws(QueryError) -> any MorselReader {
        let reader = try storage { () throws(ColumnarError) in
            try scan.open(morsel: morsel, pool: worker.pool)
        }
        return Reader(reader: reader, batchRows: batchRows)
    }

    private struct Reader: MorselReader {
        var reader: any BatchReader
        let batchRows: Int

        mutating func next() throws(QueryError) -> Batch? {
            do {
                return try reader.next(maxRows: batchRows)
            } catch {
                throw QueryError(error)
            }
        }
    }
}
