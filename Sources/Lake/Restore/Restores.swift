/// The table of restore requests: what was asked back, how fast, for how long.
///
/// A scope is a range of partitions, an account, a key, or several of them together; a column that is NULL
/// restricts nothing.
package enum Restores {
    static let table = """
        CREATE TABLE restores (
          id INTEGER PRIMARY KEY,
          source INTEGER NOT NULL REFERENCES sources(id),
          first_partition INTEGER,
          last_partition INTEGER,
          account TEXT,
          key TEXT,
          tier TEXT NOT NULL CHECK (tier IN ('expedited', 'standard', 'bulk')),
          days INTEGER NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('in progress', 'completed', 'expired')),
          requested_micros INTEGER NOT NULL,
          available_micros INTEGER NOT NULL,
          completed_micros INTEGER,
          expires_micros INTEGER,
          row_count INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL) STRICT
        """
}
