import Columnar

/// An expression as Trino writes it in messages: operators in parentheses, keywords upper case.
///
/// Source: Trino 401 `ExpressionFormatter`.
enum ExpressionText {
    static func of(_ expression: Expression) -> String {
        switch expression.kind {
        case .literal(let literal): text(literal)
        case .identifier(let name): text(name)
        case .dereference(let base, let field): "\(of(base)).\(text(field))"
        case .arithmetic(let op, let a, let b): "(\(of(a)) \(op.symbol) \(of(b)))"
        case .compare(let op, let a, let b): "(\(of(a)) \(op.symbol) \(of(b)))"
        case .concat(let a, let b): "concat(\(of(a)), \(of(b)))"
        case .and(let terms): "(\(terms.map(of).joined(separator: " AND ")))"
        case .or(let terms): "(\(terms.map(of).joined(separator: " OR ")))"
        case .not(let operand): "(NOT \(of(operand)))"
        case .negate(let operand): "-\(of(operand))"
        case .plus(let operand): "+\(of(operand))"
        default: compound(expression)
        }
    }

    private static func compound(_ expression: Expression) -> String {
        switch expression.kind {
        case .isNull(let operand, let isNegated):
            "(\(of(operand)) IS \(isNegated ? "NOT " : "")NULL)"
        case .isTruth(let operand, let truth, let isNegated):
            "(\(of(operand)) IS \(isNegated ? "NOT " : "")\(name(of: truth)))"
        case .between(let value, let low, let high, let isNegated, _):
            "(\(of(value)) \(negation(isNegated))BETWEEN \(of(low)) AND \(of(high)))"
        case .inList(let value, let list, let isNegated):
            "(\(of(value)) \(negation(isNegated))IN (\(commas(list))))"
        case .inSubquery(let value, _, let isNegated):
            "(\(of(value)) \(negation(isNegated))IN (<subquery>))"
        case .like(let value, let pattern, let escape, let isNegated):
            "(\(of(value)) \(negation(isNegated))LIKE \(of(pattern))"
                + (escape.map { " ESCAPE \(of($0))" } ?? "") + ")"
        case .exists: "(EXISTS (<subquery>))"
        case .quantified(let op, let quantifier, let value, _):
            "(\(of(value)) \(op.symbol) \(quantifier == .all ? "ALL" : "ANY") (<subquery>))"
        case .subquery: "(<subquery>)"
        case .caseWhen(let operand, let whens, let otherwise):
            "(CASE" + (operand.map { " \(of($0))" } ?? "")
                + whens.map { " WHEN \(of($0.condition)) THEN \(of($0.result))" }.joined()
                + (otherwise.map { " ELSE \(of($0))" } ?? "") + " END)"
        case .cast(let operand, let type, let isTry):
            "\(isTry ? "TRY_CAST" : "CAST")(\(of(operand)) AS \(text(type)))"
        case .extract(let field, let operand):
            "EXTRACT(\(field.text.uppercased()) FROM \(of(operand)))"
        case .atTimeZone(let value, let zone): "\(of(value)) AT TIME ZONE \(of(zone))"
        case .array(let elements): "ARRAY[\(commas(elements, separator: ","))]"
        case .row(let fields): "ROW (\(commas(fields)))"
        case .element(let base, let index): "\(of(base))[\(of(index))]"
        case .lambda(let parameters, let body):
            "(\(parameters.map(text).joined(separator: ", "))) -> \(of(body))"
        case .call(let call): text(call)
        case .currentValue(let value, let precision):
            value.rawValue + (precision.map { "(\($0))" } ?? "")
        default: ""
        }
    }

    private static func text(_ call: FunctionCall) -> String {
        var result = call.name.map(text).joined(separator: ".") + "("
        if call.isStar { result += "*" }
        if call.isDistinct { result += "DISTINCT " }
        result += commas(call.arguments)
        if !call.orderBy.isEmpty {
            result += " ORDER BY " + call.orderBy.map { of($0.expression) }.joined(separator: ", ")
        }
        result += ")"
        if let filter = call.filter { result += " FILTER (WHERE \(of(filter)))" }
        if call.ignoresNulls { result += " IGNORE NULLS" }
        switch call.window {
        case .named(let name): result += " OVER \(text(name))"
        case .inline(let window): result += " OVER (\(text(window)))"
        case nil: break
        }
        return result
    }

    private static func text(_ window: WindowSpecification) -> String {
        var parts: [String] = []
        if let existing = window.existing { parts.append(text(existing)) }
        if !window.partitionBy.isEmpty {
            parts.append("PARTITION BY \(commas(window.partitionBy))")
        }
        if !window.orderBy.isEmpty {
            parts.append("ORDER BY \(commas(window.orderBy.map(\.expression)))")
        }
        return parts.joined(separator: " ")
    }

    private static func text(_ literal: Literal) -> String {
        switch literal {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let digits), .double(let digits): digits
        case .decimal(let digits): "DECIMAL '\(digits)'"
        case .string(let value): quoted(value)
        case .binary: "X'..'"
        case .typed(let type, let value): "\(type.name.uppercased()) \(quoted(value))"
        case .interval(let value, let isNegative, let from, let to):
            "INTERVAL \(isNegative ? "- " : "")\(quoted(value)) \(from.rawValue)"
                + (to.map { " TO \($0.rawValue)" } ?? "")
        }
    }

    private static func text(_ name: Name) -> String {
        name.isQuoted ? "\"\(name.text)\"" : name.text
    }

    private static func text(_ type: TypeName) -> String {
        var parts: [String] = type.numbers.map { "\($0)" }
        for (index, part) in type.types.enumerated() {
            let name = index < type.fieldNames.count ? type.fieldNames[index] : nil
            parts.append((name.map { "\($0) " } ?? "") + text(part))
        }
        return parts.isEmpty ? type.name : "\(type.name)(\(parts.joined(separator: ", ")))"
    }

    private static func quoted(_ value: String) -> String {
        var result = "'"
        for character in value.unicodeScalars {
            result.unicodeScalars.append(character)
            if character == "'" { result.unicodeScalars.append(character) }
        }
        return result + "'"
    }

    private static func negation(_ isNegated: Bool) -> String { isNegated ? "NOT " : "" }

    private static func name(of truth: Bool?) -> String {
        truth.map { $0 ? "TRUE" : "FALSE" } ?? "UNKNOWN"
    }

    private static func commas(_ list: [Expression], separator: String = ", ") -> String {
        list.map(of).joined(separator: separator)
    }
}

extension ArithmeticOperator {
    /// The operator as SQL writes it.
    package var symbol: String {
        switch self {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .modulus: "%"
        }
    }
}

extension Comparison {
    /// The operator as SQL writes it.
    package var symbol: String {
        switch self {
        case .equal: "="
        case .notEqual: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .isDistinctFrom: "IS DISTINCT FROM"
        case .isNotDistinctFrom: "IS NOT DISTINCT FROM"
        }
    }
}
