import Glibc
import Testing

import Lake

@Suite struct DatabaseTests {
    @Test func valuesRoundTrip() throws {
        let folder = try TemporaryFolder()
        let database = try Database.create(
            path: folder.path + "/lake.db", tables: ["CREATE TABLE t(k INTEGER PRIMARY KEY, v)"])
        let values: [SQLValue] = [
            .null, .integer(.min), .real(0.5), .text(""), .text("é\0x"), .blob([]),
            .blob([0, 255]),
        ]
        let insert = try database.prepare("INSERT INTO t VALUES(?, ?)")
        for (key, value) in values.enumerated() {
            try insert.bind([.integer(Int64(key)), value])
            try insert.run()
        }
        let rows = try database.prepare("SELECT typeof(v), v FROM t ORDER BY k")
        var seen: [String] = []
        while try rows.step() { seen.append("\(rows.text(0)) \(rows.blob(1))") }
        #expect(
            seen == [
                "null []", "integer \(Array("-9223372036854775808".utf8))",
                "real \(Array("0.5".utf8))", "text []", "text [195, 169, 0, 120]", "blob []",
                "blob [0, 255]",
            ])
    }

    @Test func aThrowingTransactionLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let database = try Database.create(
            path: folder.path + "/lake.db", tables: ["CREATE TABLE t(k)"])
        #expect(throws: LakeError.conflict(table: "t")) {
            try database.transaction { () throws(LakeError) in
                try database.run("INSERT INTO t VALUES(?)", [.integer(1)])
                throw .conflict(table: "t")
            }
        }
        #expect(try database.integer("SELECT count(*) FROM t") == 0)
        let changed = try database.transaction { () throws(LakeError) in
            try database.run("INSERT INTO t VALUES(1), (2)", [])
        }
        #expect(changed == 2)
        #expect(try database.integer("SELECT count(*) FROM t") == 2)
    }

    @Test func foreignFilesAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lake.db"
        _ = try Database.create(path: path, tables: ["CREATE TABLE t(k)"])
        #expect(throws: LakeError.notALake(path: path, reason: "the file exists and is not empty"))
        {
            _ = try Database.create(path: path, tables: [])
        }
        let other = try Database.open(path: path)
        try other.execute("PRAGMA application_id = 7")
        #expect(throws: LakeError.notALake(path: path, reason: "the database was not made by lake"))
        {
            _ = try Database.open(path: path)
        }
        try other.execute("PRAGMA application_id = \(Database.applicationID)")
        try other.execute("PRAGMA user_version = 9")
        #expect(throws: LakeError.self) { _ = try Database.open(path: path) }
        let text = folder.path + "/text"
        try folder.write("not a database, certainly not one of ours, at all", to: "text")
        #expect(
            throws: LakeError.notALake(path: text, reason: "the file is not a SQLite database")
        ) {
            _ = try Database.open(path: text)
        }
        #expect(throws: LakeError.self) { _ = try Database.open(path: folder.path + "/none") }
    }

    @Test func aReaderCannotWriteAndAWriterWaits() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lake.db"
        let writer = try Database.create(path: path, tables: ["CREATE TABLE t(k)"])
        let reader = try Database.open(path: path, access: .readOnly)
        #expect(throws: LakeError.self) { try reader.execute("INSERT INTO t VALUES(1)") }
        let second = try Database.open(path: path, busyMilliseconds: 1)
        try writer.transaction { () throws(LakeError) in
            #expect(throws: LakeError.busy(path: path)) {
                try second.transaction { () throws(LakeError) in }
            }
        }
        #expect(try writer.integer("PRAGMA synchronous") == 3)
    }
}
