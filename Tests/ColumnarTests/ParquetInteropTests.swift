import Columnar
import Glibc
import Testing

/// The peers' Python, where it is installed: `LAKE_PEERS`, or the virtual environment of the package.
enum Peers {
    static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    static let python: String? = {
        let named = getenv("LAKE_PEERS").map { String(cString: $0) }
        let path = named ?? root + "/.venv/peers/bin/python"
        return access(path, X_OK) == 0 ? path : nil
    }()

    /// Runs a script of `Tests/interop` and returns what it printed and its exit code.
    static func run(_ script: String, _ arguments: String...) -> (output: String, code: Int32) {
        let command =
            ([python ?? "python3", root + "/Tests/interop/" + script] + arguments)
            .map { "'\($0)'" }.joined(separator: " ") + " 2>&1"
        guard let pipe = popen(command, "r") else { return ("popen failed", -1) }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, pipe)
            if count == 0 { break }
            output += chunk[..<count]
        }
        return (String(decoding: output, as: UTF8.self), pclose(pipe))
    }
}

/// Values in the form of the `.rows` files of `parquet_peers.py`.
enum PeerRows {
    static func kind(_ type: DataType) -> String {
        switch type {
        case .boolean: "\"bool\""
        case .tinyint, .smallint, .integer, .bigint: "\"int\""
        case .real: "\"float\""
        case .double: "\"double\""
        case .decimal(_, let scale): "[\"decimal\", \(scale)]"
        case .date: "\"date\""
        case .time: "\"time\""
        case .timestamp, .timestampTZ: "\"timestamp\""
        case .uuid: "\"uuid\""
        case .array(let element): "[\"list\", \(kind(element))]"
        case .map(let key, let value): "[\"map\", \(kind(key)), \(kind(value))]"
        case .row(let fields):
            "[\"row\", "
                + fields.map { "[\"\($0.name ?? "")\", \(kind($0.type))]" }.joined(separator: ", ")
                + "]"
        default: "\"text\""
        }
    }

    static func canon(_ value: Value, _ type: DataType) -> String {
        switch value {
        case .null: return "null"
        case .boolean(let bit): return bit ? "true" : "false"
        case .int(let int): return "\(int)"
        case .int128(let bits):
            switch type {
            case .timestampTZ: return "\(ZonedTime(bits: bits).micros)"
            case .uuid: return hex(big: UInt128(bitPattern: bits) ^ UInt128(1) << 127, bytes: 16)
            default: return "\(bits)"
            }
        case .float(let float): return hex(big: UInt128(float.bitPattern), bytes: 4)
        case .double(let double): return hex(big: UInt128(double.bitPattern), bytes: 8)
        case .text(let text): return "x" + hex(Array(text.utf8))
        case .binary(let bytes): return "x" + hex(bytes)
        case .list(let values):
            return "[" + values.map { canon($0, type.children[0]) }.joined(separator: ",") + "]"
        case .row(let values):
            let parts = zip(values, type.children).map { canon($0, $1) }
            return "(" + parts.joined(separator: ",") + ")"
        case .map(let keys, let values):
            guard case .map(let keyType, let valueType) = type else { return "?" }
            let parts = zip(keys, values).map { canon($0, keyType) + ":" + canon($1, valueType) }
            return "{" + parts.joined(separator: ",") + "}"
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        var text = ""
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return text
    }

    private static func hex(big value: UInt128, bytes: Int) -> String {
        hex((0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> UInt128(8 * $0)) })
    }

    static func lines(_ columns: [[Value]], _ schema: Schema) -> [String] {
        (0..<(columns.first?.count ?? 0)).map { row in
            zip(columns, schema.fields).map { canon($0[row], $1.type) }.joined(separator: "\t")
        }
    }

    static func text(_ rows: ParquetRows) -> String {
        let kinds = rows.schema.fields.map { kind($0.type) }.joined(separator: ", ")
        return "[\(kinds)]\n"
            + lines(rows.columns, rows.schema).map { $0 + "\n" }.joined()
    }
}

@Suite(.enabled(if: Peers.python != nil, "the peers are not installed: `make peers`"))
struct ParquetInteropTests {
    static func store(_ text: String, at path: String) {
        guard let file = fopen(path, "w") else { return }
        fputs(text, file)
        fclose(file)
    }

    static func load(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func peersReadOurs() throws {
        let folder = ScratchFolder()
        var small = ParquetWriterOptions()
        small.rowGroupRows = 900
        small.pageRows = 100
        small.textPageBytes = 0
        small.bloomColumns = ["c3", "c4", "c10"]
        small.sortingColumns = [ParquetSortingColumn(column: 3)]
        small.keyValueMetadata = [("origin", "test")]
        let files: [(String, ParquetRows, ParquetWriterOptions)] = [
            ("ours_required", ParquetRoundTripTests.rows(count: 2_000, isNullable: false), small),
            ("ours_optional", ParquetRoundTripTests.rows(count: 2_000, isNullable: true), small),
            ("ours_default", ParquetRoundTripTests.rows(count: 500, isNullable: true), .init()),
            ("ours_nested", ParquetNestedTests.rows(count: 1_000), small),
            ("ours_empty", ParquetRoundTripTests.rows(count: 0, isNullable: true), .init()),
        ]
        for (name, rows, options) in files {
            try rows.write(to: folder.file(name + ".parquet"), options: options)
            Self.store(PeerRows.text(rows), at: folder.file(name + ".rows"))
        }
        let (output, code) = Peers.run("parquet_peers.py", "check", folder.path)
        #expect(code == 0, "\(output)")
    }

    static func parquetFiles(_ folder: String) throws -> [String] {
        var names: [String] = []
        let directory = try #require(opendir(folder))
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".parquet") { names.append(name) }
        }
        closedir(directory)
        return names.sorted()
    }
}
