import Columnar

/// One data file of a table with everything that planning needs to know of it.
///
/// Source: iceberg.apache.org/spec, "Manifests", struct `data_file`. Maps are lists in writing order;
/// an absent entry means unknown.
package struct DataFile: Hashable, Sendable {
    /// The stored location.
    package var path: String
    /// The partition spec of `partition`.
    package var specID: Int
    /// One value per field of the spec.
    package var partition: [Value]
    package var recordCount: Int64
    package var fileSizeBytes: Int64
    /// Compressed bytes by field id.
    package var columnSizes: [FieldCount] = []
    /// Values by field id, NULLs and NaNs included.
    package var valueCounts: [FieldCount] = []
    package var nullCounts: [FieldCount] = []
    package var nanCounts: [FieldCount] = []
    package var lowerBounds: [FieldBound] = []
    package var upperBounds: [FieldBound] = []
    /// Where row groups begin, rising.
    package var splitOffsets: [Int64] = []
    package var sortOrderID: Int?

    package init(
        path: String, specID: Int, partition: [Value], recordCount: Int64, fileSizeBytes: Int64
    ) {
        self.path = path
        self.specID = specID
        self.partition = partition
        self.recordCount = recordCount
        self.fileSizeBytes = fileSizeBytes
    }

    /// The least value of a field, or something below it; nil when unknown.
    package func lowerBound(of field: Field) -> Value? {
        Self.bound(lowerBounds, field)
    }

    /// The greatest value of a field, or something above it; nil when unknown.
    package func upperBound(of field: Field) -> Value? {
        Self.bound(upperBounds, field)
    }

    package func nullCount(of field: Field) -> Int64? { Self.count(nullCounts, field) }
    package func valueCount(of field: Field) -> Int64? { Self.count(valueCounts, field) }
    package func nanCount(of field: Field) -> Int64? { Self.count(nanCounts, field) }

    private static func bound(_ bounds: [FieldBound], _ field: Field) -> Value? {
        guard let bound = bounds.first(where: { $0.fieldID == field.id }) else { return nil }
        return SingleValue.decode(bound.bytes, as: field.type)
    }

    private static func count(_ counts: [FieldCount], _ field: Field) -> Int64? {
        counts.first { $0.fieldID == field.id }?.count
    }
}

/// A count or a size by field id.
package struct FieldCount: Hashable, Sendable {
    package var fieldID: Int
    package var count: Int64

    package init(fieldID: Int, count: Int64) {
        self.fieldID = fieldID
        self.count = count
    }
}

/// A bound by field id, in single-value serialisation.
package struct FieldBound: Hashable, Sendable {
    package var fieldID: Int
    /// Usually a slice of the manifest's block: no copy per bound.
    package var bytes: ArraySlice<UInt8>

    package init(fieldID: Int, bytes: ArraySlice<UInt8>) {
        self.fieldID = fieldID
        self.bytes = bytes
    }
}
