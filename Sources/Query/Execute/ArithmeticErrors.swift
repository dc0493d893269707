import Columnar

/// Trino's words for arithmetic that failed on one row.
enum ArithmeticErrors {
    static func error(
        _ failure: ArithmeticFailure, _ op: ArithmeticOperator, _ a: Column, _ b: Column,
        type: DataType, operandType: DataType, at range: SourceRange?
    ) throws(ColumnarError) -> QueryError {
        if failure.kind == .divisionByZero {
            return QueryError(.divisionByZero, "Division by zero", at: range)
        }
        if case .decimal = type {
            return QueryError(.numericValueOutOfRange, "Decimal overflow", at: range)
        }
        let left = try text(a, failure.row, operandType)
        let right = try text(b, failure.row, operandType)
        return QueryError(
            .numericValueOutOfRange,
            "\(type) \(noun(op)) overflow: \(left) \(symbol(op)) \(right)", at: range)
    }

    static func negation(
        _ a: Column, row: Int, type: DataType, at range: SourceRange?
    ) throws(ColumnarError) -> QueryError {
        QueryError(
            .numericValueOutOfRange, "\(type) negation overflow: \(try text(a, row, type))",
            at: range)
    }

    private static func text(
        _ column: Column, _ row: Int, _ type: DataType
    ) throws(ColumnarError) -> String {
        if case .int(let value) = try column.value(at: row, type: type) { return "\(value)" }
        return ""
    }

    private static func noun(_ op: ArithmeticOperator) -> String {
        switch op {
        case .add: "addition"
        case .subtract: "subtraction"
        case .multiply: "multiplication"
        case .divide: "division"
        case .modulus: "modulus"
        }
    }

    private static func symbol(_ op: ArithmeticOperator) -> String {
        switch op {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .modulus: "%"
        }
    }
}
