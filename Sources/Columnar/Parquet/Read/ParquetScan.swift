import Synchronization

/// One file of a scan.
package struct ParquetScanFile: Sendable {
    package var path: String
    /// The file's number in row ids: unique in the scan, below 2^24.
    package var fileIndex: Int
    /// Values of table columns that are the same for all its rows (partitions), by column position.
    ///
    /// They stand for the file's own column of that name, if it has one.
    package var constants: [Int: Value]
    /// The position of the first of the table's `FileFact` columns; nil: it has none.
    package var firstFact: Int?
    /// The file, if its footer was read already.
    package var opened: ParquetFile?

    package init(
        path: String, fileIndex: Int, constants: [Int: Value] = [:], firstFact: Int? = nil,
        opened: ParquetFile? = nil
    ) {
        self.path = path
        self.fileIndex = fileIndex
        self.constants = constants
        self.firstFact = firstFact
        self.opened = opened
    }
}

/// A scan over Parquet files of one table: footers are read and row groups pruned when it is made.
package final class ParquetScan: TableScan {
    /// One row group of one file.
    struct Morsel: Sendable {
        let file: Int
        let rowGroup: Int
        /// The row group's first row in its file.
        let firstRow: Int
    }

    /// One file with its plans.
    struct Source: Sendable {
        let file: ParquetFile
        let fileIndex: Int
        let constants: [Int: Value]
        /// One per wanted column.
        let plans: [ReadPlan]
        let pruner: RowGroupPruner
    }

    private let request: ScanRequest
    private let options: ParquetReadOptions
    private let schema: Schema
    private let sources: [Source]
    private let morsels: [Morsel]
    private let touched: Mutex<Set<Int>> = Mutex([])
    package let counters = ScanCounters()

    package var morselCount: Int { morsels.count }

    /// Reads every footer on `workers` threads and drops the row groups that no row can come from.
    package init(
        files: [ParquetScanFile], schema: Schema, request: ScanRequest, pool: BufferPool,
        options: ParquetReadOptions = ParquetReadOptions(), workers: Int = 1
    ) throws(ColumnarError) {
        self.request = request
        self.options = options
        self.schema = schema
        var sources: [Source] = []
        var morsels: [Morsel] = []
        for (file, parquet) in zip(files, try Self.opened(files, workers: workers)) {
            let source = try Self.source(file, parquet, schema: schema, request: request)
            counters.bytesRead.wrappingAdd(source.file.footerBytes, ordering: .relaxed)
            counters.filesTotal.wrappingAdd(1, ordering: .relaxed)
            counters.rowGroupsTotal.wrappingAdd(source.file.rowGroupCount, ordering: .relaxed)
            var firstRow = 0
            for (index, rows) in source.file.rowGroupRows.enumerated() {
                defer { firstRow += rows }
                if rows == 0 { continue }
                guard source.pruner.mayMatch(request.predicates, rowGroup: index) else { continue }
                morsels.append(Morsel(file: sources.count, rowGroup: index, firstRow: firstRow))
            }
            sources.append(source)
        }
        if let order = request.order {
            Self.sort(&morsels, by: order, sources)
        } else if let limit = request.rowLimit, request.predicates.isEmpty,
            request.dynamicFilters.isEmpty
        {
            Self.cut(&morsels, toRows: limit, sources)
        }
        self.sources = sources
        self.morsels = morsels
    }

    /// The files with their footers, those that were not read yet through the cache.
    private static func opened(
        _ files: [ParquetScanFile], workers: Int
    ) throws(ColumnarError) -> [ParquetFile] {
        let missing = files.filter { $0.opened == nil }.map(\.path)
        var read = try FooterCache.shared.files(paths: missing, workers: workers)[...]
        return files.compactMap { $0.opened ?? read.popFirst() }
    }

    private static func source(
        _ file: ParquetScanFile, _ parquet: ParquetFile, schema: Schema, request: ScanRequest
    ) throws(ColumnarError) -> Source {
        let resolution = ColumnResolution(location: FileLocation(path: file.path))
        var constants = file.constants
        if let first = file.firstFact {
            constants.merge(FileFact.values(of: parquet, from: first)) { value, _ in value }
        }
        var plans: [ReadPlan] = []
        for column in request.columns {
            if constants[column.index] != nil {
                plans.append(.missing(schema.fields[column.index].type))
                continue
            }
            plans.append(
                try resolution.plan(
                    schema.fields[column.index], in: parquet.tree.columns, leaves: column.leaves))
        }
        let pruner = RowGroupPruner(
            file: parquet, schema: schema, constants: constants, resolution: resolution)
        return Source(
            file: parquet, fileIndex: file.fileIndex, constants: constants, plans: plans,
            pruner: pruner)
    }

    /// Keeps the first morsels that together have enough rows.
    private static func cut(_ morsels: inout [Morsel], toRows limit: Int, _ sources: [Source]) {
        var rows = 0
        var count = 0
        while count < morsels.count && rows < limit {
            let morsel = morsels[count]
            rows += sources[morsel.file].file.rowGroupRows[morsel.rowGroup]
            count += 1
        }
        morsels.removeSubrange(count...)
    }

    /// Row groups whose best value comes first; those without bounds stay last, ties in file order.
    private static func sort(_ morsels: inout [Morsel], by order: ScanOrder, _ sources: [Source]) {
        var keyed: [(key: Value?, position: Int, morsel: Morsel)] = []
        for (position, morsel) in morsels.enumerated() {
            let bounds = sources[morsel.file].pruner.bounds(of: order.column, morsel.rowGroup)
            keyed.append(
                (order.isDescending ? bounds?.upper : bounds?.lower, position, morsel))
        }
        keyed.sort { a, b in
            switch (a.key, b.key) {
            case (let x?, let y?):
                switch BoundOrder.compare(x, y) {
                case .less?: return !order.isDescending
                case .greater?: return order.isDescending
                default: return a.position < b.position
                }
            case (_?, nil): return true
            case (nil, _?): return false
            case (nil, nil): return a.position < b.position
            }
        }
        morsels = keyed.map(\.morsel)
    }

    package func open(
        morsel: Int, pool: BufferPool
    ) throws(ColumnarError) -> any BatchReader {
        let piece = morsels[morsel]
        let source = sources[piece.file]
        var filters = request.predicates
        for filter in request.dynamicFilters {
            guard let predicate = filter.predicate else { continue }
            if !source.pruner.mayMatch([predicate], rowGroup: piece.rowGroup) {
                return RowGroupBatches.empty
            }
            filters.append(predicate)
        }
        let whole = RowGroupReader(
            input: try source.file.reopen(), file: source.file, index: piece.rowGroup, pool: pool,
            counters: counters, options: options)
        guard try source.pruner.bloomMayMatch(filters, group: whole) else {
            return RowGroupBatches.empty
        }
        var pages = PagePruner(pruner: source.pruner, group: whole)
        let rows = try pages.rows(matching: filters).closingGaps(below: Limits.rowGapRows)
        if rows.isEmpty { return RowGroupBatches.empty }
        let group = RowGroupReader(whole, rows: rows)
        let columns = try columns(source, group, pool: pool)
        let dictionaries = DictionaryPruner(request: request, plans: source.plans, columns: columns)
        guard try dictionaries.mayMatch(filters) else { return RowGroupBatches.empty }
        counters.rowGroupsRead.wrappingAdd(1, ordering: .relaxed)
        let isFirst = touched.withLock { $0.insert(piece.file).inserted }
        if isFirst { counters.filesRead.wrappingAdd(1, ordering: .relaxed) }
        return RowGroupBatches(
            columns: columns, rows: rows,
            firstRow: RowID(file: source.fileIndex, row: piece.firstRow), counters: counters)
    }

    private func columns(
        _ source: Source, _ group: RowGroupReader, pool: BufferPool
    ) throws(ColumnarError) -> [RowGroupBatches.Source] {
        var columns: [RowGroupBatches.Source] = []
        for (wanted, plan) in zip(request.columns, source.plans) {
            guard case .missing(let type) = plan else {
                columns.append(.lazy(RowGroupColumn(plan: plan, group: group)))
                continue
            }
            let value = source.constants[wanted.index] ?? .null
            columns.append(.constant(try Column.from([value], type: type, pool: pool)))
        }
        return columns
    }
}
