import Columnar

/// What is wrong with records of one file: the first reasons, and how many more there are.
struct RecordFaults {
    /// Bad records.
    private(set) var count = 0
    private var reasons: [String] = []
    /// Why nothing behind the last record can be read.
    var rest: String?
    /// The text ends within a record or before its own end: perhaps it is still being written.
    var isTailBroken = false

    var isEmpty: Bool { count == 0 && rest == nil }

    /// Counts a bad record; `place` is its line or its number.
    mutating func add(_ reason: RejectReason, at place: String) {
        count += 1
        guard reasons.count < Limits.batchFaults else { return }
        if case .json(let text, let position?) = reason {
            let line = position.line == 1 ? "" : ", line \(position.line)"
            reasons.append("\(place)\(line), column \(position.column): \(text)")
        } else {
            reasons.append("\(place): \(reason)")
        }
    }

    /// One sentence for the quarantine; `good` records were taken.
    func text(good: Int) -> String {
        var parts: [String] = []
        if count > 0 {
            var text = "\(count) of \(good + count) records left out: "
            text += reasons.joined(separator: "; ")
            if count > reasons.count { text += "; and \(count - reasons.count) more" }
            parts.append(text)
        }
        if let rest { parts.append(good + count == 0 ? rest : "the rest cannot be read: \(rest)") }
        return parts.joined(separator: "; ")
    }
}
