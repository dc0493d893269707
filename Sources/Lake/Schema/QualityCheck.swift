import Columnar

/// A statement about a table's rows that a run tests, and what a breach does.
package struct QualityCheck: Hashable, Sendable {
    package enum Rule: Hashable, Sendable {
        case notNull(column: Int)
        case unique(columns: [Int])
        case acceptedValues(column: Int, values: [String])
        case range(column: Int, minimum: Double?, maximum: Double?)
        case pattern(column: Int, regularExpression: String)
        case references(column: Int, table: String, foreignColumn: String)
        case minimumRows(Int)
        /// The newest value of a date or timestamp column is no older than this.
        case freshness(column: Int, hours: Int)
    }

    package enum OnFailure: String, CaseIterable, Sendable {
        /// Reported.
        case warn
        /// The rows' files are set aside.
        case quarantine
        /// Nothing is committed.
        case fail
    }

    package var rule: Rule
    package var onFailure: OnFailure
}
