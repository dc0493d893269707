import Glibc

/// `lake-bench [ACCOUNTS]`: compaction and queries as whole processes, each as a ratio to what it must at least cost.
///
/// `lake-bench decode FILE THREADS` and `lake-bench unpack` measure the Parquet reader alone.
///
/// Absolute times are the machine's; only the ratios of one run mean something.
@main
enum Main {
    static func main() {
        let words = CommandLine.arguments.dropFirst()
        switch words.first {
        case "decode":
            guard words.count == 3, let threads = Int(words[words.startIndex + 2]) else {
                Report.stop("usage: lake-bench decode FILE THREADS")
            }
            return DecodeBench.run(path: words[words.startIndex + 1], threads: threads)
        case "unpack": return UnpackBench.run()
        default: break
        }
        let accounts = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 4_000
        let binaries = folder(of: CommandLine.arguments[0])
        let root = temporaryFolder()
        defer { _ = ChildProcess.run(["rm", "-rf", root]) }
        let bench = CompactionBench(
            lake: binaries + "/lake", sample: binaries + "/lake-sample", root: root,
            accounts: accounts)
        bench.run()
        QueryBench(lake: binaries + "/lake", lakeFolder: root + "/lake").run()
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private static func temporaryFolder() -> String {
        var template = Array("/tmp/lake-bench-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { Report.stop("cannot make a folder in /tmp") }
        return String(cString: path)
    }
}
