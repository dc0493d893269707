import Columnar

/// Makes kernels of functions over single rows: NULL in, NULL out; thrown errors are deferred.
///
/// The bodies are generic over their Swift types only inside this module, so that the optimiser
/// specialises each of them; a body's nil is NULL.
enum RowKernel {
    static func of<A: RowArgument, R: RowResult>(
        _ body: @escaping @Sendable (A) throws(QueryError) -> R?
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let a = try arguments.reader(0, as: A.self, context)
            return try arguments.collect(R.self, &context) { row throws(QueryError) in
                guard let x = a.row(row) else { return nil }
                return try body(x)
            }
        }
    }

    static func of<A: RowArgument, B: RowArgument, R: RowResult>(
        _ body: @escaping @Sendable (A, B) throws(QueryError) -> R?
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let a = try arguments.reader(0, as: A.self, context)
            let b = try arguments.reader(1, as: B.self, context)
            return try arguments.collect(R.self, &context) { row throws(QueryError) in
                guard let x = a.row(row), let y = b.row(row) else { return nil }
                return try body(x, y)
            }
        }
    }

    static func of<A: RowArgument, B: RowArgument, C: RowArgument, R: RowResult>(
        _ body: @escaping @Sendable (A, B, C) throws(QueryError) -> R?
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let a = try arguments.reader(0, as: A.self, context)
            let b = try arguments.reader(1, as: B.self, context)
            let c = try arguments.reader(2, as: C.self, context)
            return try arguments.collect(R.self, &context) { row throws(QueryError) in
                guard let x = a.row(row), let y = b.row(row), let z = c.row(row) else {
                    return nil
                }
                return try body(x, y, z)
            }
        }
    }

    /// A text composed from one argument; the body says false for NULL.
    static func text<A: RowArgument>(
        _ body: @escaping @Sendable (A, inout TextOutput) throws(QueryError) -> Bool
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let a = try arguments.reader(0, as: A.self, context)
            return try arguments.collectText(&context) { (row, output) throws(QueryError) in
                guard let x = a.row(row) else { return false }
                return try body(x, &output)
            }
        }
    }

    static func text<A: RowArgument, B: RowArgument>(
        _ body: @escaping @Sendable (A, B, inout TextOutput) throws(QueryError) -> Bool
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let a = try arguments.reader(0, as: A.self, context)
            let b = try arguments.reader(1, as: B.self, context)
            return try arguments.collectText(&context) { (row, output) throws(QueryError) in
                guard let x = a.row(row), let y = b.row(row) else { return false }
                return try body(x, y, &output)
            }
        }
    }

    static func text<A: RowArgument, B: RowArgument, C: RowArgument>(
        _ body: @escaping @Sendable (A, B, C, inout TextOutput) throws(QueryError) -> Bool
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let a = try arguments.reader(0, as: A.self, context)
            let b = try arguments.reader(1, as: B.self, context)
            let c = try arguments.reader(2, as: C.self, context)
            return try arguments.collectText(&context) { (row, output) throws(QueryError) in
                guard let x = a.row(row), let y = b.row(row), let z = c.row(row) else {
                    return false
                }
                return try body(x, y, z, &output)
            }
        }
    }

    /// A part of a text, shared with it.
    static func slice(
        _ body: @escaping @Sendable (Bytes) throws(QueryError) -> Range<Int>?
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let text = try arguments.reader(0, as: Bytes.self, context)
            return try arguments.collectSlices(of: text, &context) {
                (row, bytes) throws(QueryError) in
                try body(bytes)
            }
        }
    }

    static func slice<A: RowArgument>(
        _ body: @escaping @Sendable (Bytes, A) throws(QueryError) -> Range<Int>?
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let text = try arguments.reader(0, as: Bytes.self, context)
            let a = try arguments.reader(1, as: A.self, context)
            return try arguments.collectSlices(of: text, &context) {
                (row, bytes) throws(QueryError) in
                guard let x = a.row(row) else { return nil }
                return try body(bytes, x)
            }
        }
    }

    static func slice<A: RowArgument, B: RowArgument>(
        _ body: @escaping @Sendable (Bytes, A, B) throws(QueryError) -> Range<Int>?
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let text = try arguments.reader(0, as: Bytes.self, context)
            let a = try arguments.reader(1, as: A.self, context)
            let b = try arguments.reader(2, as: B.self, context)
            return try arguments.collectSlices(of: text, &context) {
                (row, bytes) throws(QueryError) in
                guard let x = a.row(row), let y = b.row(row) else { return nil }
                return try body(bytes, x, y)
            }
        }
    }
}
