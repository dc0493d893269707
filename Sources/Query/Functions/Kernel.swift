import Columnar

/// A scalar function over one batch: argument columns in, a column of `count` rows out.
///
/// Arguments come in any form but lazy; constant arguments come as `.constant`. Rows outside the selection
/// may hold garbage: their result is not looked at and their errors must not be recorded.
package typealias ScalarKernel =
    @Sendable (KernelArguments, inout KernelContext) throws(QueryError) -> Column

/// The arguments of one kernel call.
package struct KernelArguments: Sendable {
    package var columns: [Column]
    /// SQL types after coercion, one per argument (lambdas included).
    package var types: [DataType]
    package var resultType: DataType
    package var count: Int
    package var selection: Selection
    /// One per argument; nil where the argument is no lambda (a lambda's column is a constant NULL).
    package var lambdas: [(any LambdaBody)?]

    package init(
        columns: [Column], types: [DataType], resultType: DataType, count: Int,
        selection: Selection = .all, lambdas: [(any LambdaBody)?] = []
    ) {
        self.columns = columns
        self.types = types
        self.resultType = resultType
        self.count = count
        self.selection = selection
        self.lambdas = lambdas
    }
}

/// A lambda ready to run over columns of elements.
package protocol LambdaBody: Sendable {
    /// Runs the body over `count` elements.
    ///
    /// `parameters` are the lambda's parameters; `parentRows` (UInt32, one per element) says which row of the
    /// batch an element belongs to, for captured columns.
    func evaluate(
        parameters: [Column], parentRows: Buffer, count: Int, context: inout KernelContext
    ) throws(QueryError) -> Column
}

/// What a kernel may use besides its arguments: memory, the session, deferred errors, compiled constants.
package struct KernelContext {
    package let pool: BufferPool
    package let session: SessionContext
    /// Errors of single rows; the result row must be NULL.
    package var errors: RowErrors
    /// Compiled constants (patterns, paths, zones) kept for the query, per worker.
    package var memo: [MemoKey: any Sendable] = [:]

    package init(pool: BufferPool, session: SessionContext) {
        self.pool = pool
        self.session = session
        errors = RowErrors()
    }
}

/// Names one compiled constant: what it is and the text that it was compiled from.
package struct MemoKey: Hashable, Sendable {
    package let kind: String
    package let text: [UInt8]

    package init(kind: String, text: [UInt8]) {
        self.kind = kind
        self.text = text
    }
}

/// Errors deferred per row: raised only if a selected row is used, turned to NULL by TRY.
package struct RowErrors: Sendable {
    /// Failed rows with their error, in the order of discovery; empty in the common case.
    package private(set) var rows: [(row: Int, error: QueryError)] = []

    package init() {}

    package var isEmpty: Bool { rows.isEmpty }

    package mutating func record(row: Int, _ error: QueryError) {
        rows.append((row, error))
    }

    package mutating func take() -> [(row: Int, error: QueryError)] {
        defer { rows = [] }
        return rows
    }
}
