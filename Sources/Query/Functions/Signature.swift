import Columnar

/// The pattern of one parameter or result type, with type variables.
package indirect enum TypePattern: Hashable, Sendable {
    case exact(DataType)
    /// varchar or varchar(n); char coerces to it.
    case varchar
    /// Any decimal; keeps precision and scale.
    case decimal
    /// timestamp of any precision.
    case timestamp
    /// timestamp with time zone of any precision.
    case timestampTZ
    /// time of any precision.
    case time
    /// Any type; equal variables must unify to a common super type.
    case variable(String)
    case array(TypePattern)
    case map(TypePattern, TypePattern)
    /// Any row type, bound to the variable.
    case row(String)
    /// A lambda: parameter patterns and result pattern.
    case function([TypePattern], TypePattern)
}

/// How an overload's result type follows from its arguments.
package enum ResultRule: Sendable {
    case exact(DataType)
    /// The pattern with its variables replaced.
    case pattern(TypePattern)
    /// Computed from the coerced argument types.
    case computed(@Sendable ([DataType]) -> DataType)
}

/// One signature of a scalar function with its kernel.
package struct ScalarOverload: Sendable {
    package var parameters: [TypePattern]
    /// The last parameter may repeat, zero times or more.
    package var isVariadic: Bool
    package var result: ResultRule
    package var kernel: ScalarKernel
    /// False for random(), uuid(): never folded, never run on dictionary entries.
    package var isDeterministic: Bool

    package init(
        _ parameters: [TypePattern], isVariadic: Bool = false, result: ResultRule,
        isDeterministic: Bool = true, kernel: @escaping ScalarKernel
    ) {
        self.parameters = parameters
        self.isVariadic = isVariadic
        self.result = result
        self.isDeterministic = isDeterministic
        self.kernel = kernel
    }
}

/// A scalar function: a name, other names, its signatures in order of preference.
package struct ScalarFunction: Sendable {
    package var name: String
    package var aliases: [String]
    package var overloads: [ScalarOverload]
    /// One line for SHOW FUNCTIONS.
    package var summary: String

    package init(
        _ name: String, aliases: [String] = [], summary: String, _ overloads: [ScalarOverload]
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.overloads = overloads
    }
}

/// One signature of an aggregate, also usable over a window frame.
package struct AggregateOverload: Sendable {
    package var parameters: [TypePattern]
    package var isVariadic: Bool
    package var result: ResultRule
    /// Makes an empty accumulator for coerced argument types and the result type.
    package var makeAccumulator: @Sendable ([DataType], DataType) -> any Accumulator

    package init(
        _ parameters: [TypePattern], isVariadic: Bool = false, result: ResultRule,
        makeAccumulator: @escaping @Sendable ([DataType], DataType) -> any Accumulator
    ) {
        self.parameters = parameters
        self.isVariadic = isVariadic
        self.result = result
        self.makeAccumulator = makeAccumulator
    }
}

/// An aggregate function.
package struct AggregateFunction: Sendable {
    package var name: String
    package var aliases: [String]
    package var overloads: [AggregateOverload]
    package var summary: String

    package init(
        _ name: String, aliases: [String] = [], summary: String, _ overloads: [AggregateOverload]
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.overloads = overloads
    }
}

/// A ranking or value window function; `kind` tells the operator what to do.
package struct WindowFunction: Sendable {
    package var name: String
    package var kind: WindowFunctionKind
    package var summary: String
    /// Alternative parameter lists.
    package var parameters: [[TypePattern]]
    package var result: ResultRule

    package init(
        _ name: String, kind: WindowFunctionKind, summary: String, parameters: [[TypePattern]],
        result: ResultRule
    ) {
        self.name = name
        self.kind = kind
        self.summary = summary
        self.parameters = parameters
        self.result = result
    }
}

/// The ranking and value functions; aggregates over a frame are not among them.
package enum WindowFunctionKind: String, Sendable, Hashable {
    case rowNumber, rank, denseRank, percentRank, cumeDist, ntile
    case lag, lead, firstValue, lastValue, nthValue
}

/// The function that a call was resolved to, with its types; equal ones compute the same.
package struct ResolvedFunction: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case scalar, aggregate, window }

    package var kind: Kind
    /// The registry's name, not an alias.
    package var name: String
    /// Position in `overloads` (or in `WindowFunction.parameters`).
    package var overload: Int
    /// Types of the arguments after coercion.
    package var argumentTypes: [DataType]
    package var resultType: DataType

    package init(
        kind: Kind, name: String, overload: Int, argumentTypes: [DataType], resultType: DataType
    ) {
        self.kind = kind
        self.name = name
        self.overload = overload
        self.argumentTypes = argumentTypes
        self.resultType = resultType
    }
}
