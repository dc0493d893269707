/// A way from the document's root, or from the row that holds a nested field, to one value.
///
///     owner.id                              keys
///     stats."a.b"                           a key that holds a dot
///     coordinates[0]                        an element by its position
///     data[name=reach].values[0].value      the first element that is an object with this text under a key
package struct KeyPath: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable {
        case key(String)
        /// An element by its position, from 0.
        case position(Int)
        /// The first element that is an object whose `key` is the text `value`.
        case item(key: String, value: String)
        /// Every element; only for paths that are ignored.
        case everyItem
    }

    package var steps: [Step]

    package init(_ keys: [String]) {
        steps = keys.map { .key($0) }
    }

    package init(steps: [Step]) {
        self.steps = steps
    }

    /// The keys alone.
    package var keys: [String] {
        steps.compactMap { if case .key(let key) = $0 { key } else { nil } }
    }

    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key): text += (text.isEmpty ? "" : ".") + Self.quoted(key)
            case .position(let position): text += "[\(position)]"
            case .item(let key, let value): text += "[\(Self.quoted(key))=\(Self.quoted(value))]"
            case .everyItem: text += "[*]"
            }
        }
        return text
    }

    /// A key as a path spells it: in double quotes where it holds what has a meaning in paths.
    private static func quoted(_ key: String) -> String {
        guard key.isEmpty || key.contains(where: { ".\"[]=*".contains($0) }) else { return key }
        return "\"" + key.replacing("\"", with: "\"\"") + "\""
    }

    /// Parses a path; nil when a key is empty, a quote or a bracket does not close, or it begins with `[`.
    package init?(parsing text: String) {
        var parser = KeyPathParser(text)
        guard let steps = parser.steps() else { return nil }
        self.steps = steps
    }
}

/// Reads a path from left to right.
private struct KeyPathParser {
    private let text: [Character]
    private var cursor = 0

    init(_ text: String) {
        self.text = Array(text)
    }

    mutating func steps() -> [KeyPath.Step]? {
        var steps: [KeyPath.Step] = []
        repeat {
            guard let key = word(until: ".[]"), !key.isEmpty else { return nil }
            steps.append(.key(key))
            while take("[") {
                guard let step = bracket() else { return nil }
                steps.append(step)
            }
        } while take(".")
        return cursor == text.count ? steps : nil
    }

    /// What stands between brackets, the closing one included.
    private mutating func bracket() -> KeyPath.Step? {
        if take("*") { return take("]") ? .everyItem : nil }
        let isQuoted = cursor < text.count && text[cursor] == "\""
        guard let key = word(until: "=]"), !key.isEmpty else { return nil }
        if take("=") {
            guard let value = word(until: "]"), take("]") else { return nil }
            return .item(key: key, value: value)
        }
        guard !isQuoted, take("]"), let position = Int(key), position >= 0,
            position <= Int(Int32.max)
        else { return nil }
        return .position(position)
    }

    /// A bare or quoted word; nil when its quote does not close.
    private mutating func word(until ends: String) -> String? {
        var word = ""
        if take("\"") {
            while cursor < text.count {
                if take("\"") {
                    guard take("\"") else { return word }
                    word.append("\"")
                } else {
                    word.append(text[cursor])
                    cursor += 1
                }
            }
            return nil
        }
        while cursor < text.count, !ends.contains(text[cursor]) {
            word.append(text[cursor])
            cursor += 1
        }
        return word
    }

    private mutating func take(_ character: Character) -> Bool {
        guard cursor < text.count, text[cursor] == character else { return false }
        cursor += 1
        return true
    }
}
