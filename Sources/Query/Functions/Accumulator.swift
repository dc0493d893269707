import Columnar

/// The states of one aggregate for many groups, columnar by group id; one value per worker.
///
/// The result must not depend on which worker had which morsel: order-sensitive accumulators keep the
/// row ids that they are given, sums of doubles are double-double.
package protocol Accumulator: Sendable {
    /// Makes room for group ids below `groupCount`; new states are empty.
    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError)
    /// Adds rows: `rows` are the selected batch rows, `groups` has one group id per entry of `rows`,
    /// `arguments` are full-length columns (any form but lazy), `order` tells the rows' ids.
    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError)
    /// Merges another worker's states: its group `i` is my group `mapping[i]`.
    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError)
    /// The results of the groups of `range`, in order.
    func finish(
        range: Range<Int>, context: inout KernelContext
    ) throws(QueryError) -> Column
}
