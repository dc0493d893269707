import Columnar
import Testing

/// What four other writers write, in every combination of types, encodings, codecs, page versions,
/// page sizes, nesting and NULLs that `parquet_matrix.py` makes.
@Suite(.enabled(if: Peers.python != nil, "the peers are not installed: `make peers`"))
struct ParquetMatrixTests {
    /// What a column must hold, by the name that the script gave it.
    static func values(_ text: String) -> [Substring: ArraySlice<Substring>] {
        let lines = text.split(separator: "\n")
        var found: [Substring: ArraySlice<Substring>] = [:]
        var position = 0
        while position < lines.count {
            let head = lines[position].split(separator: "\t")
            let count = Int(head[1]) ?? 0
            found[head[0]] = lines[position + 1..<position + 1 + count]
            position += count + 1
        }
        return found
    }

    /// The first difference between a file and what it was made of; nil if there is none.
    static func difference(
        _ path: String, _ wanted: [(name: Substring, values: ArraySlice<Substring>)], maxRows: Int
    ) throws -> String? {
        let schema = try ParquetFile.open(path: path).schema
        guard schema.fields.map(\.name) == wanted.map({ String($0.name) }) else {
            return "columns \(schema.fields.map(\.name))"
        }
        let columns = try ParquetRows.read([path], schema: schema, maxRows: maxRows)
        for ((field, column), (_, values)) in zip(zip(schema.fields, columns), wanted) {
            guard column.count == values.count else {
                return "\(field.name): \(column.count) rows, \(values.count) expected"
            }
            for (row, (value, expected)) in zip(column, values).enumerated() {
                let ours = PeerRows.canon(value, field.type)
                guard ours != expected else { continue }
                return "\(field.name) \(field.type), row \(row): \(ours) is not \(expected)"
            }
        }
        return nil
    }

    @Test func weReadTheirs() throws {
        let folder = ScratchFolder()
        let (output, code) = Peers.run("parquet_matrix.py", folder.path)
        try #require(code == 0, "\(output)")
        let values = Self.values(ParquetInteropTests.load(folder.file("values")))
        let files = ParquetInteropTests.load(folder.file("files")).split(separator: "\n")
        #expect(files.count > 600)
        for (index, line) in files.enumerated() {
            let cells = line.split(separator: "\t")
            var wanted: [(name: Substring, values: ArraySlice<Substring>)] = []
            for cell in cells.dropFirst() {
                let pair = cell.split(separator: "=")
                wanted.append((pair[0], try #require(values[pair[1]])))
            }
            do {
                // Batches of different sizes cut pages in different places.
                let wrong = try Self.difference(
                    folder.file(String(cells[0])), wanted, maxRows: [8192, 37][index % 2])
                #expect(wrong == nil, "\(cells[0]): \(wrong ?? "")")
                let verdict = try ParquetVerification.verify(
                    path: folder.file(String(cells[0])), pool: BufferPool())
                #expect(!verdict.isDamaged, "\(cells[0]): \(verdict.findings)")
            } catch {
                Issue.record("\(cells[0]): \(error)")
            }
        }
    }
}
