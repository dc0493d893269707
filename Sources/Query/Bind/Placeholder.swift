/// Column positions of values that have no column yet while a SELECT is bound.
///
/// An expression is bound once, over the columns of FROM; calls of aggregates and windows, marks of IN
/// subqueries and parameters of lambdas stand in it as columns beyond any real one, until the plan that
/// computes them is known.
enum Placeholder {
    static let parameters = 1 << 40
    static let aggregates = 1 << 41
    static let windows = 1 << 42
    static let marks = 1 << 43

    static func isParameter(_ column: Int) -> Bool { column >= parameters && column < aggregates }
    static func isAggregate(_ column: Int) -> Bool { column >= aggregates && column < windows }
    static func isWindow(_ column: Int) -> Bool { column >= windows && column < marks }
    static func isMark(_ column: Int) -> Bool { column >= marks }
    static func isAny(_ column: Int) -> Bool { column >= parameters }
}
