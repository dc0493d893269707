import Columnar

/// Every ranking and value window function; aggregates work over frames as they are.
package enum WindowFunctions {
    package static let all: [WindowFunction] = ranking + values

    static let ranking: [WindowFunction] = [
        WindowFunction(
            "row_number", kind: .rowNumber, summary: "Number of the row in its partition",
            parameters: [[]], result: .exact(.bigint)),
        WindowFunction(
            "rank", kind: .rank, summary: "Rank with gaps", parameters: [[]],
            result: .exact(.bigint)),
        WindowFunction(
            "dense_rank", kind: .denseRank, summary: "Rank without gaps", parameters: [[]],
            result: .exact(.bigint)),
        WindowFunction(
            "percent_rank", kind: .percentRank, summary: "Rank as a share of the partition",
            parameters: [[]], result: .exact(.double)),
        WindowFunction(
            "cume_dist", kind: .cumeDist, summary: "Share of rows up to this one",
            parameters: [[]], result: .exact(.double)),
        WindowFunction(
            "ntile", kind: .ntile, summary: "Number of the bucket of n equal ones",
            parameters: [[.exact(.bigint)]], result: .exact(.bigint)),
    ]

    private static let value = TypePattern.variable("T")

    static let values: [WindowFunction] = [
        WindowFunction(
            "lag", kind: .lag, summary: "Value some rows before", parameters: shifts,
            result: .pattern(value)),
        WindowFunction(
            "lead", kind: .lead, summary: "Value some rows behind", parameters: shifts,
            result: .pattern(value)),
        WindowFunction(
            "first_value", kind: .firstValue, summary: "First value of the frame",
            parameters: [[value]], result: .pattern(value)),
        WindowFunction(
            "last_value", kind: .lastValue, summary: "Last value of the frame",
            parameters: [[value]], result: .pattern(value)),
        WindowFunction(
            "nth_value", kind: .nthValue, summary: "Value at a position of the frame",
            parameters: [[value, .exact(.bigint)]], result: .pattern(value)),
    ]

    private static let shifts: [[TypePattern]] = [
        [value], [value, .exact(.bigint)], [value, .exact(.bigint), value],
    ]
}
