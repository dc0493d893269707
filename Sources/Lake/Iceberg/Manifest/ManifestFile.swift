import Columnar

/// One line of a manifest list: a manifest, what is in it, and what its partitions span.
///
/// Source: iceberg.apache.org/spec, "Manifest Lists", struct `manifest_file`.
package struct ManifestFile: Hashable, Sendable {
    package enum Content: Int64, Sendable {
        case data = 0
        case deletes = 1
    }

    /// Stored location.
    package var path: String
    package var lengthBytes: Int64
    package var specID: Int
    package var content = Content.data
    package var sequenceNumber: Int64
    /// The least sequence number of its live entries.
    package var minSequenceNumber: Int64
    package var addedSnapshotID: Int64
    package var added = FileTally()
    package var existing = FileTally()
    package var deleted = FileTally()
    /// One per partition field; nil: not known.
    package var partitions: [PartitionSummary]?
    package var keyMetadata: [UInt8]?
    /// False where a version 1 list left the counts out.
    package var hasCounts = true

    package init(
        path: String, lengthBytes: Int64, specID: Int, sequenceNumber: Int64,
        minSequenceNumber: Int64, addedSnapshotID: Int64
    ) {
        self.path = path
        self.lengthBytes = lengthBytes
        self.specID = specID
        self.sequenceNumber = sequenceNumber
        self.minSequenceNumber = minSequenceNumber
        self.addedSnapshotID = addedSnapshotID
    }

    /// True unless it only tells of files that are gone.
    package var mayHaveLiveFiles: Bool { !hasCounts || added.files > 0 || existing.files > 0 }
}

/// How many files and rows.
package struct FileTally: Hashable, Sendable {
    package var files: Int64 = 0
    package var rows: Int64 = 0

    package mutating func add(_ file: DataFile) throws(LakeError) {
        let (sum, overflow) = rows.addingReportingOverflow(file.recordCount)
        guard !overflow, file.recordCount >= 0 else {
            throw .corrupt(.init(path: file.path), reason: "a row count out of range")
        }
        files += 1
        rows = sum
    }
}

/// The values of one partition field over a manifest.
///
/// Source: iceberg.apache.org/spec, struct `field_summary`.
package struct PartitionSummary: Hashable, Sendable {
    package var containsNull = false
    package var containsNaN: Bool?
    /// In single-value serialisation; nil: no value that is not NULL.
    package var lower: [UInt8]?
    package var upper: [UInt8]?

    /// The summaries of some partitions; `types` are those of the spec's fields.
    package static func summarise(_ partitions: [[Value]], types: [DataType]) -> [PartitionSummary]
    {
        var summaries: [PartitionSummary] = []
        for (index, type) in types.enumerated() {
            var summary = PartitionSummary(containsNaN: false)
            var least: Value?
            var greatest: Value?
            for partition in partitions where index < partition.count {
                let value = partition[index]
                if value.isNull {
                    summary.containsNull = true
                } else if value.isNaN {
                    summary.containsNaN = true
                } else {
                    if least.map({ value.precedes($0) }) ?? true { least = value }
                    if greatest.map({ $0.precedes(value) }) ?? true { greatest = value }
                }
            }
            let lower = least.flatMap { SingleValue.encode($0, as: type) }
            let upper = greatest.flatMap { SingleValue.encode($0, as: type) }
            summary.lower = lower.flatMap { BoundTruncation.lower($0, type: type) }
            summary.upper = upper.flatMap { BoundTruncation.upper($0, type: type) }
            summaries.append(summary)
        }
        return summaries
    }
}
