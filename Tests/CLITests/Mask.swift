import Foundation

/// Replaces what changes from run to run: durations, rates, sizes that depend on ids, dates of the run.
enum Mask {
    private static let rules: [(pattern: String, replacement: String)] = [
        (#"\b\d+(\.\d+)? ?(ns|µs|ms|s)\b"#, "<time>"),
        (#"\b\d[\d,.]*(k|M)? (files|rows|bytes|MB|GB)/s"#, "<rate>"),
        (#"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"#, "<uuid>"),
        (#"\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}\b"#, "<code>"),
        (#"\b20\d{6}-[0-9a-f]{16}\b"#, "<plan>"),
        (#"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\b"#, "<instant>"),
        (#"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"#, "<instant>"),
        (#"\b\d[\d.,]* (bytes|KB|MB)\b"#, "<size>"),
        (#"\b\d+\.\dx (smaller|larger)\b"#, "<ratio>"),
        (
            #"("(?:bytes|audited|bytes_written|bytes_read|[a-z_]+_nanos|[a-z_]+_micros)"):\d+"#,
            "$1:<number>"
        ),
    ]

    /// The text with every changing part masked; `folder` becomes `<folder>`.
    static func apply(_ text: String, folder: String) -> String {
        var result = text.replacingOccurrences(of: folder, with: "<folder>")
        for rule in rules {
            result = result.replacingOccurrences(
                of: rule.pattern, with: rule.replacement, options: .regularExpression)
        }
        return result
    }
}
