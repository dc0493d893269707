import Columnar

/// Conversions between SQL types, one kernel per pair.
enum Cast {
    /// The kernel of `CAST(x AS to)` for x of type `from`, or nil where SQL has no such cast.
    static func kernel(from: DataType, to: DataType) -> ScalarKernel? {
        nil
    }
}
