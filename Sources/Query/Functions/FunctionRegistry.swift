import Columnar

/// Every function by name; the binder resolves against it, SHOW FUNCTIONS lists it.
package struct FunctionRegistry: Sendable {
    /// By name and by alias.
    package let scalars: [String: ScalarFunction]
    package let aggregates: [String: AggregateFunction]
    package let windows: [String: WindowFunction]

    package init(
        scalars: [ScalarFunction], aggregates: [AggregateFunction], windows: [WindowFunction]
    ) {
        var byName: [String: ScalarFunction] = [:]
        for function in scalars {
            for name in [function.name] + function.aliases {
                precondition(byName[name] == nil, "two scalar functions named \(name)")
                byName[name] = function
            }
        }
        self.scalars = byName
        var aggregatesByName: [String: AggregateFunction] = [:]
        for function in aggregates {
            for name in [function.name] + function.aliases { aggregatesByName[name] = function }
        }
        self.aggregates = aggregatesByName
        var windowsByName: [String: WindowFunction] = [:]
        for function in windows { windowsByName[function.name] = function }
        self.windows = windowsByName
    }
}
