/// All that is checked about one leaf of one row group while its values pass.
struct LeafCheck {
    private let path: LeafPath
    private let survey: ChunkSurvey
    private let chunk: ColumnChunkMetadata
    private var bounds: BoundsCheck
    private var bloom: BloomCheck?
    private let regions: [(rows: Range<Int>, presentCount: Int)]
    /// The first region with rows that were not seen.
    private var next = 0

    init(
        file: ParquetFile, input: InputFile, rowGroup: Int, path: LeafPath, pool: BufferPool,
        verdict: inout ParquetVerdict
    ) throws(ColumnarError) {
        self.path = path
        chunk = file.metadata.rowGroups[rowGroup].columns[path.leaf]
        survey = try ChunkSurvey(
            file: file, input: input, rowGroup: rowGroup, leaf: path.leaf, pool: pool,
            verdict: &verdict)
        regions = survey.regions
        bounds = BoundsCheck(file: file, rowGroup: rowGroup, survey: survey, leaf: path.leaf)
        do throws(ColumnarError) {
            bloom = try BloomCheck(
                chunk, node: path.node, input: input, location: survey.location, pool: pool)
        } catch { verdict.add(error, at: survey.location) }
    }

    /// Adds the values of rows `rows` of the row group, which are all of `column`.
    mutating func add(_ column: Column, rows: Range<Int>) throws(ColumnarError) {
        var bloom = bloom
        while next < regions.count, regions[next].rows.lowerBound < rows.upperBound {
            let region = regions[next].rows
            let part = rows.clamped(to: region)
            let inBatch = part.lowerBound - rows.lowerBound..<part.upperBound - rows.lowerBound
            var extremes = ValueExtremes()
            try path.visit(column, rows: inBatch) { (leaf, range) throws(ColumnarError) in
                try extremes.add(leaf, range) { (values, row) throws(ColumnarError) in
                    try bloom?.look(values, row)
                }
            }
            bounds.regions[next].add(extremes)
            // The region goes on in the next batch.
            if region.upperBound > rows.upperBound { break }
            next += 1
        }
        self.bloom = bloom
    }

    /// Compares what was seen with what is stored.
    func finish(_ input: InputFile, _ pool: BufferPool, _ verdict: inout ParquetVerdict) {
        for (number, (seen, region)) in zip(bounds.regions, regions).enumerated() {
            verdict.valueCount += seen.presentCount
            guard seen.presentCount != region.presentCount else { continue }
            var place = survey.location
            place.page = survey.splitsRows ? nil : number
            verdict.add(
                .counts, place,
                "\(seen.presentCount) values were read, the levels say \(region.presentCount)")
        }
        bounds.checkStatistics(&verdict)
        let indexes = IndexCheck(chunk: chunk, input: input, pool: pool)
        if chunk.offsetIndexOffset != nil || chunk.columnIndexOffset != nil {
            verdict.indexedChunkCount += 1
        }
        indexes.checkOffsets(survey, &verdict)
        if let index = indexes.columnIndex(survey.location, &verdict) {
            bounds.checkIndex(index, &verdict)
        }
        guard let bloom, bloom.isConclusive else { return }
        verdict.bloomFilterCount += 1
        if bloom.missing != nil {
            verdict.add(
                .bloomFilter, survey.location, "the Bloom filter lacks a value of the chunk")
        }
    }
}
