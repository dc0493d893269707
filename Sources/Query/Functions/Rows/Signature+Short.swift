import Columnar

/// Short spellings for the signatures of the standard functions.
extension TypePattern {
    static let boolean = TypePattern.exact(.boolean)
    static let tinyint = TypePattern.exact(.tinyint)
    static let smallint = TypePattern.exact(.smallint)
    static let integer = TypePattern.exact(.integer)
    static let bigint = TypePattern.exact(.bigint)
    static let real = TypePattern.exact(.real)
    static let double = TypePattern.exact(.double)
    static let varbinary = TypePattern.exact(.varbinary)
    static let json = TypePattern.exact(.json)
    static let date = TypePattern.exact(.date)
    static let daySecond = TypePattern.exact(.intervalDayToSecond)
    static let yearMonth = TypePattern.exact(.intervalYearToMonth)
    static let t = TypePattern.variable("T")
    static let u = TypePattern.variable("U")
    static let k = TypePattern.variable("K")
    static let v = TypePattern.variable("V")
}

extension ResultRule {
    static let boolean = ResultRule.exact(.boolean)
    static let bigint = ResultRule.exact(.bigint)
    static let double = ResultRule.exact(.double)
    static let text = ResultRule.exact(.text)
    static let varbinary = ResultRule.exact(.varbinary)
    static let json = ResultRule.exact(.json)
    static let date = ResultRule.exact(.date)
    static let texts = ResultRule.exact(.array(.text))
    /// The type of the first argument.
    static let first = ResultRule.computed { $0[0] }
}

extension QueryError {
    /// INVALID_FUNCTION_ARGUMENT with a message.
    static func argument(_ message: String) -> QueryError {
        QueryError(.invalidFunctionArgument, message)
    }

    /// NUMERIC_VALUE_OUT_OF_RANGE with a message.
    static func outOfRange(_ message: String) -> QueryError {
        QueryError(.numericValueOutOfRange, message)
    }
}
