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
