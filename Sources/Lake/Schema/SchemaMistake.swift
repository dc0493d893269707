import Columnar

/// One thing wrong with a schema file: where, what, and what to do about it.
package struct SchemaMistake: Hashable, Sendable, CustomStringConvertible {
    package let position: JSONPosition?
    package let problem: String
    package let remedy: String?

    package init(position: JSONPosition?, problem: String, remedy: String?) {
        self.position = position
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String {
        (position.map { "\($0): " } ?? "") + problem + (remedy.map { "; \($0)" } ?? "")
    }
}
