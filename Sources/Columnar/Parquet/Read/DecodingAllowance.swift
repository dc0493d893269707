import Synchronization

/// Bytes that decoding one row group may take, as far as the size of its file makes them believable.
///
/// A page of forty bytes can say that it holds two billion values. Files that are small get a fixed
/// allowance; larger ones as much as the best codecs and run lengths of real tables make of their bytes.
final class DecodingAllowance: Sendable {
    let limitBytes: Int
    private let claimed = Atomic<Int>(0)

    init(fileBytes: Int) {
        // No file system holds a file whose product would overflow, but a size is a size.
        let (product, overflow) = fileBytes.multipliedReportingOverflow(by: Limits.decodedExpansion)
        let large = overflow ? Int.max : product
        limitBytes =
            fileBytes < Limits.smallFileBytes ? Limits.smallFileDecodedBytes : large
    }

    /// Takes bytes before they are allocated; throws `limit` if the file is too small to need so many.
    func claim(bytes: Int, location: FileLocation) throws(ColumnarError) {
        let total = claimed.wrappingAdd(bytes, ordering: .relaxed).newValue
        guard total >= 0, total <= limitBytes else {
            throw .limit(
                name: "decodedExpansion (bytes of a row group, by the size of its file)",
                value: total, limit: limitBytes, location: location)
        }
    }

    /// Bytes that are still allowed.
    var leftBytes: Int { max(limitBytes - claimed.load(ordering: .relaxed), 0) }
}
