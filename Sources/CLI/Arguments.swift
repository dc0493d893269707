import Query

/// One option of a command: what is typed, what it takes, what it does.
///
/// Help is printed from these.
struct Option: Sendable {
    let name: String
    let short: Character?
    /// The placeholder of its value; nil for a switch.
    let value: String?
    /// Whether it may stand without its value: `--wait`, `--wait 60`, `--wait=60`.
    let isValueOptional: Bool
    let summary: String

    init(
        _ name: String, short: Character? = nil, value: String? = nil,
        isValueOptional: Bool = false, _ summary: String
    ) {
        self.name = name
        self.short = short
        self.value = value
        self.isValueOptional = isValueOptional
        self.summary = summary
    }

    // Those that several commands share.
    static let threads = Option("threads", value: "N", "Worker threads (default: all cores)")
    static let memory = Option(
        "memory", value: "MIB", "Memory limit in MiB (default: half of the machine's)")
    static let wait = Option(
        "wait", value: "SECONDS", isValueOptional: true,
        "Wait for another run to end, at most so long (default: for ever)")
    static let json = Option("json", "Print JSON")

    /// `--wait [SECONDS]`, as help shows it.
    var label: String {
        "--\(name)" + (value.map { isValueOptional ? " [\($0)]" : " \($0)" } ?? "")
    }
}

/// A command as its help shows it and as arguments are checked against it.
struct CommandSyntax: Sendable {
    let name: String
    let summary: String
    /// Positional arguments, for the usage line: `[SQL | -f FILE | -]`.
    let operands: String
    let maximumOperands: Int
    let options: [Option]
    /// Paragraphs behind the options.
    let discussion: String
    let examples: [String]

    /// Whether the command works on a lake.
    var usesLake = true

    /// Options that every command takes, and those of the commands that work on a lake.
    var commonOptions: [Option] {
        let help = Option("help", short: "h", "Show this help")
        let lake = Option(
            "lake", value: "DIR",
            "The lake's folder (else $LAKE_DIR, else the nearest parent with a lake.db)")
        return usesLake ? [help, lake] : [help]
    }
}

/// Arguments that fit a command's syntax.
struct Arguments: Sendable {
    private(set) var operands: [String] = []
    private var values: [String: String] = [:]
    private var switches: Set<String> = []

    /// Sorts words into options and operands; throws `CommandError.usage` with the nearest option.
    init(_ words: [String], syntax: CommandSyntax) throws(CommandError) {
        let known = syntax.options + syntax.commonOptions
        var index = 0
        var onlyOperands = false
        while index < words.count {
            let word = words[index]
            index += 1
            guard !onlyOperands, word.hasPrefix("-"), word != "-" else {
                operands.append(word)
                continue
            }
            if word == "--" {
                onlyOperands = true
                continue
            }
            let (name, inlineValue) = Self.split(word)
            guard let option = Self.find(name, in: known) else {
                throw .usage(
                    "unknown option \(word)", command: syntax.name,
                    hint: Self.nearest(name, in: known))
            }
            guard option.value != nil else {
                if inlineValue != nil {
                    throw .usage("--\(option.name) takes no value", command: syntax.name)
                }
                switches.insert(option.name)
                continue
            }
            if let inlineValue {
                values[option.name] = inlineValue
            } else if option.isValueOptional, index == words.count || Int(words[index]) == nil {
                // Only a number can be told from the next operand.
                switches.insert(option.name)
            } else if index < words.count {
                values[option.name] = words[index]
                index += 1
            } else {
                throw .usage(
                    "--\(option.name) needs a value (\(option.value ?? ""))", command: syntax.name)
            }
        }
        if operands.count > syntax.maximumOperands, !has("help") {
            throw .usage(
                "unexpected argument '\(operands[syntax.maximumOperands])'", command: syntax.name)
        }
    }

    func has(_ name: String) -> Bool { switches.contains(name) }

    func value(_ name: String) -> String? { values[name] }

    /// A whole number of at least `minimum`; throws `usage` for anything else.
    func integer(
        _ name: String, minimum: Int, command: String
    ) throws(CommandError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), number >= minimum else {
            throw .usage(
                "--\(name) must be a whole number of at least \(minimum), not '\(text)'",
                command: command)
        }
        return number
    }

    private static func split(_ word: String) -> (name: String, value: String?) {
        guard word.hasPrefix("--") else { return (String(word.dropFirst()), nil) }
        let body = word.dropFirst(2)
        guard let equals = body.firstIndex(of: "=") else { return (String(body), nil) }
        return (String(body[..<equals]), String(body[body.index(after: equals)...]))
    }

    private static func find(_ name: String, in options: [Option]) -> Option? {
        options.first { $0.name == name || ($0.short.map(String.init) == name) }
    }

    private static func nearest(_ name: String, in options: [Option]) -> String? {
        NearestName.of(name, among: options.map(\.name)).map { "Did you mean --\($0)?" }
    }
}
