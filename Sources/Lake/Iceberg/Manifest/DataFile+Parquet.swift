import Columnar

extension DataFile {
    /// What a manifest says of a Parquet file that was just written.
    ///
    /// - path: the stored location. Bounds are those of Iceberg's default, `truncate(16)`.
    package init(
        _ summary: ParquetFileSummary, path: String, specID: Int, partition: [Value],
        sortOrderID: Int?
    ) {
        self.init(
            path: path, specID: specID, partition: partition,
            recordCount: Int64(summary.rowCount), fileSizeBytes: Int64(summary.sizeBytes))
        self.sortOrderID = sortOrderID
        splitOffsets = summary.splitOffsets
        for column in summary.columns {
            guard let id = column.fieldID else { continue }
            columnSizes.append(FieldCount(fieldID: id, count: Int64(column.compressedBytes)))
            // Inside lists, counts are of elements and bounds say nothing of rows.
            guard !column.isInList else { continue }
            valueCounts.append(FieldCount(fieldID: id, count: Int64(column.valueCount)))
            nullCounts.append(FieldCount(fieldID: id, count: Int64(column.nullCount)))
            if column.type == .real || column.type == .double {
                nanCounts.append(FieldCount(fieldID: id, count: Int64(column.nanCount)))
            }
            if let value = column.lower, let bytes = SingleValue.encode(value, as: column.type),
                let bound = BoundTruncation.lower(bytes, type: column.type)
            {
                lowerBounds.append(FieldBound(fieldID: id, bytes: bound[...]))
            }
            if let value = column.upper, let bytes = SingleValue.encode(value, as: column.type),
                let bound = BoundTruncation.upper(bytes, type: column.type)
            {
                upperBounds.append(FieldBound(fieldID: id, bytes: bound[...]))
            }
        }
    }
}
