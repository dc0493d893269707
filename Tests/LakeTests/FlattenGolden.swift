import Columnar
import Glibc

import Lake

/// Golden text of flattening: a file of cases, each an input and the row or reason that must come of it.
///
///     # a line that says what the case shows
///     path instagram_graph/posts/1/2.json
///     json {"id":"2", …}             one line; or `hex 7b 7d` for bytes that are no text
///     row                            then one `column: value` a line, NULL columns left out
///     reject the reason
///
/// `UPDATE_GOLDEN=1 swift test --filter FlattenTests` writes what comes; read the difference.
struct FlattenCase {
    var title: String
    var path: String
    var bytes: [UInt8]
    var expected: [String]
    /// The lines before the expected ones, as they stand.
    var input: String

    /// The cases of one file, in order; nil when it does not follow the form.
    static func parse(_ text: String) -> [FlattenCase]? {
        var cases: [FlattenCase] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# ") {
                cases.append(
                    FlattenCase(
                        title: String(line.dropFirst(2)), path: "", bytes: [], expected: [],
                        input: line + "\n"))
                continue
            }
            if line.isEmpty { continue }
            guard var last = cases.popLast() else { return nil }
            if ["path", "json", "hex"].contains(line.prefix { $0 != " " }) {
                last.input += line + "\n"
            }
            if line.hasPrefix("path ") {
                last.path = String(line.dropFirst(5))
            } else if line.hasPrefix("json ") {
                last.bytes = Array(line.dropFirst(5).utf8)
            } else if line.hasPrefix("hex") {
                for pair in line.dropFirst(4).split(separator: " ") {
                    guard let byte = UInt8(pair, radix: 16) else { return nil }
                    last.bytes.append(byte)
                }
            } else {
                last.expected.append(String(line))
            }
            cases.append(last)
        }
        return cases
    }
}

/// The package's folder, from this file's place in it.
let packageFolder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

func fileBytes(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

/// The definition of one of the package's schema files.
func schemaFile(_ name: String) throws -> TableDefinition {
    let path = "schemas/\(name).json"
    guard let bytes = fileBytes(packageFolder + "/" + path) else {
        throw LakeError.io(operation: "open", path: path, errorNumber: errno)
    }
    return try TableDefinition.parse(bytes, path: path)
}

extension Flattener {
    /// Stages unpadded bytes.
    func stage(
        copyOf bytes: [UInt8], path: String, ingestedAtMicros: Int64 = 0
    ) throws -> FlattenOutcome {
        var padded = bytes
        padded.append(contentsOf: repeatElement(0, count: JSONParser.paddingBytes))
        return try padded.withUnsafeBytes { all in
            try stage(
                bytes: UnsafeRawBufferPointer(rebasing: all[..<bytes.count]), path: path,
                ingestedAtMicros: ingestedAtMicros)
        }
    }
}

/// Values as golden text, one form for each type.
enum GoldenValue {
    static func text(_ value: Value, _ type: DataType) -> String {
        switch (value, type) {
        case (.null, _): return "NULL"
        case (.boolean(let bit), _): return "\(bit)"
        case (.int(let days), .date): return day(days)
        case (.int(let micros), .timestamp): return instant(micros)
        case (.int(let number), _): return "\(number)"
        case (.double(let number), _): return "\(number)"
        case (.float(let number), _): return "\(number)"
        case (.text(let text), .json): return text
        case (.text(let text), _):
            var writer = JSONWriter()
            writer.string(text)
            return writer.text
        case (.list(let values), .array(let element)):
            return "[" + values.map { self.text($0, element) }.joined(separator: ", ") + "]"
        case (.row(let values), .row(let fields)):
            return "("
                + zip(values, fields).map { "\($1.name ?? ""): \(text($0, $1.type))" }
                .joined(separator: ", ") + ")"
        default: return "\(value)"
        }
    }

    static func day(_ days: Int64) -> String {
        let date = CivilTime.date(fromDays: days)
        return "\(date.year)-\(two(date.month))-\(two(date.day))"
    }

    static func instant(_ micros: Int64) -> String {
        let days = CivilTime.floorDays(micros: micros)
        let rest = micros - days * CivilTime.microsPerDay
        let seconds = rest / 1_000_000
        let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { two(Int($0)) }
        let fraction = rest % 1_000_000
        let digits = String(fraction + 1_000_000).dropFirst()
        return day(days) + " " + clock.joined(separator: ":")
            + (fraction == 0 ? "" : "." + digits)
    }

    private static func two(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    /// One row of a batch: `column: value` lines without NULL columns.
    static func row(_ batch: Batch, _ row: Int, _ schema: Schema) throws -> [String] {
        var lines: [String] = []
        for (column, field) in zip(batch.columns, schema.fields) {
            let value = try column.value(at: row, type: field.type)
            if value.isNull { continue }
            lines.append("\(field.name): \(text(value, field.type))")
        }
        return lines
    }
}
