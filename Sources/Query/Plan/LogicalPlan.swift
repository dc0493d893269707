import Columnar

/// What a query computes, as a tree of relational operators over columns by position.
///
/// A node sees its input's columns; a join sees left columns, then right columns.
package indirect enum LogicalPlan: Sendable {
    case scan(ScanNode)
    /// Literal rows; `SELECT 1` is a projection over one row without columns.
    case values(rows: [[BoundExpression]], outputs: [OutputColumn])
    case filter(LogicalPlan, BoundExpression)
    case project(LogicalPlan, [NamedExpression])
    case aggregate(AggregateNode)
    case join(JoinNode)
    case unnest(UnnestNode)
    case window(WindowNode)
    case sort(LogicalPlan, [SortKey])
    /// `limit` rows after `offset` in the order of `keys`.
    case topN(LogicalPlan, [SortKey], limit: Int, offset: Int)
    /// nil is no limit.
    case limit(LogicalPlan, limit: Int?, offset: Int)
    /// UNION ALL: inputs of equal types; outputs have the first's names.
    case unionAll([LogicalPlan])
    /// Raises SUBQUERY_MULTIPLE_ROWS on a second row; one row of NULLs on none.
    case enforceSingleRow(LogicalPlan)
}

/// A column that a plan node puts out.
package struct OutputColumn: Hashable, Sendable {
    package var name: String
    package var type: DataType

    package init(name: String, type: DataType) {
        self.name = name
        self.type = type
    }
}

/// An expression with its output name.
package struct NamedExpression: Hashable, Sendable {
    package var expression: BoundExpression
    package var name: String

    package init(_ expression: BoundExpression, name: String) {
        self.expression = expression
        self.name = name
    }
}

/// A table with the columns wanted and the predicates that storage may use to skip.
package struct ScanNode: Sendable {
    package var table: any Table
    /// What the user called it.
    package var name: String
    package var request: ScanRequest
    /// One per `request.columns`.
    package var outputs: [OutputColumn]

    package init(
        table: any Table, name: String, request: ScanRequest, outputs: [OutputColumn]
    ) {
        self.table = table
        self.name = name
        self.request = request
        self.outputs = outputs
    }
}

/// GROUP BY; outputs are the keys, then the aggregates.
///
/// No keys: exactly one row. DISTINCT has no aggregates.
package struct AggregateNode: Sendable {
    package var input: LogicalPlan
    package var keys: [NamedExpression]
    package var aggregates: [AggregateCall]

    package init(input: LogicalPlan, keys: [NamedExpression], aggregates: [AggregateCall]) {
        self.input = input
        self.keys = keys
        self.aggregates = aggregates
    }
}

/// `f(DISTINCT args ORDER BY keys) FILTER (WHERE filter)`.
package struct AggregateCall: Hashable, Sendable {
    package var function: ResolvedFunction
    package var arguments: [BoundExpression]
    package var isDistinct: Bool
    package var orderBy: [SortKey]
    package var filter: BoundExpression?
    package var name: String
    package var range: SourceRange?

    package init(
        function: ResolvedFunction, arguments: [BoundExpression], isDistinct: Bool = false,
        orderBy: [SortKey] = [], filter: BoundExpression? = nil, name: String,
        range: SourceRange? = nil
    ) {
        self.function = function
        self.arguments = arguments
        self.isDistinct = isDistinct
        self.orderBy = orderBy
        self.filter = filter
        self.name = name
        self.range = range
    }
}

/// How unmatched rows fare.
///
/// Semi and anti put out left columns only; mark adds a boolean (NULL = unknown).
package enum JoinKind: Hashable, Sendable {
    case inner, left, right, full, cross
    case semi, anti
    /// `left_key IN (right)`: the three-valued match mark is the last column.
    case mark
}

/// A join: equal key pairs and a residual condition over left ++ right columns.
package struct JoinNode: Sendable {
    package var kind: JoinKind
    package var left: LogicalPlan
    package var right: LogicalPlan
    package var equalities: [JoinEquality]
    package var residual: BoundExpression?

    package init(
        kind: JoinKind, left: LogicalPlan, right: LogicalPlan, equalities: [JoinEquality],
        residual: BoundExpression?
    ) {
        self.kind = kind
        self.left = left
        self.right = right
        self.equalities = equalities
        self.residual = residual
    }
}

