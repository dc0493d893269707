import Columnar

/// A function that stands for a table in FROM: `read_parquet('data/*.parquet')`.
///
/// A catalog lists its functions in `Catalog.tableFunctions`. The binder checks names, kinds and presence
/// of the arguments by `parameters`, so that `table` sees only what it declared. Both forms call it:
/// `from f('x', option => true)` and Trino's `from table(f('x', option => true))`.
package protocol TableFunction: Sendable {
    /// The name in lower case.
    var name: String { get }
    /// One sentence for `SHOW FUNCTIONS`.
    var summary: String { get }
    /// Parameters in positional order.
    var parameters: [TableParameter] { get }
    /// The table that a call means; errors without a position get the call's.
    ///
    /// `TableArguments.invalid` makes an error that points at one argument.
    func table(_ arguments: TableArguments) throws(QueryError) -> any Table
}

/// One parameter of a table function.
package struct TableParameter: Sendable, Hashable {
    /// What an argument may be; every one is a constant.
    package enum Kind: Sendable, Hashable {
        case text
        /// A text or an array of texts.
        case texts
        case boolean
        case integer

        var description: String {
            switch self {
            case .text: "varchar"
            case .texts: "varchar or array(varchar)"
            case .boolean: "boolean"
            case .integer: "bigint"
            }
        }
    }

    package var name: String
    package var kind: Kind
    package var isRequired: Bool

    package init(_ name: String, _ kind: Kind, isRequired: Bool = false) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
    }
}

/// The constant arguments of one call, by parameter name; absent ones and NULLs are nil.
package struct TableArguments: Sendable {
    private struct Argument {
        var value: Value
        var range: SourceRange?
    }

    private var arguments: [String: Argument] = [:]

    /// A call made by the program itself, without a place in any text.
    package init(_ values: [String: Value] = [:]) {
        arguments = values.mapValues { Argument(value: $0) }
    }

    mutating func add(_ value: Value, for name: String, at range: SourceRange) {
        arguments[name] = Argument(value: value, range: range)
    }

    package func text(_ name: String) -> String? {
        guard case .text(let text)? = arguments[name]?.value else { return nil }
        return text
    }

    /// The texts of a `.texts` parameter.
    package func texts(_ name: String) -> [String]? {
        switch arguments[name]?.value {
        case .text(let text)?: return [text]
        case .list(let values)?:
            return values.compactMap { value in
                if case .text(let text) = value { text } else { nil }
            }
        default: return nil
        }
    }

    package func boolean(_ name: String) -> Bool? {
        guard case .boolean(let value)? = arguments[name]?.value else { return nil }
        return value
    }

    package func integer(_ name: String) -> Int? {
        guard case .int(let value)? = arguments[name]?.value else { return nil }
        return Int(value)
    }

    /// Where an argument stands, for errors; nil without a text or without the argument.
    package func range(of name: String) -> SourceRange? { arguments[name]?.range }

    /// INVALID_FUNCTION_ARGUMENT that points at one argument.
    package func invalid(_ name: String, _ message: String, hint: String? = nil) -> QueryError {
        QueryError(
            .invalidFunctionArgument, message, at: arguments[name]?.range, hint: hint)
    }
}
