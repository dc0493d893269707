/// One thing that breaks a rule of the house.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

/// The rules of the house, each a pure function from a file to findings.
enum Rule {
    /// What each room may import of our own and of the system.
    static let arrows: [String: Set<String>] = [
        "Columnar": [
            "CBrotli", "CKernels", "CLZ4", "CPCRE2", "CSimdjson", "CSnappy", "CXXHash", "CZlib",
            "CZstd", "Glibc", "Synchronization",
        ],
        "Query": ["CKernels", "Columnar", "Glibc", "Synchronization"],
        "Lake": [
            "CCrypto", "CSQLite", "CXXHash", "CZlib", "CZstd", "Columnar", "Glibc",
            "Synchronization",
        ],
        "CLI": ["Columnar", "Glibc", "Lake", "Query", "Synchronization"],
    ]
    /// The one file in which Lake and Query meet, besides the commands and printers around it.
    static let vagueNames = ["Util", "Helper", "Manager", "Misc", "Common"]
    static let libraryRooms: Set<String> = ["Columnar", "Query", "Lake"]
    static let longestFileLines = 500

    static func imports(_ file: SourceFile) -> [Finding] {
        guard let room = file.room, let allowed = arrows[room] else { return [] }
        return findings(file) { line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword < 2,
                let module = words[(keyword + 1)...].last, !allowed.contains(String(module))
            else { return nil }
            return "\(room) must not import \(module)"
        }
    }

    static func vagueName(_ file: SourceFile) -> [Finding] {
        let name = file.path.split(separator: "/").last.map(String.init) ?? ""
        return vagueNames.filter { name.contains($0) }.map {
            Finding(path: file.path, line: 1, what: "'\($0)' says nothing: name the idea")
        }
    }

    static func length(_ file: SourceFile) -> [Finding] {
        let count = file.lines.count
        guard count > longestFileLines else { return [] }
        return [Finding(path: file.path, line: count, what: "\(count) lines: split by idea")]
    }

    /// The library never prints and never reads the environment or the clock.
    static func surroundings(_ file: SourceFile) -> [Finding] {
        guard let room = file.room, libraryRooms.contains(room) else { return [] }
        let banned = [
            "print(", "debugPrint(", "getenv(", "environ.", "environ[", "CommandLine.", "Date()",
            "clock_gettime(", "gettimeofday(", "time(nil)", "SystemRandomNumberGenerator",
            ".random(in:", "Foundation",
        ]
        return findings(file) { line in
            // A generator that is handed in is a parameter.
            guard !line.trimmed.hasPrefix("//"), !line.contains("using:") else { return nil }
            return banned.first { contains(line, call: $0) }
                .map { "the library must not use \($0): take it as a parameter" }
        }
    }

    static func unfinished(_ file: SourceFile) -> [Finding] {
        let banned = [
            "TODO", "FIXME", "XXX:", "not implemented yet", "unimplemented", "fatalError(",
        ]
        return findings(file) { line in
            banned.first { line.contains($0) }.map { "unfinished: \($0)" }
        }
    }

    /// Whether a line uses a name, not merely a longer name that ends in it.
    private static func contains(_ line: Substring, call: String) -> Bool {
        guard let range = line.firstRange(of: call) else { return false }
        guard range.lowerBound > line.startIndex, call.first?.isLetter == true else { return true }
        let before = line[line.index(before: range.lowerBound)]
        return !before.isLetter && !before.isNumber && before != "_" && before != "."
    }

    private static func findings(
        _ file: SourceFile, _ check: (Substring) -> String?
    ) -> [Finding] {
        file.lines.enumerated().compactMap { number, line in
            check(line).map { Finding(path: file.path, line: number + 1, what: $0) }
        }
    }
}

extension Substring {
    /// Without leading blanks.
    fileprivate var trimmed: Substring { drop { $0 == " " } }
}
