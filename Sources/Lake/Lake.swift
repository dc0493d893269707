import Columnar
import Glibc

/// A lake: a folder of Iceberg tables, the database that says what is current, and schema files.
///
/// ```
/// LAKE/
///   lake.db            catalog pointers, raw file state, runs, quarantine, settings (raw root)
///   lake.lock          kernel lock of the one writer
///   lake.reserve       room for the day when the disk is full
///   suppressions.json  accounts that were erased, as salted hashes
///   schemas/*.json     one a table with raw data; copied here at creation, the user's to edit
///   tables/NAME/data, tables/NAME/metadata
///   catalog/             what lake.db knows of archived rows, in case it is lost
///   cold/                archived rows and raw files, unless cold.json names another folder
/// ```
/// `lake.db` is written last, so a folder is a lake or is not. A lake without raw root holds tables
/// that SQL made. One value, one thread; writers exclude each other by the lock, readers never wait long.
package struct Lake {
    /// Absolute path of the lake's folder.
    package let path: String
    package let database: Database
    package let catalog: SQLCatalog

    package static let databaseName = "lake.db"
    package static let schemaFolder = "schemas"

    /// A schema file to copy into a new lake.
    package struct SchemaFile: Sendable {
        /// The file's name without folder: `posts.json`.
        package var name: String
        package var bytes: [UInt8]

        package init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    private init(path: String, database: Database) {
        self.path = path
        self.database = database
        catalog = SQLCatalog(database)
    }

    /// Makes a lake in a folder that is not one yet; the folder may exist.
    ///
    /// - path, rawPath: absolute; the raw folder must exist and gets a marker if we may write there.
    /// - seed: random bits that only this lake knows.
    package static func create(
        at path: String, rawPath: String?, schemas: [SchemaFile], seed: UInt64
    ) throws(LakeError) -> Lake {
        _ = try TableLocation(newTableIn: path)
        if try exists(at: path) {
            throw .invalidLocation(path: path, reason: "there is a lake already")
        }
        for schema in schemas {
            _ = try TableDefinition.parse(schema.bytes, path: schema.name)
        }
        var settings = [(Settings.Key.keySeed, String(seed, radix: 16))]
        if let rawPath {
            let isMarked = try RawRoot.mark(rawPath)
            settings.append((.rawRoot, rawPath))
            settings.append((.rawIsMarked, isMarked ? "1" : "0"))
        }
        try DurableFile.makeFolder("\(path)/\(schemaFolder)")
        try DurableFile.makeFolder("\(path)/tables")
        for schema in schemas {
            try DurableFile.write(schema.bytes, to: "\(path)/\(schemaFolder)/\(schema.name)")
        }
        try DurableFile.syncFolder("\(path)/\(schemaFolder)")
        let database = try Database.create(
            path: "\(path)/\(databaseName)",
            tables: Migrations.all + SQLCatalog.tables
                + settings.map { Settings.insertion($0.0, $0.1) })
        return Lake(path: path, database: database)
    }

    /// Whether a folder holds a lake; the empty database of a killed `create` makes none.
    package static func exists(at path: String) throws(LakeError) -> Bool {
        let file = "\(path)/\(databaseName)"
        guard try DurableFile.isThere(file) else { return false }
        return try !Database.isEmpty(path: file)
    }

    /// Opens the lake in a folder.
    package static func open(
        at path: String, access: Database.Access = .readWrite
    ) throws(LakeError) -> Lake {
        let file = "\(path)/\(databaseName)"
        guard DurableFile.exists(file) else {
            throw .notALake(path: path, reason: "it has no \(databaseName)")
        }
        return Lake(path: path, database: try Database.open(path: file, access: access))
    }

    /// The raw root as given at creation; nil in a lake without raw data.
    package func rawRoot() throws(LakeError) -> String? {
        try Settings.get(.rawRoot, database)
    }

    /// The folder of what is archived; not looked at yet.
    package func coldTier() throws(LakeError) -> ColdTier {
        try ColdTier(lake: path, database: database)
    }

    /// The tables with raw data as their schema files describe them now, by name.
    package func definitions() throws(LakeError) -> [TableDefinition] {
        try Self.definitions(in: path)
    }

    /// One table as its schema file describes it; nil for a table that SQL or a run made.
    ///
    /// Looks first into the file of the table's name.
    package func definition(of table: String) throws(LakeError) -> TableDefinition? {
        let likely = "\(path)/\(Self.schemaFolder)/\(table).json"
        if DurableFile.exists(likely) {
            let bytes = try DurableFile.read(likely, limitBytes: Limits.schemaFileBytes)
            let definition = try TableDefinition.parse(bytes, path: likely)
            if definition.name == table { return definition }
        }
        return try definitions().first { $0.name == table }
    }

    /// The same for a lake's folder whose database may be lost.
    static func definitions(in path: String) throws(LakeError) -> [TableDefinition] {
        var definitions: [TableDefinition] = []
        for file in try schemaPaths(in: path) {
            let bytes = try DurableFile.read(file, limitBytes: Limits.schemaFileBytes)
            let definition = try TableDefinition.parse(bytes, path: file)
            if definitions.contains(where: { $0.name == definition.name }) {
                throw .invalidLocation(
                    path: file, reason: "another schema file describes \(definition.name) too")
            }
            definitions.append(definition)
        }
        return definitions.sorted { $0.name < $1.name }
    }

    /// Small tables in which a hidden row would lose data: checked by each writer before it begins.
    private static let checkedTables = [
        "iceberg_tables", "sources", "settings", "cold_files", "packs", "restored_files", "holds",
        "suppressions",
    ]

    /// Locks the lake for writing, and upgrades its database if an older program made it.
    ///
    /// - makesRoom: on a full disk the writer may use what is kept for it (`DiskReserve`).
    ///
    /// Throws `busy` while another process writes.
    func takeLock(
        _ request: LakeLock.Request = LakeLock.Request(), makesRoom: Bool = false
    ) throws(LakeError) -> LakeLock {
        let lock = try LakeLock.take(path, request)
        let reserve = DiskReserve(lake: path)
        if makesRoom { reserve.letGo() } else { reserve.take() }
        try database.upgrade()
        for table in Self.checkedTables { try database.checkIndexes(of: table) }
        return lock
    }

    /// Folds changed raw files into the tables; everything or nothing.
    ///
    /// Throws `busy` while another process writes, and `conflict` if other Iceberg clients commit to its
    /// tables again and again. A lake without raw data has nothing to do.
    package func compact(
        identity: RunIdentity, options: CompactionOptions, pool: BufferPool
    ) throws(LakeError) -> RunReport {
        let lock = try takeLock(options.lock)
        defer { withExtendedLifetime(lock) {} }
        if try hasDueRestores(nowMicros: identity.startedMicros) {
            try RestoredCopies.settle(
                try restoreRun(identity: identity, options: options, pool: pool))
        }
        var identity = identity
        var retries = 0
        while true {
            do throws(LakeError) {
                return try compactor(identity: identity, options: options, pool: pool).run()
            } catch .conflict(let table) {
                // Another client was first: all is done again on what it left.
                guard retries < Limits.commitRetries else { throw .conflict(table: table) }
                identity = identity.next
                retries += 1
            }
        }
    }

    /// A run over what the lake says now; the caller holds the lock.
    func compactor(
        identity: RunIdentity, options: CompactionOptions, pool: BufferPool
    ) throws(LakeError) -> Compactor {
        guard let raw = try rawRoot() else {
            throw .invalidLocation(path: path, reason: "the lake has no raw folder")
        }
        let isMarked = try Settings.get(.rawIsMarked, database) == "1"
        let seed = try Settings.get(.keySeed, database).flatMap { UInt64($0, radix: 16) }
        guard let seed else {
            throw .notALake(path: path, reason: "its key seed is missing")
        }
        return try Compactor(
            lake: path, database: database, definitions: definitions(),
            root: RawRoot.open(raw, isMarked: isMarked), rawIsMarked: isMarked, keySeed: seed,
            identity: identity, options: options, pool: pool
        )
    }
}