/// One `left = right` of a join, of equal types: `left` over left columns, `right` over right columns.
package struct JoinEquality: Hashable, Sendable {
    package var left: BoundExpression
    package var right: BoundExpression

    package init(left: BoundExpression, right: BoundExpression) {
        self.left = left
        self.right = right
    }
}

/// UNNEST beside its input: outputs are the input's columns, the unnested ones, then the ordinality.
///
/// Several arguments are zipped and padded with NULL. An array of rows gives one column per field, a map two.
package struct UnnestNode: Sendable {
    package var input: LogicalPlan
    package var arguments: [BoundExpression]
    /// The unnested columns (all arguments' in order), then `ordinality` if wanted.
    package var outputs: [OutputColumn]
    package var hasOrdinality: Bool
    /// LEFT JOIN UNNEST ...
    ///
    /// ON TRUE: a row without elements stays, padded with NULL.
    package var keepsEmpty: Bool

    package init(
        input: LogicalPlan, arguments: [BoundExpression], outputs: [OutputColumn],
        hasOrdinality: Bool, keepsEmpty: Bool
    ) {
        self.input = input
        self.arguments = arguments
        self.outputs = outputs
        self.hasOrdinality = hasOrdinality
        self.keepsEmpty = keepsEmpty
    }
}

/// Window functions of one PARTITION BY and ORDER BY; outputs are the input's columns, then one per call.
package struct WindowNode: Sendable {
    package var input: LogicalPlan
    package var partitionBy: [BoundExpression]
    package var orderBy: [SortKey]
    package var calls: [WindowCall]

    package init(
        input: LogicalPlan, partitionBy: [BoundExpression], orderBy: [SortKey],
        calls: [WindowCall]
    ) {
        self.input = input
        self.partitionBy = partitionBy
        self.orderBy = orderBy
        self.calls = calls
    }
}

/// One window function call: a ranking or value function, or an aggregate over the frame.
package struct WindowCall: Hashable, Sendable {
    package var function: ResolvedFunction
    package var arguments: [BoundExpression]
    package var filter: BoundExpression?
    package var ignoresNulls: Bool
    package var frame: WindowFrame
    package var name: String
    package var range: SourceRange?

    package init(
        function: ResolvedFunction, arguments: [BoundExpression], filter: BoundExpression? = nil,
        ignoresNulls: Bool = false, frame: WindowFrame, name: String, range: SourceRange? = nil
    ) {
        self.function = function
        self.arguments = arguments
        self.filter = filter
        self.ignoresNulls = ignoresNulls
        self.frame = frame
        self.name = name
        self.range = range
    }
}

/// `ROWS|RANGE|GROUPS BETWEEN start AND end`.
package struct WindowFrame: Hashable, Sendable {
    package enum Unit: Hashable, Sendable { case rows, range, groups }
    package enum Bound: Hashable, Sendable {
        case unboundedPreceding, currentRow, unboundedFollowing
        /// A bigint count; for RANGE the edge itself, the order key less (or plus) the distance.
        case preceding(BoundExpression)
        case following(BoundExpression)
    }

    package var unit: Unit
    package var start: Bound
    package var end: Bound

    package init(unit: Unit, start: Bound, end: Bound) {
        self.unit = unit
        self.start = start
        self.end = end
    }

    /// The frame of a call with ORDER BY and no frame of its own.
    package static let toCurrentRow = WindowFrame(
        unit: .range, start: .unboundedPreceding, end: .currentRow)
    /// The frame of a call without ORDER BY.
    package static let wholePartition = WindowFrame(
        unit: .range, start: .unboundedPreceding, end: .unboundedFollowing)
}

/// One key of ORDER BY.
///
/// Trino's default is NULLS LAST for both directions.
package struct SortKey: Hashable, Sendable {
    package var expression: BoundExpression
    package var isDescending: Bool
    package var nullsFirst: Bool

    package init(
        _ expression: BoundExpression, isDescending: Bool = false, nullsFirst: Bool = false
    ) {
        self.expression = expression
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}
