/// A small aligned listing for people: headings, then rows; numbers to the right.
struct TextGrid {
    let headings: [String]
    /// Columns whose cells go to the right.
    let rightAligned: Set<Int>
    /// A wider cell keeps its line to itself; what follows stands on the next.
    private static let widestCell = 48
    private var rows: [[String]] = []

    init(_ headings: [String], rightAligned: Set<Int> = []) {
        self.headings = headings
        self.rightAligned = rightAligned
    }

    mutating func append(_ row: [String]) {
        rows.append(row)
    }

    func text() -> String {
        var widths = headings.map(DisplayWidth.of)
        for row in rows {
            for (index, cell) in row.enumerated() {
                let width = DisplayWidth.of(cell)
                if width <= Self.widestCell { widths[index] = max(widths[index], width) }
            }
        }
        return ([headings] + rows).map { line($0, widths) }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(
                repeating: " ", count: max(0, widths[index] - DisplayWidth.of(cell)))
            let isLast = index == cells.count - 1
            if !isLast, DisplayWidth.of(cell) > max(widths[index], Self.widestCell) {
                let indent = widths[...index].reduce(0) { $0 + $1 + 2 }
                text += cell + "\n" + String(repeating: " ", count: indent)
                continue
            }
            if rightAligned.contains(index) {
                text += padding + cell
            } else {
                text += isLast ? cell : cell + padding
            }
            if !isLast { text += "  " }
        }
        while text.last == " " { text.removeLast() }
        return text + "\n"
    }
}
