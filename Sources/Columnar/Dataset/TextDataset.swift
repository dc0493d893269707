import Synchronization

/// A text file after its survey, as `TextDataset` asks of it.
package protocol SurveyedFile: Sendable {
    var input: TextInput { get }
    var rowCount: Int { get }
    /// The columns of several files by name, with types that hold the values of all.
    static func union(_ files: [Self]) -> Schema
    /// A scan whose columns are matched by name; `schema` may have more than the files.
    static func scan(
        _ files: [TextScanFile<Self>], schema: Schema, request: ScanRequest
    ) -> any TableScan
}

extension DelimitedFile: SurveyedFile {
    package static func scan(
        _ files: [TextScanFile<DelimitedFile>], schema: Schema, request: ScanRequest
    ) -> any TableScan {
        DelimitedScan(files: files, schema: schema, request: request)
    }
}

extension RecordFile: SurveyedFile {
    package static func scan(
        _ files: [TextScanFile<RecordFile>], schema: Schema, request: ScanRequest
    ) -> any TableScan {
        RecordScan(files: files, schema: schema, request: request)
    }
}

/// Text files read as one table: columns by name, Hive folders as columns, files pruned by them.
///
/// The hidden columns are those of `ParquetDataset`.
package struct TextDataset<File: SurveyedFile>: Sendable {
    package let schema: Schema
    package let hiddenColumns: Set<Int>
    private let files: [TextScanFile<File>]

    package var rowCount: Int { files.reduce(0) { $0 + $1.file.rowCount } }

    /// Surveys every file on `workers` threads.
    ///
    /// Errors: what a survey may raise; `corrupt` for files without any column, and for Hive folders that
    /// were asked for and do not agree.
    package static func open(
        _ paths: [DatasetPath], hivePartitioning: Bool?, workers: Int,
        survey: @escaping @Sendable (TextInput) throws(ColumnarError) -> File
    ) throws(ColumnarError) -> TextDataset {
        let hive = try HiveColumns(paths, isWanted: hivePartitioning)
        let surveyed = SurveyResults<File>(count: paths.count)
        try Workers.forEach(paths.count, workers: workers) { (index) throws(ColumnarError) in
            let path = paths[index]
            let input = try TextInput(path: path.absolute, name: path.written)
            surveyed.set(index, try survey(input))
        }
        return try TextDataset(paths, surveyed.all(), hive)
    }

    private init(
        _ paths: [DatasetPath], _ surveyed: [File], _ hive: HiveColumns
    ) throws(ColumnarError) {
        var fields = File.union(surveyed).fields
        guard !fields.isEmpty else {
            throw .corrupt(
                FileLocation(path: paths.first?.written ?? ""),
                reason: "there is nothing in it: a table needs columns")
        }
        let hivePositions = hive.add(to: &fields)
        let firstFact = fields.count
        fields += FileFact.allCases.map(\.field)
        schema = Schema(fields)
        hiddenColumns = Set(firstFact..<fields.count)
        var files: [TextScanFile<File>] = []
        for (number, file) in surveyed.enumerated() {
            var constants: [Int: Value] = [:]
            for (position, values) in zip(hivePositions, hive.values) {
                constants[position] = values[number]
            }
            for (offset, fact) in FileFact.allCases.enumerated() {
                constants[firstFact + offset] = fact.value(
                    path: paths[number].absolute, file.input.version)
            }
            files.append(TextScanFile(file: file, fileIndex: number, constants: constants))
        }
        self.files = files
    }

    /// Plans a scan over the files that their folders or paths do not exclude.
    package func scan(_ request: ScanRequest) -> any TableScan {
        let kept = files.filter { file in
            ConstantPruning(constants: file.constants).mayMatch(request.predicates)
        }
        let scan = File.scan(kept, schema: schema, request: request)
        scan.counters.filesTotal.store(files.count, ordering: .relaxed)
        return scan
    }
}

/// What several threads found, in the order of the files.
private final class SurveyResults<File: Sendable>: Sendable {
    private let held: Mutex<[File?]>

    init(count: Int) {
        held = Mutex(Array(repeating: nil, count: count))
    }

    func set(_ index: Int, _ file: File) {
        held.withLock { $0[index] = file }
    }

    func all() -> [File] {
        held.withLock { $0.compactMap { $0 } }
    }
}
