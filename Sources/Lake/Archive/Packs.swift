/// The table of packs: zstd files of the cold tier that hold raw files byte for byte.
///
/// A pack is filed by the transaction that marks its files as cold, so whatever is listed is whole and
/// verified. `deleting`: some of its sources may still lie in the raw folder, the next sweep goes on. A raw
/// file's packs are found by its folder and its row's month: `bucket` = hash of the folder modulo `buckets`.
package enum Packs {
    static let table = """
        CREATE TABLE packs (
          id INTEGER PRIMARY KEY,
          source INTEGER NOT NULL REFERENCES sources(id),
          month INTEGER NOT NULL,
          bucket INTEGER NOT NULL,
          buckets INTEGER NOT NULL,
          path TEXT NOT NULL UNIQUE,
          storage_class TEXT NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('deleting', 'done')),
          file_count INTEGER NOT NULL,
          raw_bytes INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL,
          sha256 BLOB NOT NULL,
          first_partition INTEGER,
          last_partition INTEGER,
          packed_micros INTEGER NOT NULL) STRICT
        """
    static let index = "CREATE INDEX packs_place ON packs(source, month)"
}
