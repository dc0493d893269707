import Columnar
import Glibc
import Lake

/// `lake schema infer RAW…`: a schema file from samples of raw files.
enum SchemaInferCommand: Command {
    static let syntax = CommandSyntax(
        name: "schema infer", summary: "Write a schema file from samples of raw files",
        operands: "RAW...", maximumOperands: .max,
        options: [
            Option("output", short: "o", value: "FILE", "Write here instead of printing"),
            Option(
                "table", value: "NAME", "The table's name (else from the files' folder or name)"),
            Option(
                "raw", value: "DIR",
                "The raw folder, from which the pattern begins (else RAW itself where it is a folder)"
            ),
            Option(
                "records", value: "PATH", "The key under which a file holds its array of records"),
            Option(
                "sample", value: "N", "Records to look at, spread over the files (default: 50,000)"),
        ],
        discussion: """
            RAW are files, folders or patterns of JSON, JSON lines or arrays, plain, gzip or zstd. The
            schema file takes every record that was looked at: types that hold all values, the key that
            tells records apart, a month partition where every record has a time, nested rows, counters and
            signed links by name and look. What drifts between files is told in doc lines. Read it, name
            things better, check it: it is a beginning.
            """,
        examples: [
            "lake schema infer /data/raw/likes --raw /data/raw -o schemas/likes.json",
            "lake schema infer tweets.jsonl.gz --table tweets",
        ], usesLake: false)

    private static let defaultSample = 50_000

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let sample =
            try arguments.integer("sample", minimum: 1, command: syntax.name) ?? defaultSample
        guard !arguments.operands.isEmpty else {
            throw .usage("no raw files given", command: syntax.name)
        }
        let samples = try RawSamples(
            arguments.operands, raw: arguments.value("raw"), surroundings: surroundings)
        let keys = arguments.value("records")?.split(separator: ".").map(String.init) ?? []
        var reading = try SampleReading(samples, recordPath: keys, limit: sample)
        try reading.run()
        for problem in reading.problems {
            StandardError.write("warning: \(problem)\n")
        }
        guard var inference = reading.inference, inference.count > 0 else {
            throw .user(
                "no record could be read",
                hint: keys.isEmpty ? nil : "is there an array under \(keys.joined(separator: "."))?"
            )
        }
        if inference.strayCount > 0 {
            StandardError.write(
                "warning: \(inference.strayCount) files lie deeper or less deep than the rest\n")
        }
        let text = inference.schemaFile(table: arguments.value("table"))
        // What people are given must be what the program takes.
        _ = try lakeCall { () throws(LakeError) in
            try TableDefinition.parse(text, path: "the inferred schema file")
        }
        try write(text, arguments, surroundings)
        StandardError.write(
            "looked at \(Amount.count(inference.count, "record")) of "
                + "\(Amount.count(reading.fileCount, "file")) "
                + "(\(Amount.count(samples.paths.count)) found)\n")
        return reading.problems.isEmpty ? ExitCode.done : ExitCode.partial
    }

    private static func write(
        _ text: [UInt8], _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) {
        guard let target = arguments.value("output") else {
            let output = StandardOutput()
            output.write(text)
            output.flush()
            return
        }
        let path = LakeLocation.absolute(target, surroundings)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .user(
                "cannot write \(target): \(String(cString: strerror(errno)))",
                hint: errno == EEXIST ? "remove it first, or name another file" : nil)
        }
        defer { close(descriptor) }
        var done = 0
        while done < text.count {
            let count = text.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, text.count - done)
            }
            guard count > 0 else {
                throw .user("cannot write \(target): \(String(cString: strerror(errno)))")
            }
            done += count
        }
    }
}

/// The raw files that the operands mean.
private struct RawSamples {
    /// Absolute.
    private(set) var paths: [String] = []
    /// Where patterns begin; absolute, `/` at its end.
    let root: String

