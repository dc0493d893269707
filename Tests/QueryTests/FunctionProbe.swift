import Columnar

@testable import Query

/// Calls standard functions directly, without binder or evaluator.
enum FunctionProbe {
    static let nowMicros: Int64 = 1_600_000_000_123_000

    static func context() -> KernelContext {
        KernelContext(
            pool: BufferPool(),
            session: SessionContext(nowMicros: nowMicros, randomSeed: 42))
    }

    /// The result of one call over one row, or the error it raised.
    static func call(
        _ name: String, _ arguments: [(Value, DataType)]
    ) throws(QueryError) -> Value {
        try evaluate(name, arguments).value
    }

    static func evaluate(
        _ name: String, _ arguments: [(Value, DataType)]
    ) throws(QueryError) -> (value: Value, type: DataType) {
        guard let function = FunctionRegistry.standard.scalars[name] else {
            throw QueryError(.functionNotFound, "Function '\(name)' not registered")
        }
        let types = arguments.map(\.1)
        guard let overload = function.overloads.first(where: { $0.accepts(types) }) else {
            throw QueryError(.functionNotFound, "\(name)(\(types)) does not match")
        }
        var context = context()
        var columns: [Column] = []
        do {
            for (value, type) in arguments {
                columns.append(try Column.from([value], type: type, pool: context.pool))
            }
        } catch { throw QueryError(error) }
        let result = overload.resultType(types)
        let output = try overload.kernel(
            KernelArguments(
                columns: columns, types: types, resultType: result, count: 1,
                lambdas: columns.map { _ in nil }), &context)
        if let first = context.errors.take().first { throw first.error }
        return (
            try storage { () throws(ColumnarError) in
                try output.value(at: 0, type: result)
            }, result
        )
    }
}

extension ScalarOverload {
    /// Whether the overload takes exactly these types (variables bind to the first type they meet).
    func accepts(_ types: [DataType]) -> Bool {
        var patterns = parameters
        if isVariadic, let last = patterns.popLast() {
            guard types.count >= patterns.count else { return false }
            while patterns.count < types.count { patterns.append(last) }
        }
        guard patterns.count == types.count else { return false }
        var bound: [String: DataType] = [:]
        return zip(patterns, types).allSatisfy { $0.matches($1, &bound) }
    }

    func resultType(_ types: [DataType]) -> DataType {
        switch result {
        case .exact(let type): return type
        case .computed(let body): return body(types)
        case .pattern(let pattern):
            var bound: [String: DataType] = [:]
            var patterns = parameters
            while patterns.count < types.count, let last = patterns.last { patterns.append(last) }
            for (pattern, type) in zip(patterns, types) { _ = pattern.matches(type, &bound) }
            return pattern.type(bound)
        }
    }
}

extension TypePattern {
    func matches(_ type: DataType, _ bound: inout [String: DataType]) -> Bool {
        switch (self, type) {
        case (.exact(let wanted), _): return wanted == type
        case (.varchar, .varchar), (.decimal, .decimal), (.timestamp, .timestamp),
            (.timestampTZ, .timestampTZ), (.time, .time):
            return true
        case (.variable(let name), _), (.row(let name), .row):
            if let known = bound[name] { return known == type }
            bound[name] = type
            return true
        case (.array(let element), .array(let type)): return element.matches(type, &bound)
        case (.map(let key, let value), .map(let keyType, let valueType)):
            return key.matches(keyType, &bound) && value.matches(valueType, &bound)
        case (.function(let arguments, let result), .function(let types, let resultType)):
            return arguments.count == types.count
                && zip(arguments, types).allSatisfy { $0.matches($1, &bound) }
                && result.matches(resultType, &bound)
        default: return false
        }
    }

    func type(_ bound: [String: DataType]) -> DataType {
        switch self {
        case .exact(let type): type
        case .variable(let name), .row(let name): bound[name] ?? .unknown
        case .array(let element): .array(element.type(bound))
        case .map(let key, let value): .map(key: key.type(bound), value: value.type(bound))
        case .varchar: .text
        case .decimal: .decimal(precision: 38, scale: 0)
        case .timestamp: .timestamp(precision: 3)
        case .timestampTZ: .timestampTZ(precision: 3)
        case .time: .time(precision: 3)
        case .function: .unknown
        }
    }
}
