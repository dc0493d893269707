import Foundation
import Testing

/// A recorded console session: commands with the exact output that they must give.
///
/// A line `$ command` is run by `sh` in a fresh folder; the lines up to the next one are its output, standard
/// output and error together, with `[exit N]` behind it when N is not 0. Lines before the first command are
/// remarks. Durations and dates that change from run to run are masked, see `Mask`.
struct ConsoleScript: Sendable, CustomTestStringConvertible {
    struct Step: Sendable, Equatable {
        var command: String
        var output: String
    }

    let url: URL
    var remarks: String
    var steps: [Step]

    var testDescription: String { url.lastPathComponent }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "console")

    /// Every script, in order of name.
    static func all() -> [ConsoleScript] {
        let urls =
            (try? FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: nil)) ?? []
        return urls.filter { $0.pathExtension == "console" }
            .sorted { $0.path < $1.path }
            .compactMap { try? ConsoleScript(url: $0) }
    }

    init(url: URL) throws {
        self.url = url
        remarks = ""
        steps = []
        let text = try String(contentsOf: url, encoding: .utf8)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2)), output: ""))
            } else if steps.isEmpty {
                remarks += line + "\n"
            } else {
                steps[steps.count - 1].output += line + "\n"
            }
        }
        // The newline that ends the file is not a line of output.
        if let last = steps.indices.last, steps[last].output.hasSuffix("\n") {
            steps[last].output.removeLast()
        }
    }

    /// The script with new outputs, as it is written to its file.
    func text(_ steps: [Step]) -> String {
        remarks + steps.map { "$ \($0.command)\n\($0.output)" }.joined()
    }
}