    init(
        _ operands: [String], raw: String?, surroundings: Surroundings
    ) throws(CommandError) {
        for operand in operands {
            // A folder alone means every file below it.
            let glob = Glob(operand, in: surroundings.workingDirectory, ending: "*")
            let found = try columnarCall { () throws(ColumnarError) in try glob.paths() }
            guard !found.isEmpty else { throw .user("no file matches \(operand)") }
            paths += found.map { LakeLocation.absolute($0.absolute, surroundings) }
        }
        paths = Set(paths).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let given = raw ?? (operands.count == 1 ? operands[0] : nil)
        let folder = given.map { LakeLocation.absolute($0, surroundings) }
        if let folder, let first = paths.first, first.hasPrefix(folder + "/") {
            root = folder + "/"
        } else {
            root = Self.commonFolder(paths)
        }
    }

    func relative(_ path: String) -> String {
        path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
    }

    private static func commonFolder(_ paths: [String]) -> String {
        guard let first = paths.first else { return "/" }
        var parts = first.split(separator: "/").dropLast().map(String.init)
        for path in paths.dropFirst() {
            let other = path.split(separator: "/").dropLast().map(String.init)
            parts = zip(parts, other).prefix { $0 == $1 }.map(\.0)
        }
        return parts.isEmpty ? "/" : "/" + parts.joined(separator: "/") + "/"
    }
}

/// Reads records of the sampled files into an inference.
private struct SampleReading {
    private(set) var inference: SchemaInference?
    private(set) var problems: [String] = []
    private(set) var fileCount = 0
    private let samples: RawSamples
    private let recordPath: [String]
    private let limit: Int
    private let pool = BufferPool()

    /// Problems that are told one by one.
    private static let mostProblems = 10

    init(_ samples: RawSamples, recordPath: [String], limit: Int) throws(CommandError) {
        self.samples = samples
        self.recordPath = recordPath
        self.limit = limit
    }

    mutating func run() throws(CommandError) {
        // Evenly spread, so that neither the oldest nor the largest files speak for all.
        let step = max(1, (samples.paths.count + limit - 1) / limit)
        let chosen = stride(from: 0, to: samples.paths.count, by: step).map { samples.paths[$0] }
        let each = max(1, limit / chosen.count)
        inference = SchemaInference(
            paths: samples.paths.map(samples.relative), format: try format(chosen),
            recordPath: recordPath)
        var failed = 0
        for path in chosen {
            do throws(ColumnarError) {
                try add(path, limit: each)
                fileCount += 1
                inference?.endFile()
            } catch {
                failed += 1
                if failed <= Self.mostProblems {
                    problems.append(LakeErrorText.text(of: error).message)
                }
            }
        }
        if failed > Self.mostProblems {
            problems.append("\(failed - Self.mostProblems) more files could not be read")
        }
    }

    /// How records lie: the first file that has any tells, and one with several records beats one with one.
    private func format(_ paths: [String]) throws(CommandError) -> RawLayout.Format {
        if !recordPath.isEmpty { return .array }
        for path in paths.prefix(20) {
            do throws(ColumnarError) {
                var reader = try RecordFileReader(try TextInput(path: path), pool: pool)
                guard try reader.record() != nil else { continue }
                if reader.layout == .array { return .array }
                let isCompressed = try TextInput(path: path).compression != .none
                if try reader.record() != nil || isCompressed { return .jsonl }
                if path.hasSuffix(".jsonl") || path.hasSuffix(".ndjson") { return .jsonl }
            } catch {
                continue
            }
        }
        return .json
    }

    private mutating func add(_ path: String, limit: Int) throws(ColumnarError) {
        var reader = try RecordFileReader(try TextInput(path: path), pool: pool)
        let name = samples.relative(path)
        var left = limit
        while left > 0, let document = try reader.record() {
            if recordPath.isEmpty {
                inference?.add(document, path: name)
                left -= 1
                continue
            }
            var place: JSONElement? = document
            for key in recordPath { place = place?[key] }
            guard var elements = place?.elements else { continue }
            while left > 0, let record = elements.next() {
                guard record.kind == .object else { continue }
                inference?.add(record, path: name)
                left -= 1
            }
        }
    }
}
