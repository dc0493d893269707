import Columnar
import Foundation

/// The other programs that check our files, in a Python environment that may be absent.
///
/// `make peers` makes it in `.venv/peers`; `LAKE_PEERS` names another interpreter.
enum Peers {
    /// The package's folder.
    static let package = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// The interpreter, or nil when there is none.
    static let python: String? = {
        let named = ProcessInfo.processInfo.environment["LAKE_PEERS"]
        let path = named ?? package + "/.venv/peers/bin/python"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    static var areHere: Bool { python != nil }

    /// Runs a script of `Tests/interop`; returns its output, throws what it said if it failed.
    static func run(_ script: String, _ arguments: [String]) throws -> String {
        guard let python else { throw PeerError(output: "no peers") }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["\(package)/Tests/interop/\(script)"] + arguments
        let output = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        FileManager.default.createFile(atPath: output.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: output) }
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        let text = try String(contentsOf: output, encoding: .utf8)
        guard process.terminationStatus == 0 else { throw PeerError(output: text) }
        return text
    }

    /// A script that stays and answers lines of JSON with lines of JSON; ends with the session.
    final class Session {
        private let process = Process()
        private let input = Pipe()
        private let output = Pipe()
        private var pending: [UInt8] = []

        init(_ script: String) throws {
            guard let python else { throw PeerError(output: "no peers") }
            process.executableURL = URL(filePath: python)
            process.arguments = ["\(package)/Tests/interop/\(script)"]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        }

        deinit {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }

        /// Sends a command and waits for its answer.
        func ask(_ command: [String]) throws -> JSONValue {
            var writer = JSONWriter()
            writer.beginArray()
            for word in command { writer.string(word) }
            writer.endArray()
            try input.fileHandleForWriting.write(contentsOf: Data(writer.bytes + [0x0A]))
            while true {
                if let end = pending.firstIndex(of: 0x0A) {
                    let line = Array(pending[..<end])
                    pending.removeSubrange(...end)
                    return try JSONValue.parse(line)
                }
                let data = output.fileHandleForReading.availableData
                // What went wrong is on the test's own standard error.
                guard !data.isEmpty else { throw PeerError(output: "the script ended") }
                pending += data
            }
        }
    }

    struct PeerError: Error {
        let output: String
    }
}
