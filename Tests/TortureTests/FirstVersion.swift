@testable import Lake

extension Database {
    /// Takes off what later versions added: a lake as version 1 left it.
    func downgradeToFirstVersion() throws {
        let first = ["settings", "sources", "raw_files", "runs", "quarantine", "retired_files"]
        let statement = try prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        for name in names
        where !first.contains(name) && !name.hasPrefix("iceberg_") && !name.hasPrefix("sqlite_") {
            try execute("DROP TABLE \(name)")
        }
        try execute("ALTER TABLE runs DROP COLUMN kind")
        try execute("PRAGMA user_version = 1")
    }
}
