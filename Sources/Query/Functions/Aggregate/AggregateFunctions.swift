import Columnar

/// Every aggregate; a family per file.
package enum AggregateFunctions {
    package static let all: [AggregateFunction] =
        counts + sums + averages + extrema + chosenRows + booleans + moments + collecting
        + maps + sketches
}

extension AggregateFunctions {
    static let counts: [AggregateFunction] = [
        AggregateFunction(
            "count", summary: "Number of rows, or of non-NULL values",
            [
                AggregateOverload([], result: .exact(.bigint)) { _, _ in CountAccumulator(.rows) },
                AggregateOverload([.variable("T")], result: .exact(.bigint)) { _, _ in
                    CountAccumulator(.nonNull)
                },
            ]),
        AggregateFunction(
            "count_if", summary: "Number of rows where the condition is true",
            [
                AggregateOverload([.exact(.boolean)], result: .exact(.bigint)) { _, _ in
                    CountAccumulator(.trueOnly)
                }
            ]),
    ]

    static let booleans: [AggregateFunction] = [
        AggregateFunction(
            "bool_and", aliases: ["every"], summary: "Whether every value is true",
            [
                AggregateOverload([.exact(.boolean)], result: .exact(.boolean)) { _, _ in
                    BooleanAccumulator(isAnd: true)
                }
            ]),
        AggregateFunction(
            "bool_or", summary: "Whether any value is true",
            [
                AggregateOverload([.exact(.boolean)], result: .exact(.boolean)) { _, _ in
                    BooleanAccumulator(isAnd: false)
                }
            ]),
    ]

    static let sums: [AggregateFunction] = [
        AggregateFunction(
            "sum", summary: "Sum of the values",
            [
                exact(.exact(.bigint), .exact(.bigint), .bigint),
                exact(
                    .decimal,
                    .computed { types in
                        guard case .decimal(_, let scale) = types[0] else { return types[0] }
                        return .decimal(precision: 38, scale: scale)
                    }, .decimal),
                double(.real, .sum), double(.double, .sum),
                exact(
                    .exact(.intervalDayToSecond), .exact(.intervalDayToSecond),
                    .intervalDayToSecond),
                exact(
                    .exact(.intervalYearToMonth), .exact(.intervalYearToMonth),
                    .intervalYearToMonth),
            ])
    ]

    static let averages: [AggregateFunction] = [
        AggregateFunction(
            "avg", summary: "Mean of the values",
            [
                exact(.exact(.bigint), .exact(.double), .averageDouble),
                exact(.decimal, .computed { types in types[0] }, .averageDecimal),
                double(.real, .average), double(.double, .average),
                exact(
                    .exact(.intervalDayToSecond), .exact(.intervalDayToSecond),
                    .averageDayToSecond),
                exact(
                    .exact(.intervalYearToMonth), .exact(.intervalYearToMonth),
                    .averageYearToMonth),
            ]),
        AggregateFunction(
            "geometric_mean", summary: "Geometric mean of the values",
            [double(.double, .geometricMean), double(.real, .geometricMean)]),
    ]

    private static func exact(
        _ parameter: TypePattern, _ result: ResultRule, _ rule: ExactSumAccumulator.Result
    ) -> AggregateOverload {
        AggregateOverload([parameter], result: result) { _, resultType in
            ExactSumAccumulator(rule, resultType: resultType)
        }
    }

    private static func double(
        _ type: DataType, _ rule: DoubleSumAccumulator.Result
    ) -> AggregateOverload {
        AggregateOverload([.exact(type)], result: .exact(type)) { _, resultType in
            DoubleSumAccumulator(rule, isReal: resultType == .real)
        }
    }

    static let extrema: [AggregateFunction] = [
        AggregateFunction(
            "max", summary: "Largest value, or the n largest",
            [extremum(isMax: true), top(isMax: true, isBy: false)]),
        AggregateFunction(
            "min", summary: "Smallest value, or the n smallest",
            [extremum(isMax: false), top(isMax: false, isBy: false)]),
    ]

    private static func extremum(isMax: Bool) -> AggregateOverload {
        AggregateOverload([.variable("T")], result: .pattern(.variable("T"))) { types, _ in
            let type = types[0]
            if type.storage == .text { return TextExtremumAccumulator(isMax: isMax) }
            if OrderedWord.isExact(type) && KeyInterner.isRestorable(type) {
                return WordExtremumAccumulator(type: type, isMax: isMax)
            }
            return BestRowAccumulator(
                isMax ? .largest : .smallest, valueType: type, keyType: type, isSelfKeyed: true)
        }
    }

    static let chosenRows: [AggregateFunction] = [
        AggregateFunction(
            "arbitrary", aliases: ["any_value"], summary: "The first non-NULL value",
            [
                AggregateOverload([.variable("T")], result: .pattern(.variable("T"))) { types, _ in
                    BestRowAccumulator(.first, valueType: types[0], keyType: types[0])
                }
            ]),
        AggregateFunction(
            "max_by", summary: "Value of the row with the largest key",
            [by(.largest), top(isMax: true, isBy: true)]),
        AggregateFunction(
            "min_by", summary: "Value of the row with the smallest key",
            [by(.smallest), top(isMax: false, isBy: true)]),
    ]

    private static func by(_ choice: BestRowAccumulator.Choice) -> AggregateOverload {
        AggregateOverload(
            [.variable("V"), .variable("K")], result: .pattern(.variable("V"))
        ) { types, _ in
            BestRowAccumulator(choice, valueType: types[0], keyType: types[1])
        }
    }

    static let moments: [AggregateFunction] = [
        moment("stddev_samp", ["stddev"], "Sample standard deviation", 1, .deviationSample),
        moment("stddev_pop", [], "Population standard deviation", 1, .deviationPopulation),
        moment("var_samp", ["variance"], "Sample variance", 1, .varianceSample),
        moment("var_pop", [], "Population variance", 1, .variancePopulation),
        moment("covar_samp", [], "Sample covariance", 2, .covarianceSample),
        moment("covar_pop", [], "Population covariance", 2, .covariancePopulation),
        moment("corr", [], "Correlation coefficient", 2, .correlation),
        moment("regr_slope", [], "Slope of the regression line", 2, .regressionSlope),
        moment("regr_intercept", [], "Intercept of the regression line", 2, .regressionIntercept),
    ]

    private static func moment(
        _ name: String, _ aliases: [String], _ summary: String, _ arguments: Int,
        _ result: MomentsAccumulator.Result
    ) -> AggregateFunction {
        let parameters = [TypePattern](repeating: .exact(.double), count: arguments)
        let overload = AggregateOverload(parameters, result: .exact(.double)) { _, _ in
            MomentsAccumulator(result)
        }
        return AggregateFunction(name, aliases: aliases, summary: summary, [overload])
    }
}
