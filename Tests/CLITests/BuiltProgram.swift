import Foundation

/// Runs shell commands with the programs under test on the path.
enum BuiltProgram {
    /// The folder of the programs: that of the test program itself.
    static let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path

    static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The Python of `make peers`, or nil if it was not made.
    static var peersPython: String? {
        let named = ProcessInfo.processInfo.environment["LAKE_PEERS"]
        let path = named ?? package.appending(path: ".venv/peers/bin/python").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    /// Real data that is not part of the package; absent in a user's clone.
    static var sharedData: String? {
        let path = package.deletingLastPathComponent().appending(path: "shared/data").path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// A fresh folder; the caller removes it.
    static func temporaryFolder() throws -> URL {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "lake-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.resolvingSymlinksInPath()
    }

    /// Runs a command with `sh`; standard output and error together.
    static func run(_ command: String, in folder: URL) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = folder
        process.environment = [
            "PATH": Self.folder + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo",
            "LAKE_SCHEMAS": package.appending(path: "schemas").path, "PYTHONDONTWRITEBYTECODE": "1",
        ]
        let outputURL = folder.appending(path: ".test-output")
        FileManager.default.createFile(atPath: outputURL.path, contents: nil)
        let output = try FileHandle(forWritingTo: outputURL)
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try output.close()
        let text = String(decoding: try Data(contentsOf: outputURL), as: UTF8.self)
        try FileManager.default.removeItem(at: outputURL)
        return (process.terminationStatus, text)
    }
}
