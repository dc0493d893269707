import Foundation

/// The package's own files, as the checks read them.
struct SourceFile: Sendable {
    /// Relative to the package, with `/`.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// The module folder below `Sources`, or nil.
    var room: String? {
        let parts = path.split(separator: "/")
        return parts.first == "Sources" && parts.count > 2 ? String(parts[1]) : nil
    }
}

enum SourceTree {
    static let packageFolder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file below a folder of the package.
    static func swiftFiles(in folder: String) throws -> [SourceFile] {
        let base = packageFolder.appending(path: folder).path
        let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            SourceFile(
                path: folder + "/" + name,
                text: try String(contentsOfFile: base + "/" + name, encoding: .utf8))
        }
    }

    static func text(of name: String) throws -> String {
        try String(contentsOf: packageFolder.appending(path: name), encoding: .utf8)
    }

    /// Folders below `Sources` that hold Swift files, relative to the package.
    static func sourceFolders() throws -> Set<String> {
        Set(
            try swiftFiles(in: "Sources").map {
                $0.path.split(separator: "/").dropLast().joined(separator: "/")
            })
    }
}
