import Columnar

/// Matches argument types against one signature: binds type variables, counts the cost of conversions.
struct TypeUnifier {
    /// Types bound to variables so far.
    private(set) var bindings: [String: DataType] = [:]
    /// Steps of widening over all arguments; 0 is an exact match.
    private(set) var cost = 0

    /// Gathers the variables of a pattern from an argument's type; false if they cannot match.
    mutating func gather(_ pattern: TypePattern, _ type: DataType) -> Bool {
        switch (pattern, type) {
        case (.variable(let name), _):
            guard let held = bindings[name] else {
                bindings[name] = type
                return true
            }
            guard let common = Coercion.commonSuperType(held, type) else { return false }
            bindings[name] = common
            return true
        case (.row(let name), .row), (.row(let name), .unknown):
            bindings[name] = bindings[name] ?? type
            return true
        case (.array(let element), .array(let type)): return gather(element, type)
        case (.array(let element), .unknown): return gather(element, .unknown)
        case (.map(let key, let value), .map(let keyType, let valueType)):
            return gather(key, keyType) && gather(value, valueType)
        case (.map(let key, let value), .unknown):
            return gather(key, .unknown) && gather(value, .unknown)
        case (.function, _): return true
        case (.array, _), (.map, _), (.row, _): return false
        default: return true
        }
    }

    /// The type to which an argument is converted, or nil if it cannot be; adds to the cost.
    mutating func target(_ pattern: TypePattern, _ type: DataType) -> DataType? {
        guard let target = wanted(pattern, for: type), Coercion.isImplicit(from: type, to: target)
        else { return nil }
        cost += Self.distance(type, target)
        return target
    }

    private func wanted(_ pattern: TypePattern, for type: DataType) -> DataType? {
        switch pattern {
        case .exact(let exact): return exact
        case .varchar:
            if case .varchar = type { return type }
            return .text
        case .decimal:
            if case .decimal = type { return type }
            return type.isInteger
                ? Coercion.decimal(holding: type) : .decimal(precision: 38, scale: 0)
        case .timestamp:
            if case .timestamp = type { return type }
            return .timestamp(precision: 3)
        case .timestampTZ:
            switch type {
            case .timestampTZ: return type
            case .timestamp(let precision): return .timestampTZ(precision: precision)
            default: return .timestampTZ(precision: 3)
            }
        case .time:
            if case .time = type { return type }
            return .time(precision: 3)
        default: return instantiate(pattern)
        }
    }

    /// A pattern with its variables replaced by what they are bound to.
    func instantiate(_ pattern: TypePattern) -> DataType? {
        switch pattern {
        case .exact(let type): return type
        case .varchar: return .text
        case .decimal: return .decimal(precision: 38, scale: 0)
        case .timestamp: return .timestamp(precision: 3)
        case .timestampTZ: return .timestampTZ(precision: 3)
        case .time: return .time(precision: 3)
        case .variable(let name), .row(let name): return bindings[name]
        case .array(let element): return instantiate(element).map { .array($0) }
        case .map(let key, let value):
            guard let key = instantiate(key), let value = instantiate(value) else { return nil }
            return .map(key: key, value: value)
        case .function(let parameters, let result):
            var types: [DataType] = []
            for parameter in parameters {
                guard let type = instantiate(parameter) else { return nil }
                types.append(type)
            }
            guard let result = instantiate(result) else { return nil }
            return .function(arguments: types, result: result)
        }
    }

    /// How far a conversion widens; the order of numbers is the order of preference.
    private static func distance(_ from: DataType, _ to: DataType) -> Int {
        if from == to { return 0 }
        switch (from, to) {
        case (.unknown, _): return 0
        case (.varchar, .varchar): return 0
        case (.array(let x), .array(let y)): return distance(x, y)
        case (.map(let k1, let v1), .map(let k2, let v2)):
            return distance(k1, k2) + distance(v1, v2)
        default: return max(1, 2 * (rank(to) - rank(from)))
        }
    }

    private static func rank(_ type: DataType) -> Int {
        switch type {
        case .tinyint: 0
        case .smallint: 1
        case .integer: 2
        case .bigint: 3
        case .decimal: 4
        case .double: 5
        case .real: 6
        case .date: 0
        case .timestamp: 1
        case .timestampTZ: 2
        default: 0
        }
    }
}
