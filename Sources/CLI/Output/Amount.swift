/// Counts, sizes and durations as people read them.
enum Amount {
    /// `1,234,567`.
    static func count(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + text
    }

    /// `1 file`, `2 files`, `3 bodies` of a noun and its plural.
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(count(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// `512 bytes`, `1.5 KB`, `20 MB`; powers of 1,000, as Athena counts data scanned.
    static func bytes(_ number: Int) -> String {
        if number < 1_000 { return count(number, "byte") }
        var value = Double(number)
        for unit in ["KB", "MB", "GB", "TB", "PB"] {
            value /= 1_000
            if value < 999.95 || unit == "PB" { return "\(short(value)) \(unit)" }
        }
        return count(number, "byte")
    }

    /// `5 ms`, `1.25 s`.
    static func duration(nanos: UInt64) -> String {
        let milliseconds = Double(nanos) / 1e6
        if milliseconds < 10 { return "\(fixed(milliseconds, digits: 1)) ms" }
        if milliseconds < 1_000 { return "\(Int(milliseconds.rounded())) ms" }
        return "\(fixed(milliseconds / 1_000, digits: 2)) s"
    }

    /// Three significant digits: `1.25`, `12.5`, `125`.
    private static func short(_ value: Double) -> String {
        fixed(value, digits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    }

    private static func fixed(_ value: Double, digits: Int) -> String {
        let scale = digits == 2 ? 100 : digits == 1 ? 10 : 1
        let scaled = Int((value * Double(scale)).rounded())
        guard scale > 1 else { return "\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
