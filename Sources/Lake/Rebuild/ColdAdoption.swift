import Columnar
import Glibc

/// Files what a cold catalog knows into a new database, as far as its files are there.
struct ColdAdoption {
    let catalog: ColdCatalog
    /// Absolute paths of files that the catalog names and that are not there, or not whole.
    let missing: [String]
    private let lake: String
    private let coldFolder: String

    /// The newest catalog file that can be read; nil without any.
    ///
    /// What it names and is not there is told: a run that never committed loses its catalog before its files
    /// (`Leftovers`). A newer one that cannot be read may have named more: it is among `damaged`, unless its
    /// twin can be read.
    static func newest(
        lake: String, coldFolder: String
    ) throws(LakeError) -> (adoption: ColdAdoption?, damaged: [String]) {
        var damaged: [String] = []
        for path in try ColdCatalog.paths(
            in: ColdCatalog.folders(lake: lake, tier: coldFolder))
        {
            do throws(LakeError) {
                let adoption = ColdAdoption(
                    try ColdCatalog.read(path), lake: lake, coldFolder: coldFolder)
                let name = path.split(separator: "/").last ?? ""
                damaged.removeAll { $0.hasSuffix("/\(name)") }
                return (adoption, damaged)
            } catch {
                damaged.append(path)
            }
        }
        return (nil, damaged)
    }

    init(_ catalog: ColdCatalog, lake: String, coldFolder: String) {
        self.catalog = catalog
        self.lake = lake
        self.coldFolder = coldFolder
        var missing: [String] = []
        for name in ["cold_files", "packs"] {
            guard let rows = catalog.tables[name] else { continue }
            for row in rows.rows {
                guard let (path, sizeBytes) = Self.file(row, rows.columns, lake, coldFolder),
                    !Self.isWhole(path, sizeBytes)
                else { continue }
                missing.append(path)
            }
        }
        self.missing = missing
    }

    /// Nothing was ever archived.
    var isEmpty: Bool { catalog.isEmpty }

    /// Whether packs are among what is missing.
    var lacksPacks: Bool {
        missing.contains { $0.hasPrefix("\(coldFolder)/\(ColdTier.packFolder)/") }
    }

    /// Whether anything was ever archived.
    var hasColdFiles: Bool {
        ["cold_files", "packs"].contains { catalog.tables[$0]?.rows.isEmpty == false }
    }

    /// Fills the tables, inside a transaction; sources get new numbers by their names.
    func fill(_ database: Database) throws(LakeError) {
        let sources = try newSources(database)
        let gone = Set(missing)
        for name in ColdCatalog.tableNames where name != "settings" && name != "sources" {
            guard let rows = catalog.tables[name] else { continue }
            // Names from a file go into a statement only if the table has such columns.
            let known = Set(try ColdCatalog.columns(of: name, database))
            let positions = rows.columns.indices.filter { known.contains(rows.columns[$0]) }
            guard !positions.isEmpty else { continue }
            let list = positions.map { "\"\(rows.columns[$0])\"" }.joined(separator: ", ")
            let marks = positions.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
            let insertion = try database.prepare("INSERT INTO \(name)(\(list)) VALUES (\(marks))")
            let source = rows.columns.firstIndex(of: "source")
            for var row in rows.rows {
                if let file = Self.file(row, rows.columns, lake, coldFolder),
                    gone.contains(file.path)
                {
                    continue
                }
                if let source, case .integer(let old) = row[source] {
                    guard let new = sources[old] else { continue }
                    row[source] = .integer(new)
                }
                try insertion.bind(positions.map { row[$0] })
                try insertion.run()
            }
        }
    }

    /// New runs must have higher numbers than what is archived: the highest wins.
    var highestRun: Int64 {
        var highest = catalog.run
        guard let rows = catalog.tables["cold_files"],
            let sequence = rows.columns.firstIndex(of: "sequence")
        else { return highest }
        for row in rows.rows {
            if case .integer(let number) = row[sequence] { highest = max(highest, number) }
        }
        return highest
    }

    private func newSources(_ database: Database) throws(LakeError) -> [Int64: Int64] {
        var numbers: [Int64: Int64] = [:]
        for row in catalog.tables["sources"]?.rows ?? [] {
            guard case .integer(let old)? = row.first, case .text(let name)? = row.last else {
                continue
            }
            numbers[old] = try Sources.id(of: name, database)
        }
        return numbers
    }

    /// The file that a row names, with its size; nil for a row of another table.
    private static func file(
        _ row: [SQLValue], _ columns: [String], _ lake: String, _ coldFolder: String
    ) -> (path: String, sizeBytes: Int64)? {
        guard let path = columns.firstIndex(of: "path"),
            let size = columns.firstIndex(of: "size_bytes"), columns.contains("sha256"),
            case .text(let relative) = row[path], case .integer(let sizeBytes) = row[size]
        else { return nil }
        // What was dropped is known until its file is gone.
        if let state = columns.firstIndex(of: "state"), row[state] == .text("dropped") {
            return nil
        }
        var folder = coldFolder
        if let place = columns.firstIndex(of: "place"), row[place] == .text("lake") {
            folder = lake
        }
        return ("\(folder)/\(relative)", sizeBytes)
    }

    private static func isWhole(_ path: String, _ sizeBytes: Int64) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && Int64(status.st_size) == sizeBytes
    }
}
