import Columnar
import Query

/// Files beside another catalog: quoted names with a slash or a known ending are paths, `read_…` functions
/// read patterns; every other name is the other catalog's.
struct FileCatalog: Catalog {
    private let formats: [any FileFormat]
    private let place: FilePlace
    private let other: any Catalog

    init(beside other: any Catalog, place: FilePlace) {
        self.other = other
        self.place = place
        formats = FileFormats.all(place)
    }

    func table(written name: String) throws(QueryError) -> (any Table)? {
        guard let format = format(of: name) ?? folderFormat(of: name) else {
            return try other.table(written: name)
        }
        return try format.table(TableArguments(["path": .text(name)]))
    }

    func table(named name: [String]) throws(QueryError) -> any Table {
        try other.table(named: name)
    }

    func tableNames() -> [String] { other.tableNames() }

    var tableFunctions: [any TableFunction] { formats }

    /// The format that a name's ending says; of a name with a slash and another ending, the first.
    private func format(of name: String) -> (any FileFormat)? {
        let folded = name.lowercased()
        for format in formats {
            for ending in format.endings where folded.hasSuffix("." + ending) { return format }
        }
        return name.contains("/") ? formats.first : nil
    }

    /// The first format for a folder whose name alone is written, unless a table has that name.
    private func folderFormat(of name: String) -> (any FileFormat)? {
        let folded = name.lowercased()
        if other.tableNames().contains(where: { $0.lowercased() == folded }) { return nil }
        return place.hasFolder(name) ? formats.first : nil
    }
}
