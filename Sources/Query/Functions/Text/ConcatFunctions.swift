import Columnar

/// concat, concat_ws, lpad, rpad: functions that lengthen text.
enum ConcatFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "concat", summary: "Texts, binaries or arrays one after the other; NULL if any is",
            [
                ScalarOverload(
                    [.varchar, .varchar, .varchar], isVariadic: true, result: .text, kernel: concat),
                ScalarOverload(
                    [.varbinary, .varbinary, .varbinary], isVariadic: true, result: .varbinary,
                    kernel: concat),
                ScalarOverload(
                    [.array(.t), .array(.t), .array(.t)], isVariadic: true,
                    result: .pattern(.array(.t)), kernel: ArrayConcat.arrays),
                ScalarOverload(
                    [.array(.t), .t], result: .pattern(.array(.t)), kernel: ArrayConcat.append),
                ScalarOverload(
                    [.t, .array(.t)], result: .pattern(.array(.t)), kernel: ArrayConcat.prepend),
            ]),
        ScalarFunction(
            "concat_ws", summary: "Texts joined by a separator; NULLs are skipped",
            [
                ScalarOverload(
                    [.varchar, .array(.varchar)], result: .text, kernel: joinArray),
                ScalarOverload(
                    [.varchar, .varchar, .varchar], isVariadic: true, result: .text, kernel: join),
            ]),
        padFunction("lpad", isLeft: true),
        padFunction("rpad", isLeft: false),
    ]

    private static let concat: ScalarKernel = { (arguments, context) throws(QueryError) in
        var readers: [TextReader] = []
        for i in arguments.columns.indices {
            readers.append(try arguments.reader(i, as: Bytes.self, context))
        }
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            for reader in readers {
                guard let piece = reader.row(row) else { return false }
                try output.write(piece)
            }
            try output.checkValueLimit()
            return true
        }
    }

    private static let join: ScalarKernel = { (arguments, context) throws(QueryError) in
        var readers: [TextReader] = []
        for i in arguments.columns.indices {
            readers.append(try arguments.reader(i, as: Bytes.self, context))
        }
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let separator = readers[0].row(row) else { return false }
            var isFirst = true
            for reader in readers.dropFirst() {
                guard let piece = reader.row(row) else { continue }
                if !isFirst { try output.write(separator) }
                isFirst = false
                try output.write(piece)
            }
            try output.checkValueLimit()
            return true
        }
    }

    private static let joinArray: ScalarKernel = { (arguments, context) throws(QueryError) in
        let separators = try arguments.reader(0, as: Bytes.self, context)
        let lists = try arguments.listReader(1, context)
        let items = TextReader(try ColumnView(lists.column.child, pool: context.pool))
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let separator = separators.row(row), let range = lists.row(row) else {
                return false
            }
            var isFirst = true
            for i in range {
                guard let piece = items.row(i) else { continue }
                if !isFirst { try output.write(separator) }
                isFirst = false
                try output.write(piece)
            }
            try output.checkValueLimit()
            return true
        }
    }

    private static func padFunction(_ name: String, isLeft: Bool) -> ScalarFunction {
        ScalarFunction(
            name, summary: "Text padded or cut to a number of characters",
            [
                ScalarOverload(
                    [.varchar, .bigint, .varchar], result: .text,
                    kernel: RowKernel.text {
                        (text: Bytes, size: Int64, padding: Bytes, output) throws(QueryError) in
                        try pad(text, size: size, padding: padding, isLeft: isLeft, into: &output)
                        return true
                    })
            ])
    }

    private static func pad(
        _ text: Bytes, size: Int64, padding: Bytes, isLeft: Bool, into output: inout TextOutput
    ) throws(QueryError) {
        guard (0...2_147_483_647).contains(size) else {
            throw .argument("Target length must be in the range [0..2147483647]")
        }
        guard !padding.isEmpty else { throw .argument("Padding string must not be empty") }
        let missing = Int(size) - text.codePointCount
        if missing <= 0 {
            try output.write(text.part(0..<(text.offset(skipping: Int(size)) ?? text.count)))
            return
        }
        let length = padding.codePointCount
        let copies = missing / max(length, 1)
        try TextOutput.checkValueLimit(
            text.count + copies.multipliedReportingOverflow(by: padding.count).partialValue)
        if !isLeft { try output.write(text) }
        for _ in 0..<copies { try output.write(padding) }
        let rest = length == 0 ? 0 : missing % length
        try output.write(padding.part(0..<(padding.offset(skipping: rest) ?? padding.count)))
        if isLeft { try output.write(text) }
    }
}
