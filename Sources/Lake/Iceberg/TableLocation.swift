import Columnar

/// Where a table says that it lies, and where it really lies.
///
/// Iceberg stores absolute locations, so a moved folder would not open. Here a stored location that begins
/// with the table's own is taken relative to the folder in which the metadata was found; what is
/// written keeps the stored prefix, one spelling everywhere.
package struct TableLocation: Hashable, Sendable {
    /// The table's location as its metadata spells it, without a slash at the end.
    package let stored: String
    /// The absolute path of the table's folder.
    package let folder: String

    /// Pairs a stored location with the real folder.
    package init(stored: String, folder: String) {
        self.stored = Self.trimmed(stored)
        self.folder = Self.trimmed(folder)
    }

    /// The location of a new table in an absolute folder.
    ///
    /// Throws `invalidLocation` for relative paths and for `#` and `?`, which peers take for parts of a
    /// URL. Other characters are stored as they are: percent-encoding is read by nearly nobody.
    package init(newTableIn folder: String) throws(LakeError) {
        guard folder.utf8.first == UInt8(ascii: "/") else {
            throw .invalidLocation(path: folder, reason: "the path must be absolute")
        }
        for sign in ["#", "?"] where folder.contains(sign) {
            throw .invalidLocation(
                path: folder, reason: "other engines cannot open paths with \(sign)")
        }
        self.init(stored: "file://" + folder, folder: folder)
    }

    /// True if the table is where its metadata says.
    package var isUnmoved: Bool { Self.path(of: stored) == folder }

    /// The stored form of a path below the table's folder: `data/x.parquet`.
    package func stored(_ relative: String) -> String {
        "\(stored)/\(relative)"
    }

    /// The stored form of any absolute path.
    func stored(absolute path: String) -> String {
        if let relative = Self.dropping(folder, from: path) { return stored(relative) }
        if let lakes, let relative = Self.dropping(lakes.folder, from: path) {
            return "\(lakes.stored)/\(relative)"
        }
        return "file://" + path
    }

    /// The lake of the table, as stored and as it is: its folder and `tables/NAME` lie above `metadata`.
    private var lakes: (stored: String, folder: String)? {
        let tail = "/" + folder.split(separator: "/").suffix(2).joined(separator: "/")
        guard tail.hasPrefix("/tables/"), stored.hasSuffix(tail), folder.hasSuffix(tail) else {
            return nil
        }
        return (String(stored.dropLast(tail.count)), String(folder.dropLast(tail.count)))
    }

    /// The absolute path of a stored location.
    ///
    /// Throws `unsupported` for other schemes than files. What lies beside the table in its lake, as the cold
    /// tier may, moves with it.
    package func resolve(_ location: String) throws(LakeError) -> String {
        if let relative = relative(location) { return "\(folder)/\(relative)" }
        guard let path = Self.path(of: location) else {
            throw .unsupported(.init(path: location), feature: "locations outside of file systems")
        }
        return moved(path)
    }

    /// Where a file is now that lay outside of the table's folder and beside it in the lake: a cold tier's.
    private func moved(_ path: String) -> String {
        guard !isUnmoved, let own = Self.path(of: stored) else { return path }
        let tail = Array("/tables/\(folder.split(separator: "/").last ?? "")".utf8)
        let (old, new) = (Array(own.utf8), Array(folder.utf8))
        guard old.count > tail.count, old.suffix(tail.count).elementsEqual(tail),
            new.count > tail.count, new.suffix(tail.count).elementsEqual(tail)
        else { return path }
        let oldLake = String(decoding: old.dropLast(tail.count), as: UTF8.self)
        let newLake = String(decoding: new.dropLast(tail.count), as: UTF8.self)
        return Self.dropping(oldLake, from: path).map { "\(newLake)/\($0)" } ?? path
    }

    /// What follows the table's location; nil for files elsewhere.
    ///
    /// Spellings of the scheme may differ.
    package func relative(_ location: String) -> String? {
        if let rest = Self.dropping(stored, from: location) { return rest }
        guard let path = Self.path(of: location), let own = Self.path(of: stored) else {
            return nil
        }
        return Self.dropping(own, from: path)
    }

    /// The path of `file:///p`, `file:/p` and `/p`; nil for anything else.
    package static func path(of location: String) -> String? {
        for scheme in ["file:///", "file:/", "/"] where location.hasPrefix(scheme) {
            return "/" + location.dropFirst(scheme.count)
        }
        return nil
    }

    private static func dropping(_ prefix: String, from location: String) -> String? {
        // Bytes, not characters: Swift would find a prefix in another normal form.
        let head = prefix.utf8
        let text = location.utf8
        guard text.count > head.count, text.starts(with: head) else { return nil }
        let rest = text.dropFirst(head.count)
        guard rest.first == UInt8(ascii: "/") else { return nil }
        return String(rest.dropFirst())
    }

    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        return path
    }
}
