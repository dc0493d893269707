import Columnar

/// format_number and human_readable_seconds: numbers for people.
enum DisplayFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "format_number", summary: "Number with a unit: 1.23K, 45.6M, 7B",
            [
                ScalarOverload(
                    [.bigint], result: .text,
                    kernel: RowKernel.text { (x: Int64, output) throws(QueryError) in
                        try output.write(Array(number(Double(x)).utf8))
                        return true
                    }),
                ScalarOverload(
                    [.double], result: .text,
                    kernel: RowKernel.text { (x: Double, output) throws(QueryError) in
                        try output.write(Array(number(x).utf8))
                        return true
                    }),
            ]),
        ScalarFunction(
            "human_readable_seconds", summary: "Seconds as weeks, days, hours, minutes and seconds",
            [
                ScalarOverload(
                    [.double], result: .text,
                    kernel: RowKernel.text { (x: Double, output) throws(QueryError) in
                        try output.write(Array(try duration(x).utf8))
                        return true
                    })
            ]),
    ]

    /// Three significant digits and the thousands' unit, as Trino formats counts.
    private static func number(_ value: Double) -> String {
        guard value.isFinite else {
            return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
        }
        var scaled = value.magnitude
        var unit = 0
        let units = ["", "K", "M", "B", "T", "Q"]
        while scaled >= 1000, unit + 1 < units.count {
            scaled /= 1000
            unit += 1
        }
        let digits: Int64 = scaled < 10 ? 2 : scaled < 100 ? 1 : 0
        var text: [UInt8] = []
        TypeText.double(RoundingFunctions.rounded(scaled, digits: digits), to: &text)
        var shown = String(decoding: text, as: UTF8.self)
        if shown.hasSuffix(".0") { shown.removeLast(2) }
        return (value < 0 ? "-" : "") + shown + units[unit]
    }

    private static func duration(_ seconds: Double) throws(QueryError) -> String {
        guard let total = Int64(exactly: seconds.magnitude.rounded()) else {
            throw .argument("Invalid argument found: \(seconds)")
        }
        let parts: [(Int64, String)] = [
            (total / 604_800, "week"), (total / 86_400 % 7, "day"), (total / 3600 % 24, "hour"),
            (total / 60 % 60, "minute"), (total % 60, "second"),
        ]
        let shown = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return shown.isEmpty ? "0 seconds" : shown.joined(separator: ", ")
    }
}
