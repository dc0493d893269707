import Glibc

/// Turns a found input of any target into the Parquet file that shows the same defect.
///
/// Such files are kept in `Tests/Fuzz/found/` and read by the tests.
enum FoundFile {
    static func write(target: String, input: String, to path: String) -> CInt {
        guard let bytes = InputFiles.read(input) else { return 1 }
        switch target {
        case "footer":
            InputFiles.write(file(footer: bytes), path)
        case "file", "values", "levels":
            MemoryFile.divert = { file in
                InputFiles.write(Array(file), path)
                exit(0)
            }
            bytes.withUnsafeBytes { targets[target]?.run($0) }
        default:
            complain("inputs of \(target) are no files: write a test of their own")
            return 2
        }
        return 0
    }

    /// A file of nothing but a footer, with room for what it may point at.
    private static func file(footer: [UInt8]) -> [UInt8] {
        let length = UInt32(truncatingIfNeeded: footer.count)
        let tail = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: length >> $0) }
        let magic = Array("PAR1".utf8)
        return magic + [UInt8](repeating: 0, count: 64) + footer + tail + magic
    }
}
