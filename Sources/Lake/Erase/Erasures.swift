/// The table of erasures: what was asked, how far it is, and the receipt.
///
/// `account` is the id itself only until the erasure is done; then nothing of it is left but the salted hash
/// in `suppressions`.
package enum Erasures {
    static let table = """
        CREATE TABLE erasures (
          id INTEGER PRIMARY KEY,
          account TEXT,
          state TEXT NOT NULL CHECK (state IN ('hidden', 'done')),
          requested_micros INTEGER NOT NULL,
          finished_micros INTEGER,
          receipt TEXT) STRICT
        """
}
