import Foundation
import Testing

@testable import Lake

/// Lakes of older programs: read as they are, upgraded by the first writer, whole or not at all.
@Suite struct MigrationTests {
    /// What version 1 was when it was released, catalog included; never edited.
    static let version1 = [
        "CREATE TABLE settings (\n  key TEXT PRIMARY KEY,\n  value TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE sources (\n  id INTEGER PRIMARY KEY,\n  name TEXT NOT NULL UNIQUE) STRICT",
        """
        CREATE TABLE raw_files (
          source INTEGER NOT NULL REFERENCES sources(id),
          folder TEXT NOT NULL,
          first TEXT NOT NULL,
          entries BLOB NOT NULL,
          PRIMARY KEY (source, folder, first)) WITHOUT ROWID
        """,
        """
        CREATE TABLE runs (
          id INTEGER PRIMARY KEY,
          uuid TEXT NOT NULL UNIQUE,
          seed INTEGER NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('started', 'committed', 'abandoned')),
          started_micros INTEGER NOT NULL,
          finished_micros INTEGER,
          report TEXT) STRICT
        """,
        """
        CREATE TABLE quarantine (
          source INTEGER NOT NULL REFERENCES sources(id),
          path TEXT NOT NULL,
          reason TEXT NOT NULL,
          first_seen_micros INTEGER NOT NULL,
          last_seen_micros INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL,
          modified_nanos INTEGER NOT NULL,
          PRIMARY KEY (source, path)) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE retired_files (
          path TEXT PRIMARY KEY,
          retired_micros INTEGER NOT NULL) STRICT, WITHOUT ROWID
        """,
    ]

    /// A database as version 1 left it, with a row here and there.
    private func old(_ folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/lake.db"
        let database = try Database.create(path: path, tables: Self.version1 + SQLCatalog.tables)
        try database.execute("PRAGMA user_version = 1")
        try database.execute("INSERT INTO settings VALUES ('key_seed', '2a')")
        try database.execute("INSERT INTO sources VALUES (1, 'posts')")
        try database.execute("INSERT INTO quarantine VALUES (1, 'a.json', 'bad', 1, 2, 3, 4)")
        return path
    }

    /// Everything that a file is made of, as SQLite says it.
    private func schema(of database: Database) throws -> [String] {
        let statement = try database.prepare(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
        var lines: [String] = []
        while try statement.step() {
            lines.append((0..<4).map { statement.text($0) }.joined(separator: "|"))
        }
        return lines
    }

    @Test func anUpgradedFileEqualsAFreshOne() throws {
        let folder = try TemporaryFolder()
        let path = try old(folder)
        let reader = try Database.open(path: path, access: .readOnly)
        #expect(reader.version == 1)
        #expect(try Quarantine.list(reader).map(\.file.path) == ["a.json"])
        let writer = try Database.open(path: path)
        #expect(writer.version == 1)
        try writer.upgrade()
        #expect(writer.version == Database.schemaVersion)
        let fresh = try Database.create(
            path: folder.path + "/fresh.db", tables: Migrations.all + SQLCatalog.tables)
        #expect(try schema(of: writer) == schema(of: fresh))
        #expect(try Quarantine.list(writer).map(\.file.path) == ["a.json"])
        let again = try Database.open(path: path)
        #expect(again.version == Database.schemaVersion)
        try again.upgrade()
        // The reader from before goes on.
        #expect(try Quarantine.list(reader).count == 1)
    }

    @Test func twoUpgradesAtOnceAreOne() throws {
        let folder = try TemporaryFolder()
        let path = try old(folder)
        let (first, second) = (try Database.open(path: path), try Database.open(path: path))
        try first.upgrade()
        try second.upgrade()
        #expect(second.version == Database.schemaVersion)
    }

    @Test func aFailedUpgradeLeavesTheOldFile() throws {
        let folder = try TemporaryFolder()
        let path = try old(folder)
        let database = try Database.open(path: path)
        let before = try schema(of: database)
        let broken = [Self.version1, ["CREATE TABLE whole (k)"], ["CREATE TABLE half (k) STRICT"]]
        #expect(throws: LakeError.self) { try database.upgrade(through: broken) }
        #expect(database.version == 1)
        #expect(try schema(of: database) == before)
        #expect(try database.integer("PRAGMA user_version") == 1)
        try database.upgrade()
        #expect(database.version == Database.schemaVersion)
    }

    @Test func anUpgradeThatIsKilledIsRolledBack() throws {
        let folder = try TemporaryFolder()
        let path = try old(folder)
        let database = try Database.open(path: path)
        let before = try schema(of: database)
        // What a kill leaves: pages of the transaction in the file, their old content in a hot journal.
        let copy = folder.path + "/killed.db"
        try database.execute("PRAGMA cache_size = 1")
        try database.execute("PRAGMA cache_spill = 1")
        #expect(throws: LakeError.conflict(table: "killed")) {
            try database.transaction { () throws(LakeError) in
                for statement in Migrations.versions[1...].joined() {
                    try database.execute(statement)
                }
                try database.execute("PRAGMA user_version = \(Migrations.versions.count)")
                try database.execute("CREATE TABLE filler (b)")
                for _ in 0..<200 {
                    try database.execute("INSERT INTO filler VALUES (zeroblob(100000))")
                }
                for suffix in ["", "-journal"] {
                    do {
                        try FileManager.default.copyItem(
                            atPath: path + suffix, toPath: copy + suffix)
                    } catch {
                        Issue.record(error)
                    }
                }
                throw .conflict(table: "killed")
            }
        }
        let size = try FileManager.default.attributesOfItem(atPath: copy)[.size] as? Int ?? 0
        #expect(size > 1_000_000, "the transaction had not reached the file")
        let killed = try Database.open(path: copy)
        #expect(killed.version == 1)
        #expect(try schema(of: killed) == before)
        try killed.upgrade()
        #expect(killed.version == Database.schemaVersion)
    }

    @Test func aNewerFileIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = try old(folder)
        let newer = Database.schemaVersion + 1
        try Database.open(path: path).execute("PRAGMA user_version = \(newer)")
        for access in [Database.Access.readOnly, .readWrite] {
            let refusal = LakeError.newerLake(
                path: path, version: Int(newer), known: Int(Database.schemaVersion))
            #expect(throws: refusal) { _ = try Database.open(path: path, access: access) }
        }
    }

    @Test func theFirstRunUpgradesAndAQueryDoesNot() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.compact()
        let path = fixture.lake.path
        let database = try Database.open(path: path + "/lake.db")
        try database.downgradeToFirstVersion()
        let columns = ["id"]
        let reader = try Lake.open(at: path, access: .readOnly)
        #expect(try LakeFixture.rows(of: reader, columns).count == 1)
        #expect(try Lake.open(at: path, access: .readOnly).database.version == 1)
        let lake = try Lake.open(at: path)
        let identity = RunIdentity(startedMicros: 1_800_000_000_000_000, seed: 77)
        let report = try lake.compact(
            identity: identity, options: LakeFixture.options(workers: 1), pool: fixture.pool)
        #expect(report.files.unchangedByStat == 1)
        #expect(try Lake.open(at: path).database.version == Database.schemaVersion)
    }
}
