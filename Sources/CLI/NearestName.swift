/// The known name that a misspelt one is closest to, by Levenshtein distance.
enum NearestName {
    /// nil when nothing is near enough to be helpful (more than a third of the letters differ).
    static func of(_ name: String, among candidates: [String]) -> String? {
        let limit = max(1, (name.count + 1) / 3)
        let ranked = candidates.map { ($0, distance(Array(name), Array($0))) }
            .filter { $0.1 <= limit }
            .min { ($0.1, $0.0) < ($1.1, $1.0) }
        return ranked?.0
    }

    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let substituted = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
