import Foundation
import Testing

/// Runs every recorded console session against the built programs.
@Suite struct ConsoleTests {
    @Test(arguments: ConsoleScript.all())
    func outputIsAsRecorded(_ script: ConsoleScript) throws {
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var steps = script.steps
        for index in steps.indices {
            steps[index].output = try run(steps[index].command, in: folder)
        }
        if ProcessInfo.processInfo.environment["LAKE_UPDATE"] == "1" {
            try script.text(steps).write(to: script.url, atomically: true, encoding: .utf8)
            return
        }
        for (actual, expected) in zip(steps, script.steps) where actual != expected {
            Issue.record(
                """
                \(script.url.lastPathComponent): $ \(actual.command)
                expected:
                \(expected.output)
                actual:
                \(actual.output)
                """)
        }
    }

    @Test func thereAreScripts() {
        #expect(ConsoleScript.all().count >= 5)
    }

    private func run(_ command: String, in folder: URL) throws -> String {
        var (status, text) = try BuiltProgram.run(command, in: folder)
        if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        if status != 0 { text += "[exit \(status)]\n" }
        return Mask.apply(text, folder: folder.path)
    }
}
