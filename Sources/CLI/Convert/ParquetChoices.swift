import Columnar
import Query

/// The options of commands that write Parquet.
enum ParquetChoices {
    static let options: [Option] = [
        Option(
            "codec", value: "CODEC",
            "Parquet: zstd, snappy, gzip, brotli, lz4 or none (default: zstd)"),
        Option("level", value: "N", "Parquet: the codec's level"),
        Option(
            "profile", value: "PROFILE",
            "Parquet: compatible (what every reader knows) or compact (default: compatible)"),
        Option("row-group-rows", value: "N", "Parquet: rows of a row group (default: 131072)"),
        Option("bloom", value: "COLUMNS", "Parquet: columns that get a Bloom filter"),
    ]

    private static let codecs: [(name: String, codec: Codec)] = [
        ("zstd", .zstd), ("snappy", .snappy), ("gzip", .gzip), ("brotli", .brotli),
        ("lz4", .lz4Raw), ("none", .uncompressed),
    ]

    static func read(
        _ arguments: Arguments, command: String
    ) throws(CommandError) -> ParquetWriterOptions {
        var options = ParquetWriterOptions()
        if let name = arguments.value("codec") {
            options.codec = try codec(name, command)
        }
        if let name = arguments.value("profile") {
            guard let profile = ParquetProfile(rawValue: name) else {
                throw unknown("profile", name, ParquetProfile.allCases.map(\.rawValue), command)
            }
            options.profile = profile
        }
        if let level = try arguments.integer("level", minimum: 0, command: command) {
            guard let levels = options.codec.levels else {
                throw .usage("the codec \(options.codec.name) has no levels", command: command)
            }
            guard levels.contains(level) else {
                throw .usage(
                    "--level of \(options.codec.name) must be "
                        + "\(levels.lowerBound) to \(levels.upperBound), not \(level)",
                    command: command)
            }
            options.level = level
        }
        if let rows = try arguments.integer("row-group-rows", minimum: 1, command: command) {
            options.rowGroupRows = rows
        }
        options.bloomColumns = names(arguments.value("bloom"))
        return options
    }

    /// Names between commas.
    static func names(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { part in
            var name = part
            while name.first == " " { name.removeFirst() }
            while name.last == " " { name.removeLast() }
            return String(name)
        }.filter { !$0.isEmpty }
    }

    private static func codec(_ name: String, _ command: String) throws(CommandError) -> Codec {
        if let found = codecs.first(where: { $0.name == name }) { return found.codec }
        throw unknown("codec", name, codecs.map(\.name), command)
    }

    private static func unknown(
        _ what: String, _ name: String, _ names: [String], _ command: String
    ) -> CommandError {
        .usage(
            "unknown \(what) '\(name)': one of \(names.joined(separator: ", "))",
            command: command,
            hint: NearestName.of(name, among: names).map { "Did you mean \($0)?" })
    }
}
