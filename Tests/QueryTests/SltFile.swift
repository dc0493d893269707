import Glibc
import Testing

/// One sqllogictest file, cut into records.
///
///     # a comment
///     table posts                     a table made by a query; blank line ends it
///     SELECT * FROM (VALUES (1, 'x')) AS t(id, name)
///
///     statement ok
///     SELECT 1
///
///     statement error DIVISION_BY_ZERO: Division by zero
///     SELECT 1 / 0
///
///     query IT rowsort                one letter a column, then nosort (default) or rowsort
///     SELECT id, name FROM posts
///     ----
///     1 | x
struct SltFile: Sendable, CustomTestStringConvertible {
    let path: String
    var records: [SltRecord]

    var testDescription: String { String(path.split(separator: "/").last ?? "") }

    /// Every `.slt` file beside this source file, in order.
    static let all: [SltFile] = {
        let folder = String(#filePath.dropLast("SltFile.swift".count)) + "slt"
        return SltText.files(in: folder).map { path in
            SltFile(path: path, records: SltRecord.parse(SltText.read(path)))
        }
    }()

    /// The file with the records' expected results as they are now.
    var text: String { records.map(\.text).joined() }
}

/// One record: its lines as written, and what they mean.
struct SltRecord: Sendable {
    enum Kind: Sendable {
        /// Comments and blank lines.
        case filler
        case table(name: String)
        case statementOK
        case statementError(pattern: String)
        case query(types: String, isSorted: Bool)
    }

    var kind: Kind
    /// The first line's number in the file, from 1.
    var line: Int
    var header: [String]
    var sql: String
    var expected: [String]

    var text: String {
        var lines = header
        if !sql.isEmpty { lines.append(sql) }
        if case .query = kind { lines += ["----"] + expected }
        return lines.map { $0 + "\n" }.joined()
    }

    static func parse(_ lines: [String]) -> [SltRecord] {
        var records: [SltRecord] = []
        var i = 0
        while i < lines.count {
            let start = i
            let words = lines[i].split(separator: " ", maxSplits: 2).map(String.init)
            let kind = Self.kind(words)
            if case .filler = kind {
                records.append(
                    SltRecord(
                        kind: kind, line: i + 1, header: [lines[i]], sql: "", expected: []))
                i += 1
                continue
            }
            i += 1
            var sql: [String] = []
            while i < lines.count, !lines[i].isEmpty, lines[i] != "----" {
                sql.append(lines[i])
                i += 1
            }
            var expected: [String] = []
            if i < lines.count, lines[i] == "----" {
                i += 1
                while i < lines.count, !lines[i].isEmpty {
                    expected.append(lines[i])
                    i += 1
                }
            }
            records.append(
                SltRecord(
                    kind: kind, line: start + 1, header: [lines[start]],
                    sql: sql.joined(separator: "\n"), expected: expected))
        }
        return records
    }

    private static func kind(_ words: [String]) -> Kind {
        guard let first = words.first else { return .filler }
        switch first {
        case "table" where words.count == 2: return .table(name: words[1])
        case "statement" where words.count > 1 && words[1] == "ok": return .statementOK
        case "statement" where words.count > 2 && words[1] == "error":
            return .statementError(pattern: words[2])
        case "query" where words.count > 1:
            return .query(types: words[1], isSorted: words.last == "rowsort")
        default: return .filler
        }
    }
}

/// Files in and out, without Foundation.
enum SltText {
    static func files(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".slt") { names.append(folder + "/" + name) }
        }
        return names.sorted()
    }

    static func read(_ path: String) -> [String] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes += chunk[0..<count]
        }
        var lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "w") else { return }
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        fwrite(bytes, 1, bytes.count, file)
    }
}
