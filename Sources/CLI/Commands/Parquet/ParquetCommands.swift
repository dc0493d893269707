import Columnar
import Query

/// `lake parquet …`: commands that look into Parquet files, wherever they come from.
enum ParquetCommands {
    static let group = CommandGroup(
        name: "parquet", summary: "Show, print and verify Parquet files, without any lake",
        commands: [
            ParquetSchemaCommand.self, ParquetMetaCommand.self, ParquetHeadCommand.self,
            ParquetCatCommand.self, ParquetStatsCommand.self, ParquetVerifyCommand.self,
        ],
        examples: [
            "lake parquet meta posts.parquet", "lake parquet head -n 5 posts.parquet",
            "lake parquet verify data/*.parquet",
        ])

    static let json = Option("json", "Print JSON: one object a file, a line each")

    /// The files named on the command line; at least one.
    static func files(_ arguments: Arguments, _ command: String) throws(CommandError) -> [String] {
        guard !arguments.operands.isEmpty else {
            throw .usage("no file given", command: command)
        }
        return arguments.operands
    }

    /// Opens the files one after another, and hands each on with what to write before it.
    static func forEach(
        _ paths: [String], _ body: (ParquetFile, Int) throws(CommandError) -> Void
    ) throws(CommandError) {
        for (index, path) in paths.enumerated() {
            try body(
                try columnarCall { () throws(ColumnarError) in
                    try ParquetFile.open(path: path)
                }, index)
        }
    }

    /// A bound or another value in one short line.
    static func text(_ value: Value?, _ type: DataType) -> String {
        guard let value else { return "" }
        let text = ValueText.format(value, type)
        let line = String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        return line.count <= widestValue ? line : String(line.prefix(widestValue - 1)) + "…"
    }

    private static let widestValue = 32

    /// `4.2`: how much larger the first is.
    static func ratio(_ plain: Int, _ stored: Int) -> String {
        guard stored > 0 else { return "" }
        let tenths = Int((Double(plain) / Double(stored) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

/// Runs a call of Columnar and rethrows its error as the command's.
func columnarCall<T>(_ body: () throws(ColumnarError) -> T) throws(CommandError) -> T {
    do {
        return try body()
    } catch {
        let text = LakeErrorText.text(of: error)
        throw .user(text.message, hint: text.hint)
    }
}
