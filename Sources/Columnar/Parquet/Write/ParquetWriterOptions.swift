/// What a file may use: who must read it decides.
package enum ParquetProfile: String, Sendable, CaseIterable {
    /// PLAIN and RLE_DICTIONARY: what every reader since 2013 knows.
    case compatible
    /// DELTA and BYTE_STREAM_SPLIT encodings too, where they make a chunk smaller: readers since 2020.
    case compact
}

/// The data page header; independent of the encodings.
package enum ParquetPageVersion: Int, Sendable, CaseIterable {
    /// Levels and values compressed together; what every reader knows.
    case one = 1
    /// Levels uncompressed in front of the values.
    case two = 2

    var pageType: PageType { self == .one ? .data : .dataV2 }
}

/// How files are written; the defaults are the widest-compatible profile that is still small.
package struct ParquetWriterOptions: Sendable {
    package var profile = ParquetProfile.compatible
    package var pageVersion = ParquetPageVersion.one
    /// How pages are compressed; a chunk that it makes less than 3 % smaller is stored as it is.
    package var codec = Codec.zstd
    /// The codec's level; nil: 9 in the compact profile where the codec has it, else the codec's usual one.
    package var level: Int?
    /// Rows of a row group.
    package var rowGroupRows = Limits.rowGroupRows
    /// Staged bytes at which a row group ends early; only a single row may pass it.
    package var rowGroupBytes = 256 << 20
    /// Rows of a page: the grain of the column index.
    package var pageRows = 20_000
    /// Uncompressed value bytes at which a page ends early.
    package var pageBytes = 1 << 20
    /// Least value bytes of a page of texts that nothing looks for: larger pages compress better.
    package var textPageBytes = 256 << 10
    /// PLAIN bytes of a dictionary page at which a column chunk gives its dictionary up.
    package var dictionaryBytes = 1 << 20
    /// Bytes that bounds of texts are cut to in statistics and column index.
    package var boundBytes = 64
    /// Encodings by column (`a.b` for members of rows) that are used whatever they cost.
    package var columnEncodings: [String: ValueEncoding] = [:]
    /// Names of columns (`a.b` for members of rows) that get a Bloom filter.
    package var bloomColumns: [String] = []
    /// The order that the rows have, if they have one.
    package var sortingColumns: [ParquetSortingColumn] = []
    package var keyValueMetadata: [(key: String, value: String)] = []
    /// Whether the footer holds hashes of itself, of page headers, page indexes and Bloom filters.
    ///
    /// Damage in them is then told where they are read. Only where `createdBy` is ours.
    package var sealsFile = false
    package var createdBy = "lake version 0.1.0"

    package init() {}

    /// The level that the codec gets; nil is its usual one.
    var codecLevel: Int? {
        guard profile == .compact else { return level }
        return level ?? (codec.levels?.contains(9) == true ? 9 : nil)
    }
}

/// One column of the order that a file's rows have.
package struct ParquetSortingColumn: Hashable, Sendable {
    /// Position of the top-level column.
    package var column: Int
    package var isDescending: Bool
    package var nullsFirst: Bool

    package init(column: Int, isDescending: Bool = false, nullsFirst: Bool = false) {
        self.column = column
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}
