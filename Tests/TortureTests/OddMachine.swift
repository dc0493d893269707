import Foundation

/// A machine with other habits: a C library loaded before the real one, compiled from `surroundings.c`.
enum OddMachine {
    /// The compiled library; nil where there is no C compiler.
    static let library: String? = {
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "surroundings.c").path
        let built = BuiltLake.makeFolder() + "/surroundings.so"
        let ended = try? BuiltLake.run(
            tool: "/usr/bin/cc", ["-shared", "-fPIC", "-O1", "-w", "-o", built, source, "-ldl"])
        return ended?.code == 0 ? built : nil
    }()

    static var isHere: Bool { library != nil }

    /// The environment of a program on such a machine; the habits are described in `surroundings.c`.
    static func environment(_ habits: [String: String]) -> [String: String] {
        var variables = ["LD_PRELOAD": library ?? ""]
        for (name, value) in habits { variables["TORTURE_" + name] = value }
        return variables
    }
}
