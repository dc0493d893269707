/// Names of raw files as they are printed: one that could disturb a terminal or a list stands as a shell quotes it.
///
///     posts/a b.json       posts/a b.json
///     posts/a⏎b.json       $'posts/a\nb.json'
///
/// The quoted form can be pasted back into bash, zsh and ksh. JSON has escapes of its own.
enum PrintedName {
    static func of(_ path: String) -> String {
        guard path.unicodeScalars.contains(where: isControl) else { return path }
        var text = "$'"
        for scalar in path.unicodeScalars {
            switch scalar {
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\\", "'":
                text += "\\"
                text.unicodeScalars.append(scalar)
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "'"
    }

    /// One word of a command that is printed to be pasted into a shell.
    static func word(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || "/._-+=:,@%".utf8.contains(byte)
        }
        if isPlain, !text.isEmpty { return text }
        guard !text.unicodeScalars.contains(where: isControl) else { return of(text) }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// Controls, and the marks that turn the direction of what follows.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
