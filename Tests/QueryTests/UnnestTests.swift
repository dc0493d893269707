import Columnar
import Testing

@testable import Query

@Suite struct UnnestTests {
    static let rowType = DataType.row([
        RowField(name: "id", type: .bigint), RowField(name: "name", type: .text),
    ])
    static let types: [DataType] = [
        .bigint, .array(.text), .array(rowType), .map(key: .text, value: .bigint),
    ]
    static let rows: [[Value]] = [
        [
            .int(1), .list([.text("a"), .null, .text("c")]),
            .list([.row([.int(7), .text("x")]), .null]), .map([.text("k")], [.int(5)]),
        ],
        [.int(2), .null, .list([]), .map([], [])],
        [.int(3), .list([.text("d")]), .null, .map([.text("l"), .text("m")], [.int(6), .null])],
    ]

    private func run(_ harness: OperatorHarness, keepsEmpty: Bool) throws -> [[Value]] {
        let query = harness.query()
        let outputs: [DataType] = [.bigint, .text, .bigint, .text, .text, .bigint, .bigint]
        let sink = SortSink(keys: [], types: outputs, query: query)
        let unnest = UnnestTransform(
            UnnestSpec(
                arguments: [1, 2, 3], argumentTypes: Array(Self.types.dropFirst()),
                hasOrdinality: true, keepsEmpty: keepsEmpty, inputCount: 1))
        try harness.run(
            sink, rows: Self.rows, types: Self.types, query: query, transforms: [unnest])
        return try OperatorHarness.values(
            sink.output.batches, types: outputs, pool: query.pool)
    }

    @Test(arguments: OperatorHarness.variants.indices)
    func argumentsAreZippedAndPadded(variant: Int) throws {
        let first: [[Value]] = [
            [.int(1), .text("a"), .int(7), .text("x"), .text("k"), .int(5), .int(1)],
            [.int(1), .null, .null, .null, .null, .null, .int(2)],
            [.int(1), .text("c"), .null, .null, .null, .null, .int(3)],
        ]
        let empty: [[Value]] = [[.int(2), .null, .null, .null, .null, .null, .null]]
        let last: [[Value]] = [
            [.int(3), .text("d"), .null, .null, .text("l"), .int(6), .int(1)],
            [.int(3), .null, .null, .null, .text("m"), .null, .int(2)],
        ]
        let harness = OperatorHarness.variants[variant]
        #expect(try run(harness, keepsEmpty: false) == first + last)
        #expect(try run(harness, keepsEmpty: true) == first + empty + last)
    }
}
