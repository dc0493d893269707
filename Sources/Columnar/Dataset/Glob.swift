/// A pattern over paths and the files that it means: `data/year=*/{a,b}/**/*.parquet`.
///
/// `*`, `?`, `[…]` match within one name (`GlobPattern`), `{a,b}` is one or the other, `**` any folders,
/// none included. A folder alone means all files below it that end as wanted. Names that begin with `.`
/// or `_` and names of unfinished files are matched only where the pattern spells them; a Hive folder
/// `_key=value` is a folder like others. `**` does not follow links to folders, so no walk is endless.
package struct Glob: Sendable {
    enum Component: Sendable, Hashable {
        case literal(String)
        case pattern(GlobPattern)
        /// `**`
        case anyFolders
    }

    package let text: String
    /// The folder that relative patterns begin in; absolute, without `/` at its end.
    private let root: String
    /// What a folder alone is completed with.
    private let ending: String

    /// `ending` is the file ending that a folder stands for, without a dot.
    package init(_ text: String, in root: String, ending: String) {
        self.text = text
        self.root = root
        self.ending = ending
    }

    /// The files, each once, sorted by the bytes of their paths.
    ///
    /// An existing file or folder of exactly this name comes before any reading as a pattern. No match is
    /// an empty list. Errors: `io` for a folder that cannot be read, `limit`.
    package func paths() throws(ColumnarError) -> [DatasetPath] {
        if text.isEmpty || text.utf8.contains(0) { return [] }
        var walk = GlobWalk(root: root)
        switch try FolderNames.kind(ofPath: walk.absolute(text)) {
        case .file?: return [DatasetPath(written: text, absolute: walk.absolute(text))]
        case .folder?:
            let prefix = text.hasSuffix("/") ? text : text + "/"
            try walk.visit(prefix, below[...], depth: 0)
        default:
            for alternative in try GlobBraces.expand(text) {
                let (prefix, components) = components(alternative)
                try walk.visit(prefix, components[...], depth: 0)
            }
        }
        return walk.sorted()
    }

    private var below: [Component] { [.anyFolders, .pattern(GlobPattern("*." + ending))] }

    private func components(_ text: String) -> (prefix: String, [Component]) {
        var components: [Component] = []
        for part in text.split(separator: "/") {
            let name = String(part)
            if name == "**" {
                if components.last != .anyFolders { components.append(.anyFolders) }
            } else if GlobPattern.isPattern(name) {
                components.append(.pattern(GlobPattern(name)))
            } else {
                components.append(.literal(name))
            }
        }
        if text.hasSuffix("/") {
            components += components.last == .anyFolders ? [below[1]] : below
        } else if components.last == .anyFolders {
            components.append(below[1])
        }
        return (text.hasPrefix("/") ? "/" : "", components)
    }
}

/// The walk of one pattern.
private struct GlobWalk {
    /// A folder at one place of a pattern; visited once though many `**` may lead to it.
    private struct Visit: Hashable {
        let prefix: String
        let rest: ArraySlice<Glob.Component>
    }

    let root: String
    private var found: Set<String> = []
    private var visited: Set<Visit> = []

    init(root: String) {
        self.root = root
    }

    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : root + "/" + path
    }

    func sorted() -> [DatasetPath] {
        found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { DatasetPath(written: $0, absolute: absolute($0)) }
    }

    /// Adds what `rest` matches below `prefix`, which is empty or ends in `/`.
    mutating func visit(
        _ prefix: String, _ rest: ArraySlice<Glob.Component>, depth: Int
    ) throws(ColumnarError) {
        guard let first = rest.first else { return }
        guard depth <= Limits.folderDepth else {
            throw .limit(
                name: "folderDepth", value: depth, limit: Limits.folderDepth,
                location: FileLocation(path: absolute(prefix)))
        }
        let next = rest.dropFirst()
        switch first {
        case .literal(let name):
            if next.isEmpty {
                if try FolderNames.kind(ofPath: absolute(prefix + name)) == .file {
                    try add(prefix + name)
                }
            } else {
                try visit(prefix + name + "/", next, depth: depth + 1)
            }
        case .pattern(let pattern):
            guard let names = try FolderNames.read(absolute(prefix)) else { return }
            try match(prefix, names, pattern, next, depth: depth)
        case .anyFolders:
            guard visited.insert(Visit(prefix: prefix, rest: rest)).inserted else { return }
            guard let names = try FolderNames.read(absolute(prefix)) else { return }
            if case .pattern(let pattern)? = next.first {
                try match(prefix, names, pattern, next.dropFirst(), depth: depth)
            } else {
                try visit(prefix, next, depth: depth)
            }
            for (name, kind) in names.entries
            where kind == .folder && !Self.isHidden(name, from: nil) {
                try visit(prefix + name + "/", rest, depth: depth + 1)
            }
        }
    }

    private mutating func match(
        _ prefix: String, _ names: FolderNames, _ pattern: GlobPattern,
        _ next: ArraySlice<Glob.Component>, depth: Int
    ) throws(ColumnarError) {
        for (name, kind) in names.entries {
            let isFolder = kind == .folder || kind == .linkToFolder
            guard isFolder != next.isEmpty, !Self.isHidden(name, from: pattern),
                pattern.matches(name)
            else { continue }
            if next.isEmpty {
                try add(prefix + name)
            } else {
                try visit(prefix + name + "/", next, depth: depth + 1)
            }
        }
    }

    private mutating func add(_ path: String) throws(ColumnarError) {
        found.insert(path)
        guard found.count <= Limits.datasetFiles else {
            throw .limit(
                name: "datasetFiles", value: found.count, limit: Limits.datasetFiles,
                location: nil)
        }
    }

    /// Whether a pattern that does not spell the name's beginning passes it over.
    private static func isHidden(_ name: String, from pattern: GlobPattern?) -> Bool {
        if let pattern, let first = name.utf8.first, pattern.text.utf8.first == first {
            return false
        }
        if name.hasPrefix(".") { return true }
        if name.hasPrefix("_") { return !name.utf8.contains(UInt8(ascii: "=")) }
        return name.hasSuffix(".tmp") || name.hasSuffix(".partial") || name.hasSuffix("~")
    }
}
