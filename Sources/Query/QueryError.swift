import Columnar
import Glibc

/// What is wrong with a query or its data, with Trino's error name and wording.
///
/// Source: Trino 401 `StandardErrorCode`. The message carries no position; `location` does.
package struct QueryError: Error, Hashable, Sendable {
    package var code: QueryErrorCode
    package var message: String
    /// Where in the SQL text, when known.
    package var range: SourceRange?
    /// What to do about it: a nearest name, another spelling.
    package var hint: String?

    package init(
        _ code: QueryErrorCode, _ message: String, at range: SourceRange? = nil,
        hint: String? = nil
    ) {
        self.code = code
        self.message = message
        self.range = range
        self.hint = hint
    }
}

/// Trino's error names that this engine raises; the raw value is the name.
package enum QueryErrorCode: String, Sendable, Hashable {
    case syntaxError = "SYNTAX_ERROR"
    case columnNotFound = "COLUMN_NOT_FOUND"
    case tableNotFound = "TABLE_NOT_FOUND"
    case schemaNotFound = "SCHEMA_NOT_FOUND"
    case catalogNotFound = "CATALOG_NOT_FOUND"
    case functionNotFound = "FUNCTION_NOT_FOUND"
    case typeMismatch = "TYPE_MISMATCH"
    case typeNotFound = "TYPE_NOT_FOUND"
    case ambiguousName = "AMBIGUOUS_NAME"
    case duplicateColumnName = "DUPLICATE_COLUMN_NAME"
    case duplicateNamedQuery = "DUPLICATE_NAMED_QUERY"
    case mismatchedColumnAliases = "MISMATCHED_COLUMN_ALIASES"
    case expressionNotAggregate = "EXPRESSION_NOT_AGGREGATE"
    case expressionNotScalar = "EXPRESSION_NOT_SCALAR"
    case expressionNotInDistinct = "EXPRESSION_NOT_IN_DISTINCT"
    case expressionNotConstant = "EXPRESSION_NOT_CONSTANT"
    case functionNotAggregate = "FUNCTION_NOT_AGGREGATE"
    case functionNotWindow = "FUNCTION_NOT_WINDOW"
    case nestedAggregation = "NESTED_AGGREGATION"
    case nestedWindow = "NESTED_WINDOW"
    case missingOver = "MISSING_OVER"
    case missingOrderBy = "MISSING_ORDER_BY"
    case missingGroupBy = "MISSING_GROUP_BY"
    case invalidWindowFrame = "INVALID_WINDOW_FRAME"
    case invalidColumnReference = "INVALID_COLUMN_REFERENCE"
    case invalidFunctionArgument = "INVALID_FUNCTION_ARGUMENT"
    case invalidCastArgument = "INVALID_CAST_ARGUMENT"
    case invalidLiteral = "INVALID_LITERAL"
    case invalidLimitClause = "INVALID_LIMIT_CLAUSE"
    case numericValueOutOfRange = "NUMERIC_VALUE_OUT_OF_RANGE"
    case divisionByZero = "DIVISION_BY_ZERO"
    case subqueryMultipleRows = "SUBQUERY_MULTIPLE_ROWS"
    case unsupportedSubquery = "UNSUPPORTED_SUBQUERY"
    case notSupported = "NOT_SUPPORTED"
    case exceededMemoryLimit = "EXCEEDED_LOCAL_MEMORY_LIMIT"
    case exceededFunctionMemory = "EXCEEDED_FUNCTION_MEMORY_LIMIT"
    case userCanceled = "USER_CANCELED"
    case badData = "HIVE_BAD_DATA"
    case cannotOpen = "HIVE_CANNOT_OPEN_SPLIT"
    /// Ours: the table has rows that are archived, and the query asked to fail then.
    case archivedRows = "ARCHIVED_ROWS"
    case internalError = "GENERIC_INTERNAL_ERROR"
}

extension QueryErrorCode {
    /// TRY and try_cast turn exactly these into NULL.
    package var isCaughtByTry: Bool {
        switch self {
        case .divisionByZero, .invalidCastArgument, .invalidFunctionArgument,
            .numericValueOutOfRange:
            true
        default: false
        }
    }

    /// Whether the fault is ours (exit 2) rather than the user's or the data's (exit 1).
    package var isInternal: Bool { self == .internalError }
}

extension QueryError {
    /// What storage reported, in the engine's words.
    package init(_ error: ColumnarError) {
        switch error {
        case .io(let operation, let path, let errorNumber):
            self.init(
                .cannotOpen, "\(operation) \(path): \(String(cString: strerror(errorNumber)))")
        case .corrupt(let location, let reason):
            self.init(.badData, "\(location): \(reason)")
        case .unsupported(let location, let feature):
            self.init(.notSupported, "\(location): \(feature) is not supported")
        case .limit(let name, let value, let limit, let location):
            let place = location.map { "\($0): " } ?? ""
            self.init(.badData, "\(place)\(name) is \(value), the limit is \(limit)")
        case .memoryLimit(let requestedBytes, let limitBytes):
            self.init(
                .exceededMemoryLimit,
                "Query exceeded the memory limit of \(limitBytes) bytes (asked for \(requestedBytes) more)"
            )
        case .json(let reason, _, _):
            self.init(.invalidFunctionArgument, "Invalid JSON: \(reason)")
        case .cancelled:
            self.init(.userCanceled, "Query was canceled")
        }
    }
}

/// Runs a Columnar call and rethrows its error as a `QueryError`.
@inline(__always)
package func storage<T>(
    _ body: () throws(ColumnarError) -> T
) throws(QueryError) -> T {
    do {
        return try body()
    } catch {
        throw QueryError(error)
    }
}
