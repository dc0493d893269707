import Columnar

/// Finds the pattern that raw files' paths have in common: what is the same stays, what differs is captured.
///
///     posts/17841400000/1784.json
///     posts/17841400001/1790.json      posts/{user_id}/{id}.json
struct PathInference {
    /// One captured part.
    struct Capture {
        var name: String
        var component: Int
        var prefixCount: Int
        var suffixCount: Int
        var isDate: Bool
        var distinctCount: Int
    }

    private(set) var pattern = ""
    private(set) var captures: [Capture] = []
    /// The file's name without ending where there is one file.
    private(set) var onlyStem: String?
    /// How many paths have another depth than the pattern.
    private(set) var strayCount = 0

    /// - paths: relative to the raw folder, at least one.
    init(_ paths: [String]) {
        let split = paths.map { $0.split(separator: "/").map(String.init) }
        var depths: [Int: Int] = [:]
        for parts in split { depths[parts.count, default: 0] += 1 }
        let depth =
            depths.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 1
        let fitting = split.filter { $0.count == depth }
        strayCount = split.count - fitting.count
        var parts: [String] = []
        for component in 0..<depth {
            parts.append(
                part(
                    fitting.map { $0[component] }, component: component,
                    isFile: component == depth - 1))
        }
        pattern = parts.joined(separator: "/")
        if Set(paths).count == 1 {
            onlyStem = fitting[0].last.map { String($0.prefix { $0 != "." }) }
        }
    }

    /// The text of a capture in a path, or nil for a path that does not have its depth.
    func text(of capture: Capture, in path: String) -> String? {
        let parts = path.split(separator: "/")
        guard parts.count == pattern.split(separator: "/").count else { return nil }
        let part = parts[capture.component]
        guard part.count > capture.prefixCount + capture.suffixCount else { return nil }
        return String(part.dropFirst(capture.prefixCount).dropLast(capture.suffixCount))
    }

    /// Gives captures other names.
    mutating func rename(_ names: [String]) {
        for (i, name) in names.enumerated() {
            pattern = pattern.replacing("{\(captures[i].name)}", with: "{\u{0}\(i)}")
            captures[i].name = name
        }
        for (i, name) in names.enumerated() {
            pattern = pattern.replacing("{\u{0}\(i)}", with: "{\(name)}")
        }
    }

    private mutating func part(_ texts: [String], component: Int, isFile: Bool) -> String {
        let distinct = Set(texts)
        if distinct.count == 1, !isFile { return texts[0] }
        let ending = Self.ending(texts)
        let stems = texts.map { String($0.dropLast(ending.count)) }
        let isDate = stems.allSatisfy(Self.isDate)
        let prefix = isDate || distinct.count == 1 ? "" : Self.prefix(stems)
        let name = isFile ? "file" : "folder\(captures.isEmpty ? "" : "_\(captures.count + 1)")"
        captures.append(
            Capture(
                name: isDate ? "date" : name, component: component, prefixCount: prefix.count,
                suffixCount: ending.count, isDate: isDate, distinctCount: distinct.count))
        if captures.dropLast().contains(where: { $0.name == captures[captures.count - 1].name }) {
            captures[captures.count - 1].name += "_\(captures.count)"
        }
        return "\(prefix){\(captures[captures.count - 1].name)}\(ending)"
    }

    /// The ending from a dot on that all have in common: `.json.gz`.
    private static func ending(_ texts: [String]) -> String {
        guard let first = texts.first else { return "" }
        var ending = first.firstIndex(of: ".").map { String(first[$0...]) } ?? ""
        while !ending.isEmpty {
            if texts.allSatisfy({ $0.count > ending.count && $0.hasSuffix(ending) }) {
                return ending
            }
            ending = ending.dropFirst().firstIndex(of: ".").map { String(ending[$0...]) } ?? ""
        }
        return ""
    }

    /// The common beginning, back to where a word ends.
    private static func prefix(_ texts: [String]) -> String {
        guard var prefix = texts.first.map({ $0[...] }) else { return "" }
        for text in texts { while !text.hasPrefix(prefix) { prefix = prefix.dropLast() } }
        while let last = prefix.last, last.isLetter || last.isNumber { prefix = prefix.dropLast() }
        if texts.contains(where: { $0.count == prefix.count }) { return "" }
        return String(prefix)
    }

    private static func isDate(_ text: String) -> Bool {
        guard text.utf8.count == 10 else { return false }
        return Array(text.utf8).withUnsafeBytes {
            InstantText.micros($0, format: .iso8601) != nil
        }
    }
}
