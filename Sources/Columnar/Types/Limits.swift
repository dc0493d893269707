/// Every bound of the system, named with its unit and its reason.
///
/// A limit exists so that no input can ask for unbounded memory, depth or time.
package enum Limits {
    /// Rows in a batch: 35 ns of hand-over per column vanish, four columns stay in L2.
    package static let batchRows = 8192
    /// Least rows of a morsel: 100 µs of work, so that scheduling is free.
    package static let morselRows = 65_536
    /// Rows of a row group that we write: DuckDB's sweet spot, 122,880...131,072.
    package static let rowGroupRows = 131_072
    /// Bytes of one Parquet footer that we read.
    package static let footerBytes = 256 << 20
    /// Bytes of one uncompressed page; DuckDB legally writes pages of 100 MB.
    package static let pageBytes = 1 << 30
    /// Pages of one column chunk: a header takes 3 bytes of a hostile file, and 100 of memory.
    package static let chunkPages = 1 << 20
    /// Findings that the verification of one file lists; the rest is counted.
    package static let verificationFindings = 1_000
    /// Bytes in one text column's owner buffer: slices are 32-bit.
    package static let textBufferBytes = Int(UInt32.max)
    /// Nesting of Parquet and JSON schemas, of thrift structs, of JSON documents.
    package static let nestingDepth = 64
    /// Depth of JSON documents accepted as raw input.
    package static let jsonDepth = 128
    /// Bytes of one raw file: a post is 1...3 KB; more than this is an accident or an attack.
    package static let rawFileBytes = 64 << 20
    /// Bytes, as stored, of one raw file that holds many records: they are streamed, so only time is at stake.
    package static let batchFileBytes = 16 << 30
    /// Decoded bytes of such a file for each stored byte, beyond `rawFileBytes`: records shrink 10 to 100
    /// times; DEFLATE's most is 1,032.
    package static let batchExpansion = 1_000
    /// Records of one raw file, the vanished ones that are remembered among them: 20 bytes each are held.
    package static let batchRecords = 4 << 20
    /// Bad records of one raw file whose reasons are told; the rest is counted.
    package static let batchFaults = 3
    /// Bytes of one SQL text, as Athena has it.
    package static let queryBytes = 262_144
    /// Nesting of expressions and subqueries: a level takes 24 KB of stack in a debug build, of 8 MB.
    package static let expressionDepth = 200
    /// Nodes of a statement's bound expressions, copies counted: BETWEEN copies its operand, nested ones
    /// would double at each level.
    package static let expressionNodes = 1_000_000
    /// Operators of a plan, tables of WITH counted at each use: nested uses would double at each level.
    package static let planNodes = 10_000
    /// Bindings of lambda bodies: one may be bound again when its types widen.
    package static let lambdaBindings = 10_000
    /// Nodes of a condition that grows while it is pushed through projections.
    package static let pushedConditionNodes = 200
    /// Elements or entries that one thrift container may declare.
    package static let thriftContainerCount = 10_000_000
    /// Findings that an examination of a lake lists; the rest is counted.
    package static let doctorFindings = 1_000
    /// Files that a run's report lists by name, a table and a kind; the rest is counted.
    package static let reportedFiles = 100
    /// Hashes that a check of a whole table holds at a time, of 24 bytes each: more values, more passes.
    package static let checkHashes = 4 << 20
    /// Retention rules of one table, each step one: S3's limit of a bucket.
    package static let retentionRules = 1_000
    /// Characters of a retention rule's id, as S3 has it.
    package static let retentionIDCharacters = 255
    /// Bytes of one schema file.
    package static let schemaFileBytes = 4 << 20
    /// Times that a run begins anew because another client committed to its tables: Iceberg's
    /// `commit.retry.num-retries`.
    package static let commitRetries = 4
    /// Columns of one table.
    package static let tableColumns = 2_000
    /// Bytes of one Iceberg metadata or manifest file.
    package static let metadataFileBytes = 512 << 20
    /// Bytes of one text that a function may make: `lpad('x', 2147483647, 'y')` is an accident or an attack.
    package static let functionValueBytes = 64 << 20
    /// Elements of one array that a function may make, as Trino's `sequence` and `repeat` have it.
    package static let functionArrayElements = 10_000
    /// Bytes of one chunk's column index or offset index: 100,000 pages with bounds of 300 bytes.
    package static let pageIndexBytes = 64 << 20
    /// Bytes of a file that is too small to vouch for large columns.
    package static let smallFileBytes = 64 << 10
    /// Decoded bytes of one row group of a small file: two at a time stay below 256 MB.
    package static let smallFileDecodedBytes = 96 << 20
    /// Decoded bytes of one row group for each byte of a larger file: constant columns of Spark reach 4,000.
    package static let decodedExpansion = 8_192
    /// Bytes of a decimal's digits in a byte array; 16 hold every value that we know, the rest is signs.
    package static let decimalBytes = 64
    /// Rows of a gap between wanted rows that are read all the same.
    package static let rowGapRows = 512
    /// Bytes of a gap between wanted pages that are read all the same, to save a call.
    package static let pageGapBytes = 16 << 10
    /// Values of an IN list that dictionaries are searched for before a row group is read.
    package static let dictionaryProbes = 100
    /// Rows of a morsel where row groups are larger: our own row group.
    package static let scanMorselRows = 131_072
    /// Rows of one row group, and values of one column chunk, that we read: 32-bit offsets with room.
    package static let rowGroupValues = 1 << 31
    /// Files of one dataset: a file's number has 24 bits in row ids.
    package static let datasetFiles = 1 << 24
    /// Folders below each other that a file pattern walks: deeper is a loop or an attack.
    package static let folderDepth = 64
    /// Patterns that braces may stand for: `{a,b}{a,b}…` doubles with each pair.
    package static let globAlternatives = 4_096
    /// Bytes of footers that the footer cache holds, as they lie in files; parsed they take some times that.
    package static let footerCacheBytes = 64 << 20
    /// Bytes of one record of a text file, a line or a JSON object: a row is a few KB; more than this is an
    /// unclosed quote, or a file that is no table.
    package static let recordBytes = 64 << 20
    /// Bytes of a text file that are read at once: 10 ms of work, a morsel.
    package static let textBlockBytes = (4 << 20) - 4 * Buffer.padding
    /// Fields of one record of a text file, before it is known to be a table.
    package static let recordFields = 100_000
    /// Levels of nested JSON that become rows and arrays, deeper values stay JSON text: an array takes two
    /// levels of `nestingDepth` in Parquet.
    package static let recordDepth = 24
    /// Keys of one nested JSON object over all records; an object with more is a map, and stays JSON text.
    package static let recordKeys = 500
    /// Bytes of a list of changed raw paths: 5 million of them; for more, a walk is as quick.
    package static let changedPathBytes = 256 << 20
    /// Runs whose reports are kept: 27 years of nights, half a day of a busy watch.
    package static let filedRuns = 10_000
    /// Days that a restored copy may live: ten years.
    package static let restoreDays = 3_650
    /// Changes that a watch collects between two runs; for more, a walk is as quick.
    package static let watchedChanges = 1 << 20
    /// Half-written files of a run that a watch looks at again before the next whole run.
    package static let watchedInFlight = 10_000
    /// Bytes of one decoded zstd frame of a pack that we read: we write 256 KiB, and 1 MiB of large files.
    package static let packFrameBytes = 64 << 20
    /// Bytes of a pack's decoded index: 100 a file, so millions of them.
    package static let packIndexBytes = 512 << 20
    /// Bytes of a path below the raw folder, as Linux has it.
    package static let rawPathBytes = 4_096
    /// Files and bytes of one pack; what a bucket has beyond goes into further packs.
    package static let packFiles = 250_000
    package static let packRawBytes = 2 << 30
    /// Room kept on a lake's disk: as much as its database takes, within these bounds.
    package static let reserveBytes = (1 << 20)...(256 << 20)
    /// Opened packs whose indexes are kept in memory, at some megabytes each.
    package static let openPacks = 16
}
