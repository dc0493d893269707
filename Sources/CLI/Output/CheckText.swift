import Lake

/// What a quality check found, for people.
enum CheckText {
    /// `3 rows break it: posts/1.json, posts/2.json, …`.
    static func finding(_ outcome: CheckOutcome) -> String {
        switch outcome.status {
        case .holds: return "holds" + (outcome.detail.map { ": \($0)" } ?? "")
        case .skipped, .impossible: return "not tested" + (outcome.detail.map { ": \($0)" } ?? "")
        case .violated:
            if let detail = outcome.detail { return detail }
            let count = Amount.count(outcome.violations, "row")
            let more = outcome.violations > outcome.samples.count ? ", …" : ""
            return "\(count) \(outcome.violations == 1 ? "breaks" : "break") it: "
                + outcome.samples.map(PrintedName.of).joined(separator: ", ") + more
        }
    }
}
