/// The name that was probably meant: the smallest edit distance, if it is small.
package enum NearestName {
    /// The nearest candidate, case-blind; nil if none is within a third of the name's length.
    package static func of(_ name: String, among candidates: [String]) -> String? {
        let wanted = Array(name.lowercased().unicodeScalars.prefix(64))
        guard wanted.count > 1 else { return nil }
        var best: (distance: Int, name: String)?
        let limit = max(1, wanted.count / 3)
        for candidate in candidates {
            let other = Array(candidate.lowercased().unicodeScalars.prefix(64))
            guard abs(other.count - wanted.count) <= limit else { continue }
            let distance = editDistance(wanted, other)
            guard distance <= limit else { continue }
            if let held = best, (held.distance, held.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// `did you mean 'likes'?`, or nil.
    package static func hint(_ name: String, among candidates: [String]) -> String? {
        of(name, among: candidates).map { "did you mean '\($0)'?" }
    }

    /// Insertions, deletions, substitutions and swaps of neighbours.
    ///
    /// Source: optimal string alignment distance (restricted Damerau-Levenshtein).
    private static func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = [Int](0...b.count)
        for i in 1...a.count {
            var row = [Int](repeating: i, count: b.count + 1)
            for j in 1...b.count {
                let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                row[j] = min(substitution, last[j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
