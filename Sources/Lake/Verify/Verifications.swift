/// The table of what was last found whole and when: the rolling schedule of `lake verify`.
package enum Verifications {
    static let table = """
        CREATE TABLE verifications (
          path TEXT PRIMARY KEY,
          verified_micros INTEGER NOT NULL,
          finding TEXT) STRICT, WITHOUT ROWID
        """
}
