/// Parquet files read as one table: columns by name, Hive folders as columns, files pruned by them.
///
/// Columns are those of the files, then the Hive keys that no file has, then the hidden `$path`
/// (absolute), `$file_size` (bytes) and `$file_modified_time`. Where a file has a column of a Hive key's
/// name, the folder's value counts.
package struct ParquetDataset: Sendable {
    package struct Options: Sendable {
        /// Whether `key=value` folders are columns; nil: if the folders of every file have the same keys.
        package var hivePartitioning: Bool?
        /// Whether the columns are those of all files; else the first file's, and only files that Hive
        /// values do not exclude are ever opened.
        package var unionByName: Bool
        /// Threads that read footers.
        package var workers: Int

        package init(hivePartitioning: Bool? = nil, unionByName: Bool = true, workers: Int = 1) {
            self.hivePartitioning = hivePartitioning
            self.unionByName = unionByName
            self.workers = workers
        }
    }

    private struct File: Sendable {
        let path: String
        /// nil until a scan wants it, without union by name.
        let opened: ParquetFile?
        /// Hive values and the path.
        let constants: [Int: Value]
    }

    package let schema: Schema
    package let hiddenColumns: Set<Int>
    /// Rows of all files; nil if not every footer was read.
    package let rowCount: Int?
    private let files: [File]
    private let workers: Int
    /// Columns that differ only by case from another: only the exact name means them.
    private let exactColumns: [Int]

    package var fileCount: Int { files.count }

    /// Reads the footers that the schema needs.
    ///
    /// With Hive columns a file that cannot be opened, but for the first, is an error only of scans that
    /// want it.
    ///
    /// Errors: what opening a file may raise; `unsupported` for columns without a common type;
    /// `corrupt` for Hive folders that were asked for and do not agree.
    package static func open(
        _ paths: [DatasetPath], options: Options = Options()
    ) throws(ColumnarError) -> ParquetDataset {
        let hive = try HiveColumns(paths, isWanted: options.hivePartitioning)
        let wanted = options.unionByName ? paths[...] : paths.prefix(1)
        let results = FooterCache.shared.results(
            paths: wanted.map(\.absolute), workers: options.workers)
        var union = SchemaUnion()
        var opened: [ParquetFile?] = []
        for result in results {
            // Hive conditions may exclude a damaged file: a scan that wants it tells what is wrong.
            let mayWait = !hive.fields.isEmpty && opened.contains { $0 != nil }
            if case .failure = result, mayWait {
                opened.append(nil)
                continue
            }
            let file = try result.get()
            try union.add(file.schema, path: file.path)
            opened.append(file)
        }
        return ParquetDataset(
            paths, opened, union, hive, workers: options.workers)
    }

    private init(
        _ paths: [DatasetPath], _ opened: [ParquetFile?], _ union: SchemaUnion,
        _ hive: HiveColumns, workers: Int
    ) {
        var fields = union.schema.fields
        exactColumns = union.columnsWithTwins
        let hivePositions = hive.add(to: &fields)
        let path = fields.count
        fields += FileFact.fields
        schema = Schema(fields)
        hiddenColumns = Set(path..<fields.count)
        self.workers = workers
        var files: [File] = []
        for (number, place) in paths.enumerated() {
            var constants: [Int: Value] = [path: .text(place.absolute)]
            for (position, values) in zip(hivePositions, hive.values) {
                constants[position] = values[number]
            }
            files.append(
                File(
                    path: place.absolute, opened: number < opened.count ? opened[number] : nil,
                    constants: constants))
        }
        self.files = files
        let known = opened.compactMap { $0?.rowCount }
        rowCount = known.count < paths.count ? nil : known.reduce(0, +)
    }

    /// Plans a scan; of the files, those that their folders or paths exclude are not opened.
    ///
    /// Without columns and predicates the footers have the answer.
    package func scan(
        _ request: ScanRequest, pool: BufferPool
    ) throws(ColumnarError) -> any TableScan {
        if let rowCount, request.columns.isEmpty, request.predicates.isEmpty {
            return countScan(rowCount)
        }
        var kept: [(index: Int, file: File)] = []
        for (index, file) in files.enumerated()
        where ConstantPruning(constants: file.constants).mayMatch(request.predicates) {
            kept.append((index, file))
        }
        var missing = try FooterCache.shared.files(
            paths: kept.filter { $0.file.opened == nil }.map(\.file.path), workers: workers)[...]
        var inputs: [ParquetScanFile] = []
        for (index, file) in kept {
            guard let opened = file.opened ?? missing.popFirst() else { continue }
            inputs.append(
                ParquetScanFile(
                    path: file.path, fileIndex: index, constants: constants(of: file, opened),
                    firstFact: schema.count - FileFact.allCases.count, opened: opened))
        }
        let scan = try ParquetScan(files: inputs, schema: schema, request: request, pool: pool)
        scan.counters.filesTotal.store(files.count, ordering: .relaxed)
        return scan
    }

    private func countScan(_ rowCount: Int) -> RowCountScan {
        var rowGroups = 0
        var bytes = 0
        for file in files {
            rowGroups += file.opened?.rowGroupCount ?? 0
            bytes += file.opened?.footerBytes ?? 0
        }
        let scan = RowCountScan(rowCount: rowCount, files: files.count, rowGroups: rowGroups)
        scan.counters.bytesRead.store(bytes, ordering: .relaxed)
        return scan
    }

    private func constants(of file: File, _ opened: ParquetFile) -> [Int: Value] {
        var constants = file.constants
        for column in exactColumns where constants[column] == nil {
            if opened.schema.index(of: schema.fields[column].name) == nil {
                constants[column] = .null
            }
        }
        return constants
    }
}

/// A file of a dataset: its path as the pattern has it, and the same from the root of the file system.
package struct DatasetPath: Hashable, Sendable {
    package let written: String
    package let absolute: String

    package init(written: String, absolute: String) {
        self.written = written
        self.absolute = absolute
    }
}
