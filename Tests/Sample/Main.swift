import Glibc

/// `lake-sample create|night DIR`: makes the raw folder of a sample agency, or rewrites it as one night does.
@main
enum Main {
    private static let usage = """
        Usage: lake-sample create DIR [--accounts N] [--posts N] [--days N] [--seed N] [--today DATE]
               lake-sample night  DIR [the same options] [--night K]

        """

    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 2, let options = options(Array(words.dropFirst(2))),
            let lastDay = SampleTime.day(of: options["today"] ?? "2025-06-30")
        else {
            SampleFailure.stop(usage)
        }
        let root = words[1].hasPrefix("/") ? words[1] : currentFolder() + "/" + words[1]
        let tree = SampleTree(
            root: root, seed: number(options, "seed", 1),
            accounts: number(options, "accounts", 2_000),
            postsPerAccount: number(options, "posts", 25),
            statsDays: number(options, "days", 30), lastDay: lastDay)
        switch words[0] {
        case "create": print("wrote \(tree.create()) files under \(words[1])")
        case "night":
            let night = number(options, "night", 1)
            print("rewrote \(tree.rewrite(night: night)) files under \(words[1])")
        default:
            SampleFailure.stop(usage)
        }
    }

    private static func options(_ words: [String]) -> [String: String]? {
        guard words.count % 2 == 0 else { return nil }
        var result: [String: String] = [:]
        for index in stride(from: 0, to: words.count, by: 2) {
            guard words[index].hasPrefix("--") else { return nil }
            result[String(words[index].dropFirst(2))] = words[index + 1]
        }
        return result
    }

    private static func number(_ options: [String: String], _ name: String, _ standard: Int) -> Int
    {
        guard let text = options[name] else { return standard }
        guard let number = Int(text), number >= 0 else {
            SampleFailure.stop("lake-sample: --\(name) must be a whole number, not '\(text)'")
        }
        return number
    }

    private static func currentFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
