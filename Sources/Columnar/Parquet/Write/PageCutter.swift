/// Cuts a staged chunk into pages at row borders.
struct PageCutter {
    struct Page {
        let levels: Range<Int>
        let values: Range<Int>
        /// The page's first row in its row group.
        let firstRow: Int
        let rowCount: Int
    }

    private let staging: LeafStaging
    private let rowLimit: Int
    private let byteLimit: Int
    /// Bytes below which a page goes on past `rowLimit`.
    private let leastBytes: Int
    private var level = 0
    private var value = 0
    private var row = 0

    /// Levels at which a page ends though its values are few: lists of NULLs.
    private static let levelLimit = 1 << 20

    /// `isCoded`: values are codes of a dictionary; `isFilter`: queries look for values of this leaf.
    init(_ staging: LeafStaging, _ options: ParquetWriterOptions, isCoded: Bool, isFilter: Bool) {
        self.staging = staging
        rowLimit = max(options.pageRows, 1)
        byteLimit = isCoded ? Int.max : options.pageBytes
        let isText = staging.physical == .byteArray && !isCoded && !isFilter
        leastBytes = isText ? min(options.textPageBytes, options.pageBytes) : 0
    }

    /// Every page of a chunk, one at least.
    static func pages(
        of staging: LeafStaging, _ options: ParquetWriterOptions, isCoded: Bool, isFilter: Bool
    ) -> [Page] {
        var cutter = PageCutter(staging, options, isCoded: isCoded, isFilter: isFilter)
        var pages: [Page] = []
        repeat { pages.append(cutter.next()) } while cutter.level < staging.levelCount
        return pages
    }

    private mutating func next() -> Page {
        staging.leaf.maxRepetition == 0 && (staging.width > 0 || byteLimit == Int.max)
            ? nextOfRows() : nextOfLevels()
    }

    /// Rows of one value of fixed width at most: only values have to be counted.
    private mutating func nextOfRows() -> Page {
        let left = staging.levelCount - level
        let most = byteLimit == Int.max ? Int.max : max(byteLimit / max(staging.width, 1), 1)
        let rows = min(left, rowLimit, most)
        let end = level + rows
        var present = rows
        if staging.leaf.maxDefinition > 0 {
            let maximum = UInt8(truncatingIfNeeded: staging.leaf.maxDefinition)
            let definitions = staging.definitions.bytes
            present = 0
            for i in level..<end { present &+= definitions[i] == maximum ? 1 : 0 }
        }
        return advance(toLevel: end, value: value + present, rows: rows)
    }

    private mutating func nextOfLevels() -> Page {
        let leaf = staging.leaf
        let maximum = UInt8(truncatingIfNeeded: leaf.maxDefinition)
        let definitions = staging.definitions.bytes
        let repetitions = staging.repetitions.bytes
        let offsets = ValueOffsets(staging)
        let startBytes = offsets[value]
        var nextLevel = level
        var nextValue = value
        var rows = 0
        while nextLevel < staging.levelCount {
            if leaf.maxRepetition == 0 || repetitions[nextLevel] == 0 {
                let bytes = offsets[nextValue] &- startBytes
                let isLong = rows >= rowLimit && bytes >= leastBytes
                let isLarge = bytes >= byteLimit || nextLevel &- level >= Self.levelLimit
                if rows > 0, isLong || isLarge { break }
                rows &+= 1
            }
            if leaf.maxDefinition == 0 || definitions[nextLevel] == maximum { nextValue &+= 1 }
            nextLevel &+= 1
        }
        return advance(toLevel: nextLevel, value: nextValue, rows: rows)
    }

    private mutating func advance(toLevel end: Int, value last: Int, rows: Int) -> Page {
        let page = Page(
            levels: level..<end, values: value..<last, firstRow: row, rowCount: rows)
        level = end
        value = last
        row += rows
        return page
    }
}

/// Where staged values begin, for loops: no look at the staging's fields per value.
struct ValueOffsets {
    private let width: Int
    private let starts: UnsafeRawPointer
    private let valueCount: Int
    private let end: Int

    init(_ staging: LeafStaging) {
        width = staging.width
        starts = UnsafeRawPointer(staging.starts.buffer.base)
        valueCount = staging.valueCount
        end = staging.values.count
    }

    @inline(__always)
    subscript(index: Int) -> Int {
        if width > 0 { return index &* width }
        if index >= valueCount { return end }
        return Int(starts.load(fromByteOffset: index &* 4, as: UInt32.self))
    }
}
