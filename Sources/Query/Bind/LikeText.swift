/// LIKE over short texts at planning time; the executor has its own compiled form.
enum LikeText {
    /// Whether a whole text matches, `%` any run and `_` one code point, without escape.
    static func matches(_ text: String, pattern: String) -> Bool {
        let text = Array(text.unicodeScalars)
        let pattern = Array(pattern.unicodeScalars)
        var (i, j) = (0, 0)
        var retry: (text: Int, pattern: Int)?
        while i < text.count {
            if j < pattern.count, pattern[j] == "%" {
                retry = (i, j)
                j += 1
            } else if j < pattern.count, pattern[j] == "_" || pattern[j] == text[i] {
                i += 1
                j += 1
            } else if let last = retry {
                // Let the last % take one more.
                retry = (last.text + 1, last.pattern)
                (i, j) = (last.text + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[j...].allSatisfy { $0 == "%" }
    }

    /// The text before the first wildcard; nil if an escape character is unfinished.
    static func prefix(_ pattern: String, escape: String?) -> (text: String, isWhole: Bool)? {
        var result = String.UnicodeScalarView()
        let mark = escape?.unicodeScalars.first
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped {
                result.append(scalar)
                isEscaped = false
            } else if scalar == mark {
                isEscaped = true
            } else if scalar == "%" || scalar == "_" {
                return (String(result), false)
            } else {
                result.append(scalar)
            }
        }
        return isEscaped ? nil : (String(result), true)
    }
}
