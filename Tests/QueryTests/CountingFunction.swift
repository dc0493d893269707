import Columnar
import Query

/// A table function for tests: the numbers below `rows`, times `step`, each with a word.
struct CountingFunction: TableFunction {
    let name = "counting"
    let summary = "Numbers from 0"
    let parameters = [
        TableParameter("rows", .integer, isRequired: true), TableParameter("step", .integer),
        TableParameter("words", .texts), TableParameter("label", .text),
        TableParameter("is_descending", .boolean),
    ]

    func table(_ arguments: TableArguments) throws(QueryError) -> any Table {
        guard let count = arguments.integer("rows"), (0...100).contains(count) else {
            throw arguments.invalid("rows", "rows must be between 0 and 100")
        }
        let words = arguments.texts("words") ?? []
        let label = arguments.text("label")
        if label == "nothing" { throw QueryError(.tableNotFound, "Nothing is called 'nothing'") }
        var rows: [[Value]] = []
        for number in 0..<count {
            let word: Value = words.isEmpty ? .null : .text(words[number % words.count])
            rows.append([
                .int(Int64(number * (arguments.integer("step") ?? 1))), word,
                label.map { .text($0) } ?? .null,
            ])
        }
        if arguments.boolean("is_descending") == true { rows.reverse() }
        return MemoryTable(
            schema: Schema([
                Field(name: "n", type: .bigint), Field(name: "word", type: .text),
                Field(name: "label", type: .text),
            ]), rows: rows, form: .flat, morselRows: 3)
    }
}
