import Columnar

/// CAST between every pair of types that Trino allows.
///
/// A kernel records errors per row; TRY_CAST turns them into NULL outside. Widening inside nested types
/// runs the element's kernel over the child column.
package enum Cast {
    /// The kernel of one pair; nil when there is no such cast.
    package static func kernel(from: DataType, to: DataType) -> ScalarKernel? {
        if from == to { return identity }
        switch (from, to) {
        case (.function, _), (_, .function), (_, .unknown): return nil
        case (.unknown, _): return nullKernel(to)
        case (_, .json): return JSONCast.toJSON(from)
        case (.json, _): return JSONCast.fromJSON(to)
        case (_, .varchar(let length)): return TextCast.toVarchar(from, length: length)
        case (_, .char(let length)): return TextCast.toChar(from, length: length)
        case (_, .boolean): return NumberCast.toBoolean(from)
        case (_, .tinyint), (_, .smallint), (_, .integer), (_, .bigint):
            return NumberCast.toInteger(from, to)
        case (_, .real): return NumberCast.toReal(from)
        case (_, .double): return NumberCast.toDouble(from)
        case (_, .decimal(let precision, let scale)):
            return DecimalCast.toDecimal(from, precision: precision, scale: scale)
        case (_, .date): return TimeCast.toDate(from)
        case (_, .time(let precision)): return TimeCast.toTime(from, precision: precision)
        case (_, .timestamp(let precision)):
            return TimeCast.toTimestamp(from, precision: precision)
        case (_, .timestampTZ(let precision)):
            return TimeCast.toTimestampTZ(from, precision: precision)
        case (.varchar, .varbinary), (.char, .varbinary): return identity
        case (.uuid, .varbinary), (.varbinary, .uuid), (.varchar, .uuid):
            return TextCast.uuid(from)
        case (.array, .array), (.map, .map), (.row, .row): return NestedCast.kernel(from, to)
        default: return nil
        }
    }

    /// Same values, same storage.
    static let identity: ScalarKernel = { (arguments, context) throws(QueryError) in
        arguments.columns[0]
    }

    private static func nullKernel(_ type: DataType) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            do throws(ColumnarError) {
                let null = try Column.from([.null], type: type, pool: context.pool)
                return .constant(ConstantColumn(null, count: arguments.count))
            } catch { throw QueryError(error) }
        }
    }
}

extension QueryError {
    /// INVALID_CAST_ARGUMENT with a message.
    static func badCast(_ message: String) -> QueryError {
        QueryError(.invalidCastArgument, message)
    }
}
