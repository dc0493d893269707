import Glibc

/// One thing that is fuzzed: bytes in, nothing out; a trap, a sanitizer's report or a time-out is a find.
protocol FuzzTarget {
    /// Tries one input; errors of type `ColumnarError` are answers, not finds.
    static func run(_ input: UnsafeRawBufferPointer)
}

/// The target that this process fuzzes.
///
/// One program holds all targets of a room; the name it was started under says which (a link per target).
nonisolated(unsafe) private var chosen: (any FuzzTarget.Type)?

/// A line on standard error.
func complain(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(2, line, line.count)
}

/// Chooses the target by the program's name, or does one of the other jobs and exits.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
    var words: [String] = []
    for index in 0..<Int(count.pointee) {
        if let word = arguments.pointee?[index] { words.append(String(cString: word)) }
    }
    let name = words.first?.split(separator: "/").last.map(String.init) ?? ""
    if let code = runJob(name, Array(words.dropFirst())) { exit(code) }
    guard let target = targets[name] else {
        complain("no target \(name): \(targets.keys.sorted())")
        exit(2)
    }
    chosen = target
    return 0
}

/// One input for the chosen target.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen?.run(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
