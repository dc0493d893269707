import Columnar

/// reverse, slice, shuffle: elements of one array in another order.
enum ArrayReorder {
    static let reverse: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        return try arguments.collectLists(child: lists.column.child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row) else { return false }
            for i in range.reversed() { try output.pick(i) }
            return true
        }
    }

    /// `slice(array, start, length)`: 1-based, a negative start counts from the end.
    static let slice: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let starts = try arguments.reader(1, as: Int64.self, context)
        let lengths = try arguments.reader(2, as: Int64.self, context)
        return try arguments.collectLists(child: lists.column.child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row), let start = starts.row(row),
                let length = lengths.row(row)
            else { return false }
            guard length >= 0 else {
                throw .argument("length must be greater than or equal to 0")
            }
            guard start != 0 else { throw .argument("SQL array indices start at 1") }
            let count = Int64(range.count)
            let from = start > 0 ? start - 1 : count &+ start
            guard from >= 0, from < count else { return true }
            for i in 0..<Int(min(length, count - from)) {
                try output.pick(range.lowerBound + Int(from) + i)
            }
            return true
        }
    }

    /// `trim_array(array, n)`: without the last n elements.
    static let trim: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let sizes = try arguments.reader(1, as: Int64.self, context)
        return try arguments.collectLists(child: lists.column.child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row), let size = sizes.row(row) else { return false }
            guard size >= 0 else { throw .argument("size must not be negative: \(size)") }
            guard size <= Int64(range.count) else {
                throw .argument(
                    "size must not exceed array cardinality \(range.count): \(size)")
            }
            for i in range.dropLast(Int(size)) { try output.pick(i) }
            return true
        }
    }

    static let shuffle: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        var stream = RandomStream(seed: context.session.randomSeed)
        return try arguments.collectLists(child: lists.column.child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row) else { return false }
            for i in range.shuffled(using: &stream) { try output.pick(i) }
            return true
        }
    }
}
