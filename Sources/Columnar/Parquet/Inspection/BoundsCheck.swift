/// Holds stored bounds against the values of a chunk and of its pages.
struct BoundsCheck {
    let file: ParquetFile
    let rowGroup: Int
    let survey: ChunkSurvey
    let leaf: Int
    /// Extremes of each region of the survey.
    var regions: [ValueExtremes]

    init(file: ParquetFile, rowGroup: Int, survey: ChunkSurvey, leaf: Int) {
        self.file = file
        self.rowGroup = rowGroup
        self.survey = survey
        self.leaf = leaf
        regions = Array(repeating: ValueExtremes(), count: survey.regions.count)
    }

    private var chunk: ColumnChunkMetadata { file.metadata.rowGroups[rowGroup].columns[leaf] }
    private var node: SchemaNode { survey.leaf.node }

    private var order: ColumnOrder? {
        let orders = file.metadata.columnOrders
        return leaf < orders.count ? orders[leaf] : nil
    }

    /// The chunk's statistics.
    func checkStatistics(_ verdict: inout ParquetVerdict) {
        let bounds = ColumnBounds(
            chunk: chunk, node: node, type: node.type, order: order, location: survey.location)
        guard bounds.lower != nil || bounds.upper != nil else { return }
        verdict.boundedChunkCount += 1
        var whole = ValueExtremes()
        for region in regions { whole.add(region) }
        if let reason = Self.contradiction(whole, bounds.lower, bounds.upper) {
            verdict.add(.statistics, survey.location, reason)
        } else if bounds.areExact, whole.presentCount > 0, let low = bounds.lower,
            let high = bounds.upper,
            Self.differs(low, whole.lower) || Self.differs(high, whole.upper)
        {
            verdict.add(
                .statistics, survey.location, "bounds that are said to be exact are no values")
        }
    }

    /// The column index, if the offset index says the same pages as there are.
    func checkIndex(
        _ index: ColumnIndex, _ verdict: inout ParquetVerdict
    ) {
        guard index.pages.count == survey.pages.count else {
            verdict.add(
                .columnIndex, survey.location,
                "\(index.pages.count) pages in the column index, \(survey.pages.count) in the chunk"
            )
            return
        }
        let decoder = BoundDecoder(node: node, type: node.type, location: survey.location)
        for (number, (stored, page)) in zip(index.pages, survey.pages).enumerated() {
            var place = survey.location
            place.page = number
            place.offset = page.offset
            let nulls = page.valueCount - page.presentCount
            if survey.countsNulls, let count = stored.nullCount, count != nulls {
                verdict.add(.columnIndex, place, "\(nulls) NULLs, the index says \(count)")
            }
            guard let lower = stored.lower, let upper = stored.upper else {
                if page.presentCount > 0 {
                    verdict.add(
                        .columnIndex, place,
                        "\(page.presentCount) values, the index says that all are NULL")
                }
                continue
            }
            guard order == .typeDefined, node.element.type != .int96, !survey.splitsRows else {
                continue
            }
            let reason = Self.contradiction(
                regions[number], decoder.value(lower), decoder.value(upper))
            if let reason { verdict.add(.columnIndex, place, reason) }
        }
    }

    /// Why values do not lie within bounds; nil if they do.
    private static func contradiction(
        _ real: ValueExtremes, _ lower: Value?, _ upper: Value?
    ) -> String? {
        if let lower, let least = real.lower,
            BoundOrder.compare(least, ValueExtremes.comparable(lower)) == .less
        {
            return "a value lies below the lower bound"
        }
        if let upper, let greatest = real.upper,
            BoundOrder.compare(greatest, ValueExtremes.comparable(upper)) == .greater
        {
            return "a value lies above the upper bound"
        }
        return nil
    }

    private static func differs(_ bound: Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        return BoundOrder.compare(ValueExtremes.comparable(bound), value) != .equal
    }
}
