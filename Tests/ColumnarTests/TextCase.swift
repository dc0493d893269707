import Foundation
import Testing

@testable import Columnar

/// A recorded reading of a small text file: its bytes, and the columns and rows, or the error, that they give.
///
///     == title
///     csv header=false
///     "a,b\n1,2\n"
///     a bigint, b bigint
///     1 | 2
///
/// The input is a literal with `\n \r \t \0 \" \\ \xNN`. `LAKE_UPDATE=1` rewrites the outputs.
struct TextCase: Sendable, CustomTestStringConvertible {
    var title: String
    var options: [String]
    var literal: String
    var output: String

    var testDescription: String { title }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "text")

    static func all(_ file: String) -> [TextCase] {
        guard
            let text = try? String(contentsOf: folder.appending(path: file), encoding: .utf8)
        else { return [] }
        var cases: [TextCase] = []
        for block in text.components(separatedBy: "\n\n") {
            let lines = block.split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)
            guard lines.count >= 3, lines[0].hasPrefix("== ") else { continue }
            cases.append(
                TextCase(
                    title: String(lines[0].dropFirst(3)),
                    options: lines[1].split(separator: " ").map(String.init), literal: lines[2],
                    output: lines[3...].joined(separator: "\n")))
        }
        return cases
    }

    static func write(_ cases: [TextCase], to file: String) throws {
        let text = cases.map { item in
            "== \(item.title)\n\(item.options.joined(separator: " "))\n\(item.literal)\n"
                + item.output.trimmingCharacters(in: .newlines) + "\n"
        }
        try text.joined(separator: "\n").write(
            to: folder.appending(path: file), atomically: true, encoding: .utf8)
    }

    func option(_ name: String) -> String? {
        options.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// The bytes that the literal means.
    var bytes: [UInt8] {
        var result: [UInt8] = []
        var rest = Array(literal.utf8.dropFirst().dropLast())[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                result.append(byte)
                continue
            }
            switch letter {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "0"): result.append(0x00)
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                rest = rest.dropFirst(2)
                result.append(UInt8(digits, radix: 16) ?? 0)
            default: result.append(letter)
            }
        }
        return result
    }
}

/// A scan's columns and rows as text, for goldens.
enum TextListing {
    static func of(
        _ schema: Schema, batchRows: Int, pool: BufferPool,
        scan: (ScanRequest) -> any TableScan
    ) throws -> String {
        let request = ScanRequest(columns: schema.fields.indices.map { ScanColumn(index: $0) })
        let scan = scan(request)
        var lines = [schema.fields.map { "\($0.name) \($0.type)" }.joined(separator: ", ")]
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: batchRows) {
                for row in 0..<batch.count {
                    let values = try zip(batch.columns, schema.fields).map { column, field in
                        text(try column.value(at: row, type: field.type))
                    }
                    lines.append(values.joined(separator: " | "))
                }
            }
        }
        return lines.joined(separator: "\n")
    }

    static func text(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let bit): "\(bit)"
        case .int(let int): "\(int)"
        case .int128(let int): "\(int)"
        case .float(let float): "\(float)"
        case .double(let double): "\(double)"
        case .text(let text): quoted(text)
        case .binary(let bytes): "\(bytes)"
        case .list(let items): "[" + items.map(Self.text).joined(separator: ", ") + "]"
        case .row(let items): "{" + items.map(Self.text).joined(separator: ", ") + "}"
        case .map: "a map"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "'"
        for scalar in text.unicodeScalars {
            result += scalar.value < 0x20 ? "\\x" + String(scalar.value, radix: 16) : "\(scalar)"
        }
        return result + "'"
    }
}

/// A file that goes with its test.
final class TemporaryText {
    let path: String

    init(_ bytes: [UInt8], suffix: String = ".txt") throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: UUID().uuidString + suffix).path
        try Data(bytes).write(to: URL(filePath: path))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
