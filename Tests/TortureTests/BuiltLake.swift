import Foundation

/// The `lake` program under test, and the tools that torment it.
enum BuiltLake {
    /// The program: in the folder of the test program itself.
    static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "lake").path

    static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Everything, as `make torture` runs it, or only a part of it, as `make test` does.
    static let isFull = ProcessInfo.processInfo.environment["LAKE_TORTURE"] != nil

    /// Whether system calls can be watched and changed: strace is installed and may trace.
    static let canTrace: Bool = {
        let ended = try? run(tool: "/usr/bin/strace", ["-f", "--seccomp-bpf", "-qq", "/bin/true"])
        return ended?.code == 0
    }()

    /// Whether a file system of our own can be mounted.
    static let canMount: Bool = {
        let ended = try? run(
            tool: "/usr/bin/unshare", ["-Urm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"])
        return ended?.code == 0
    }()

    /// Where scenes are played: in memory where there is such a place, since each is copied often.
    static let stage: String =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path

    /// Makes a folder on the stage; it is removed when the tests end.
    static func makeFolder() -> String {
        struct Made {
            nonisolated(unsafe) static var root: String?
        }
        let lock = folderLock
        lock.lock()
        defer { lock.unlock() }
        if Made.root == nil {
            let root = "\(stage)/lake-torture-\(UUID().uuidString)"
            Made.root = root
            atexit { if let root = Made.root { try? FileManager.default.removeItem(atPath: root) } }
        }
        let folder = "\(Made.root ?? stage)/\(UUID().uuidString)"
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private static let folderLock = NSLock()

    static let environment: [String: String] = [
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1",
    ]

    /// Where processes' output goes.
    private static let outputs = makeFolder()

    /// A path for a trace.
    static func logPath() -> String { "\(outputs)/trace-\(UUID().uuidString)" }

    /// Starts the program, or a tool that runs it.
    static func start(
        tool program: String = path, _ arguments: [String], environment more: [String: String] = [:]
    ) throws -> ChildProcess {
        let variables = environment.merging(more) { $1 }
        return try ChildProcess(
            [program] + arguments, environment: variables, outputFolder: outputs)
    }

    /// Runs the program, or a tool that runs it, to its end.
    static func run(
        tool program: String = path, _ arguments: [String],
        environment more: [String: String] = [:],
        seconds: Double = 120
    ) throws -> ChildProcess.Ended {
        try start(tool: program, arguments, environment: more).wait(seconds: seconds)
    }

    /// Runs a line of shell in which `lake` is the program.
    static func shell(
        _ line: String, environment more: [String: String] = [:], seconds: Double = 120
    ) throws -> ChildProcess.Ended {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let search = folder + ":" + environment["PATH", default: ""]
        return try run(
            tool: "/bin/sh", ["-c", line], environment: more.merging(["PATH": search]) { $1 },
            seconds: seconds)
    }

    /// Every item in full torture, else every `stride`th, beginning at the first.
    static func selection<Item>(_ items: [Item], stride: Int) -> [Item] {
        isFull
            ? items
            : Swift.stride(from: 0, to: items.count, by: max(1, stride)).map { items[$0] }
    }
}
