/// One thing about a file that is not as it says, with its place.
package struct ParquetFinding: Hashable, Sendable {
    /// What is wrong.
    package enum Kind: String, Hashable, Sendable {
        /// Bytes that cannot be read or decoded.
        case unreadable
        /// A feature of the format that this version does not read: what it covers was not verified.
        case unsupported
        /// A page whose CRC-32 is not the one in its header.
        case checksum
        /// Counts of rows, values, NULLs or pages that disagree.
        case counts
        /// Chunk statistics that its values contradict.
        case statistics
        case columnIndex = "column index"
        case offsetIndex = "offset index"
        case bloomFilter = "bloom filter"
        /// Rows that do not have the order that the row group claims.
        case order
    }

    package let kind: Kind
    package let location: FileLocation
    package let message: String
}

/// What the verification of one file came to.
package struct ParquetVerdict: Sendable {
    package let path: String
    package internal(set) var findings: [ParquetFinding] = []
    /// Findings beyond `Limits.verificationFindings`, which are only counted.
    package internal(set) var omittedFindings = 0
    package internal(set) var rowGroupCount = 0
    package internal(set) var rowCount = 0
    package internal(set) var columnCount = 0
    /// Data and dictionary pages.
    package internal(set) var pageCount = 0
    /// Pages of these that have a CRC-32.
    package internal(set) var checksummedPageCount = 0
    /// Values that were decoded and are not NULL.
    package internal(set) var valueCount = 0
    /// Chunks whose values were held against stored bounds.
    package internal(set) var boundedChunkCount = 0
    /// Chunks with a column or an offset index.
    package internal(set) var indexedChunkCount = 0
    /// Bloom filters that every value was looked up in.
    package internal(set) var bloomFilterCount = 0

    package var isSound: Bool { findings.isEmpty }

    /// Whether anything is wrong, beyond what this version does not read.
    package var isDamaged: Bool { findings.contains { $0.kind != .unsupported } }

    init(path: String) {
        self.path = path
    }

    mutating func add(_ kind: ParquetFinding.Kind, _ location: FileLocation, _ message: String) {
        guard findings.count < Limits.verificationFindings else {
            omittedFindings += 1
            return
        }
        findings.append(ParquetFinding(kind: kind, location: location, message: message))
    }

    /// A refusal of the reader as a finding at its place.
    mutating func add(_ error: ColumnarError, at location: FileLocation) {
        switch error {
        case .corrupt(let place, let reason): add(.unreadable, place, reason)
        case .unsupported(let place, let feature):
            add(.unsupported, place, "\(feature) is not supported")
        case .limit(let name, let value, let limit, let place):
            add(.unreadable, place ?? location, "\(name) is \(value), the limit is \(limit)")
        default: add(.unreadable, location, "\(error)")
        }
    }
}
