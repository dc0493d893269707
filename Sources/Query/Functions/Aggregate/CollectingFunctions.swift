import Columnar

/// Registration of the aggregates that collect rows, sketches and maps.
extension AggregateFunctions {
    static let collecting: [AggregateFunction] = [
        AggregateFunction(
            "array_agg", summary: "All values as an array",
            [
                AggregateOverload(
                    [.variable("T")], result: .pattern(.array(.variable("T")))
                ) { types, _ in ArrayAccumulator(elementType: types[0]) }
            ]),
        AggregateFunction(
            "listagg", summary: "Texts joined by a separator",
            [
                AggregateOverload([.varchar, .varchar], result: .exact(.text)) { _, _ in
                    TextListAccumulator()
                },
                AggregateOverload([.varchar], result: .exact(.text)) { _, _ in
                    TextListAccumulator()
                },
            ]),
        AggregateFunction(
            "checksum", summary: "Order-blind checksum of the values",
            [
                AggregateOverload([.variable("T")], result: .exact(.varbinary)) { types, _ in
                    ChecksumAccumulator(type: types[0])
                }
            ]),
    ]

    private static let key = TypePattern.variable("K")
    private static let value = TypePattern.variable("V")

    static let maps: [AggregateFunction] = [
        map("map_agg", "Map of keys to their first values", .map(key, value), .firstValue),
        map(
            "multimap_agg", "Map of keys to arrays of their values", .map(key, .array(value)),
            .allValues),
        AggregateFunction(
            "map_union", summary: "Union of maps; the first value of a key wins",
            [
                AggregateOverload([.map(key, value)], result: .pattern(.map(key, value))) {
                    types, _ in
                    guard case .map(let key, let value) = types[0] else {
                        return MapAccumulator(.union, keyType: .unknown, valueType: .unknown)
                    }
                    return MapAccumulator(.union, keyType: key, valueType: value)
                }
            ]),
        AggregateFunction(
            "histogram", summary: "Map of values to their counts",
            [
                AggregateOverload([key], result: .pattern(.map(key, .exact(.bigint)))) { types, _ in
                    MapAccumulator(.counts, keyType: types[0], valueType: nil)
                }
            ]),
        AggregateFunction(
            "approx_most_frequent", summary: "Most frequent values with their counts",
            [
                AggregateOverload(
                    [.exact(.bigint), key, .exact(.bigint)],
                    result: .pattern(.map(key, .exact(.bigint)))
                ) { types, _ in
                    MapAccumulator(.mostFrequent, keyType: types[1], valueType: nil)
                }
            ]),
    ]

    private static func map(
        _ name: String, _ summary: String, _ result: TypePattern, _ rule: MapAccumulator.Result
    ) -> AggregateFunction {
        let overload = AggregateOverload([key, value], result: .pattern(result)) { types, _ in
            MapAccumulator(rule, keyType: types[0], valueType: types[1])
        }
        return AggregateFunction(name, summary: summary, [overload])
    }

    static let sketches: [AggregateFunction] = [
        AggregateFunction(
            "approx_distinct", summary: "Approximate number of distinct values",
            [
                AggregateOverload([.variable("T")], result: .exact(.bigint)) { types, _ in
                    ApproxDistinctAccumulator(type: types[0])
                },
                AggregateOverload(
                    [.variable("T"), .exact(.double)], result: .exact(.bigint)
                ) { types, _ in ApproxDistinctAccumulator(type: types[0]) },
            ]),
        AggregateFunction(
            "approx_percentile", summary: "Value at a share of the ordered values", percentiles),
    ]

    private static let percentiles: [AggregateOverload] = {
        var overloads: [AggregateOverload] = []
        for type in [DataType.bigint, .real, .double] {
            for isWeighted in [false, true] {
                for isList in [false, true] {
                    let share: TypePattern = isList ? .array(.exact(.double)) : .exact(.double)
                    let result: DataType = isList ? .array(type) : type
                    let weights: [TypePattern] = isWeighted ? [.exact(.double)] : []
                    overloads.append(
                        AggregateOverload(
                            [.exact(type)] + weights + [share], result: .exact(result)
                        ) { types, _ in
                            PercentileAccumulator(
                                valueType: types[0], isWeighted: isWeighted, isList: isList)
                        })
                }
            }
        }
        return overloads
    }()

    static func top(isMax: Bool, isBy: Bool) -> AggregateOverload {
        let parameters: [TypePattern] =
            isBy ? [value, key, .exact(.bigint)] : [value, .exact(.bigint)]
        return AggregateOverload(parameters, result: .pattern(.array(value))) { types, _ in
            TopRowsAccumulator(
                isMax: isMax, valueType: types[0], keyType: isBy ? types[1] : types[0],
                isSelfKeyed: !isBy)
        }
    }
}
