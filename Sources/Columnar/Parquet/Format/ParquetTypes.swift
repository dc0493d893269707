/// The closed sets of Parquet's own words; raw values are those of `parquet.thrift`.

/// How values lie in the file.
enum PhysicalType: Int, Sendable {
    case boolean = 0
    case int32 = 1
    case int64 = 2
    case int96 = 3
    case float = 4
    case double = 5
    case byteArray = 6
    case fixedLengthByteArray = 7

    /// Bytes of one PLAIN value; nil for booleans (bits) and byte arrays (4 + length).
    func width(typeLength: Int) -> Int? {
        switch self {
        case .boolean, .byteArray: nil
        case .int32, .float: 4
        case .int64, .double: 8
        case .int96: 12
        case .fixedLengthByteArray: typeLength
        }
    }
}

enum Repetition: Int, Sendable {
    case required = 0
    case optional = 1
    case repeated = 2
}

/// How a page's values are laid out; one file each in `Encoding/`.
package enum ValueEncoding: Int, Sendable {
    case plain = 0
    case plainDictionary = 2
    case rle = 3
    case bitPacked = 4
    case deltaBinaryPacked = 5
    case deltaLengthByteArray = 6
    case deltaByteArray = 7
    case rleDictionary = 8
    case byteStreamSplit = 9
    case alp = 10
}

enum PageType: Int, Sendable {
    case data = 0
    case index = 1
    case dictionary = 2
    case dataV2 = 3
}

enum TimeUnit: Int, Sendable {
    case millis = 1
    case micros = 2
    case nanos = 3
}

/// What a physical value means.
enum LogicalType: Hashable, Sendable {
    case string
    case map
    case list
    case enumeration
    case decimal(scale: Int, precision: Int)
    case date
    case time(isUTC: Bool, TimeUnit)
    case timestamp(isUTC: Bool, TimeUnit)
    case integer(bits: Int, isSigned: Bool)
    case unknown
    case json
    case bson
    case uuid
    case float16
    case interval
    /// A member of the union that we do not know: the physical type is read.
    case other
}

/// The older annotation, kept in `SchemaElement.converted` for readers that know nothing newer.
enum ConvertedType: Int, Sendable {
    case utf8 = 0
    case map = 1
    case mapKeyValue = 2
    case list = 3
    case enumeration = 4
    case decimal = 5
    case date = 6
    case timeMillis = 7
    case timeMicros = 8
    case timestampMillis = 9
    case timestampMicros = 10
    case uint8 = 11
    case uint16 = 12
    case uint32 = 13
    case uint64 = 14
    case int8 = 15
    case int16 = 16
    case int32 = 17
    case int64 = 18
    case json = 19
    case bson = 20
    case interval = 21
}

/// One element of the footer's schema: a depth-first list of groups and leaves.
struct SchemaElement: Hashable, Sendable {
    var name: String
    /// nil for groups.
    var type: PhysicalType?
    var typeLength = 0
    var repetition: Repetition?
    var childCount = 0
    var converted: ConvertedType?
    var scale = 0
    var precision = 0
    var fieldID: Int?
    var logical: LogicalType?
}

/// Bounds and counts as stored; absent ones are nil, and absent never means 0.
struct ChunkStatistics: Sendable {
    var nullCount: Int?
    var distinctCount: Int?
    var minimum: [UInt8]?
    var maximum: [UInt8]?
    /// nil: unknown, as in files before format 2.10.
    var isMinimumExact: Bool?
    var isMaximumExact: Bool?
    var nanCount: Int?
    /// True if the bounds are from the deprecated fields, whose order is signed bytes.
    var areDeprecated = false
}

/// The footer's word on one column chunk.
struct ColumnChunkMetadata: Sendable {
    var type: PhysicalType = .boolean
    var encodings: [Int] = []
    var path: [String] = []
    var codec = 0
    var valueCount = 0
    var uncompressedBytes = 0
    var compressedBytes = 0
    var dataPageOffset = 0
    var dictionaryPageOffset: Int?
    var statistics: ChunkStatistics?
    var encodingStats: [PageEncodingStats] = []
    var sizes: SizeStatistics?
    var bloomFilterOffset: Int?
    var bloomFilterBytes: Int?
    var offsetIndexOffset: Int?
    var offsetIndexBytes = 0
    var columnIndexOffset: Int?
    var columnIndexBytes = 0
    /// Not in the chunk's own part of the footer; nil: nobody vouches for what it would cover.
    var seal: ChunkSeal?
    /// The pages, and perhaps the metadata, are encrypted: the other columns can be read.
    var isEncrypted = false

    /// Where the chunk's first page begins.
    ///
    /// Some writers say 0 for "no dictionary", some leave the field out and point at the dictionary,
    /// and with a dictionary some say 0 for the data.
    var startOffset: Int {
        guard let offset = dictionaryPageOffset, offset >= 4 else { return dataPageOffset }
        return dataPageOffset >= 4 ? min(offset, dataPageOffset) : offset
    }
}

/// How many pages of a chunk have a type and an encoding.
struct PageEncodingStats: Sendable, Hashable {
    var pageType: Int
    var encoding: Int
    var count: Int
}

struct SortingColumn: Hashable, Sendable {
    var leaf: Int
    var isDescending: Bool
    var nullsFirst: Bool
}

struct RowGroupMetadata: Sendable {
    var columns: [ColumnChunkMetadata] = []
    var uncompressedBytes = 0
    var compressedBytes = 0
    var rowCount = 0
    var sortingColumns: [SortingColumn] = []
    var fileOffset: Int?
    var ordinal: Int?
}

/// How a column's bounds are ordered.
enum ColumnOrder: Int, Sendable {
    case typeDefined = 1
    case ieee754Total = 2
}
