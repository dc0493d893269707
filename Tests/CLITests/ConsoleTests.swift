import Foundation
import Testing

/// Runs every recorded console session against the built programs.
@Suite struct ConsoleTests {
    @Test(arguments: ConsoleScript.all())
    func outputIsAsRecorded(_ script: ConsoleScript) throws {
        let folder = try temporaryFolder()
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

    private func temporaryFolder() throws -> URL {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "lake-console-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.resolvingSymlinksInPath()
    }

    /// The folder of the programs under test: that of the test program itself.
    private var binaries: String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path
    }

    private func run(_ command: String, in folder: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = folder
        process.environment = [
            "PATH": binaries + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo",
            "LAKE_SCHEMAS": SourceFolders.schemas.path,
        ]
        let outputURL = folder.appending(path: ".console-output")
        FileManager.default.createFile(atPath: outputURL.path, contents: nil)
        let output = try FileHandle(forWritingTo: outputURL)
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try output.close()
        var text = String(decoding: try Data(contentsOf: outputURL), as: UTF8.self)
        if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        if process.terminationStatus != 0 { text += "[exit \(process.terminationStatus)]\n" }
        return Mask.apply(text, folder: folder.path)
    }
}

/// Folders of the package that commands under test read.
enum SourceFolders {
    static let schemas = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "schemas")
}
