/// How files are written; the defaults are the widest-compatible profile that is still small.
package struct ParquetWriterOptions: Sendable {
    /// Rows of a row group.
    package var rowGroupRows = Limits.rowGroupRows
    /// Staged bytes at which a row group ends early.
    package var rowGroupBytes = 512 << 20
    /// Rows of a page: the grain of the column index.
    package var pageRows = 20_000
    /// Uncompressed value bytes at which a page ends early.
    package var pageBytes = 1 << 20
    /// zstd level; 3 for fresh data, 9 for closed partitions.
    package var zstdLevel = 3
    /// PLAIN bytes of a dictionary page at which a column chunk gives its dictionary up.
    package var dictionaryBytes = 1 << 20
    /// Bytes that bounds of texts are cut to in statistics and column index.
    package var boundBytes = 64
    /// Names of columns (`a.b` for members of rows) that get a Bloom filter.
    package var bloomColumns: [String] = []
    /// The order that the rows have, if they have one.
    package var sortingColumns: [ParquetSortingColumn] = []
    package var keyValueMetadata: [(key: String, value: String)] = []
    package var createdBy = "lake version 0.1.0"

    package init() {}
}

/// One column of the order that a file's rows have.
package struct ParquetSortingColumn: Hashable, Sendable {
    /// Position of the top-level column.
    package var column: Int
    package var isDescending: Bool
    package var nullsFirst: Bool

    package init(column: Int, isDescending: Bool = false, nullsFirst: Bool = false) {
        self.column = column
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}

/// What a finished file holds: all that an Iceberg manifest asks for.
package struct ParquetFileSummary: Sendable {
    /// One leaf column over the whole file.
    package struct LeafColumn: Sendable {
        package var fieldID: Int?
        /// Names from the top-level column down, with `list.element` and `key_value`.
        package var path: [String]
        /// False inside lists and maps, which have no bounds in Iceberg.
        package var isInList: Bool
        package var type: DataType
        package var compressedBytes = 0
        /// Values with NULLs.
        package var valueCount = 0
        package var nullCount = 0
        package var nanCount = 0
        /// Exact bounds, never cut, never NaN; nil: no value, or no order.
        package var lower: Value?
        package var upper: Value?
    }

    package var path: String
    package var sizeBytes: Int
    package var rowCount: Int
    /// Where each row group begins.
    package var splitOffsets: [Int64]
    /// In schema order.
    package var columns: [LeafColumn]
}
