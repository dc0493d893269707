import Columnar
import Query

/// `--sort-by "a desc, b nulls first"`: columns, each with its direction.
struct SortOrder {
    struct Item {
        var name: String
        var isDescending = false
        var nullsFirst = false
    }

    let items: [Item]

    init(_ text: String) throws(CommandError) {
        var items: [Item] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            var words = part.split(separator: " ").map(String.init)
            var item = Item(name: "")
            if words.count > 2, words[words.count - 2].lowercased() == "nulls",
                ["first", "last"].contains(words[words.count - 1].lowercased())
            {
                item.nullsFirst = words.removeLast().lowercased() == "first"
                words.removeLast()
            }
            if words.count > 1, ["asc", "desc"].contains(words[words.count - 1].lowercased()) {
                item.isDescending = words.removeLast().lowercased() == "desc"
            }
            item.name = words.joined(separator: " ")
            guard !item.name.isEmpty else {
                throw .usage(
                    "--sort-by wants columns, as in \"a desc, b nulls first\", not '\(text)'",
                    command: "convert")
            }
            items.append(item)
        }
        self.items = items
    }

    /// The items as ORDER BY has them.
    var sql: String {
        items.map { item in
            SQLText.identifier(item.name) + (item.isDescending ? " desc" : "")
                + (item.nullsFirst ? " nulls first" : " nulls last")
        }.joined(separator: ", ")
    }

    /// The order as a Parquet file tells it: up to the first column that the file does not have.
    func sortingColumns(_ columns: [OutputColumn]) -> [ParquetSortingColumn] {
        var result: [ParquetSortingColumn] = []
        for item in items {
            guard
                let index = columns.firstIndex(where: {
                    $0.name.lowercased() == item.name.lowercased()
                })
            else { break }
            result.append(
                ParquetSortingColumn(
                    column: index, isDescending: item.isDescending, nullsFirst: item.nullsFirst))
        }
        return result
    }
}
