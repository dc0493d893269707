import Columnar

/// What became of one raw file.
package enum FlattenOutcome {
    /// The row is staged: `commit` appends it, the next `stage` drops it.
    case row(RowIdentity)
    /// The file gives no row; the reason is for the quarantine.
    case rejected(RejectReason)
}

/// Who a staged row is and whether it changed.
package struct RowIdentity {
    /// The key columns' values in `RowEncoding`, in column order; lives until the next `stage`.
    package let key: UnsafeRawBufferPointer
    /// `PartitionTransform.value` of the partition column; nil when the table has no partitions.
    package let partitionValue: Int32?
    /// XXH3-64 of the row in `RowEncoding`, without volatile and system columns but with `_extra`.
    ///
    /// Key order, whitespace and escapes of the JSON text do not change it. Zero is as good as any other.
    package let rowHash: UInt64
}

/// Why a raw file gives no row.
package enum RejectReason: Hashable, Sendable {
    /// Not JSON, or JSON that we refuse: too deep, a number beyond a double, invalid UTF-8.
    case json(reason: String, position: JSONPosition?)
    /// The file is larger than `Limits.rawFileBytes`.
    case tooLarge(bytes: Int, limit: Int)
    /// The document is an array or a scalar.
    case notAnObject(found: String)
    /// The path does not follow the table's pattern.
    case foreignPath(pattern: String)
    /// A key, partition or required column has no value.
    case missing(column: String, path: String)
    /// A key, partition or required column's value does not fit its type.
    case unfit(column: String, path: String, type: String, found: String)
    /// The row breaks a quality check that sets its file or record aside.
    case breaksCheck(name: String, found: String)
}

extension RejectReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .json(let reason, let position):
            (position.map { "\($0): " } ?? "") + reason
        case .tooLarge(let bytes, let limit):
            "the file has \(bytes) bytes, the limit is \(limit)"
        case .notAnObject(let found): "the document is \(found), not an object"
        case .foreignPath(let pattern): "the path does not follow \(pattern)"
        case .missing(let column, let path):
            "column \(column) is required and \(path) is missing or null"
        case .breaksCheck(let name, let found): "breaks the check \(name): \(found)"
        case .unfit(let column, let path, let type, let found):
            "column \(column) is required and \(path) is no \(type): \(found)"
        }
    }
}
