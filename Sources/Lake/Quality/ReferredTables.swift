/// The tables that a run's references lead to, as the run leaves them.
struct ReferredTables {
    /// The state of each table that this run has dealt with already, by name.
    var prepared: [String: IcebergTable] = [:]
    /// Those among them that got another snapshot.
    var changed: Set<String> = []
    private let database: Database
    private let lake: String

    init(_ database: Database, lake: String) {
        self.database = database
        self.lake = lake
    }

    /// Takes note of a table that is ready to be published.
    mutating func add(_ table: TableRun.Prepared) {
        let name = table.table.definition.name
        let commit = table.commits.first { $0.table.name == name }
        prepared[name] = commit?.published() ?? table.table.iceberg
        if commit != nil { changed.insert(name) }
    }

    /// The table as it will be; nil if there is none.
    func table(_ name: String) throws(LakeError) -> IcebergTable? {
        if let table = prepared[name] { return table }
        let catalog = SQLCatalog(database)
        guard try catalog.load(name) != nil else { return nil }
        return try IcebergTable.open(name, in: catalog, lakeFolder: lake)
    }

    /// Rows of a table that retention took, to which others may still refer.
    enum Archive {
        case empty
        /// Absolute paths, and rows.
        case files([(path: String, rowCount: Int64)])
        /// The cold tier's folder.
        case unmounted(String)
    }

    /// The archived rows of a table: all versions, also of rows that have changed or gone since.
    ///
    /// Which of them stand is a question for a restore; what refers to one of them is not called broken.
    func archive(of table: String) throws(LakeError) -> Archive {
        guard let source = try Sources.known(table, database) else { return .empty }
        let records = try ColdFiles.list(database, source: source, hasEntries: false)
        guard !records.isEmpty else { return .empty }
        let tier = try ColdTier(lake: lake, database: database)
        if records.contains(where: { $0.place == .cold }), try !tier.isMounted() {
            return .unmounted(tier.path)
        }
        return .files(
            records.map { record in
                let isCold = record.place == .cold
                return (
                    isCold ? tier.absolute(record.path) : "\(lake)/\(record.path)", record.rowCount
                )
            })
    }
}
