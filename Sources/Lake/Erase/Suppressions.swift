/// The table of accounts that must not come back: salted SHA-256 of their ids.
package enum Suppressions {
    static let table = """
        CREATE TABLE suppressions (
          hash BLOB PRIMARY KEY,
          erasure INTEGER NOT NULL REFERENCES erasures(id)) STRICT, WITHOUT ROWID
        """
}
