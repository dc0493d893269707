import Columnar
import Testing

@testable import Lake

/// Schema files that change under a table: what it follows, what it refuses, what `_extra` gives back.
@Suite struct EvolutionTests {
    /// Three posts on two days, each with `odd`, which no column takes.
    private func fixture() throws -> LakeFixture {
        let lake = try LakeFixture()
        for id in 1...3 {
            try lake.write(lake.post(id: id, day: id < 3 ? 1 : 2, likes: id), to: "7/\(id).json")
        }
        try lake.compact()
        return lake
    }

    private func change(_ lake: LakeFixture, _ old: String, _ new: String) throws {
        let text = LakeFixture.schema.replacing(old, with: new)
        #expect(text != LakeFixture.schema, "\(old) is not in the schema")
        try lake.folder.write(text, to: "lake/schemas/posts.json")
    }

    private let lastColumn = #"{ "name": "tags", "type": "array(varchar)" }"#

    private func add(_ columns: String, to lake: LakeFixture) throws {
        try change(lake, lastColumn, lastColumn + ",\n" + columns)
    }

    @Test func aNewColumnIsNullUntilItIsFilled() throws {
        let lake = try fixture()
        try add(#"{ "name": "odd", "type": "bigint" }"#, to: lake)
        let evolved = try lake.compact().tables[0]
        #expect(evolved.newColumns == ["odd"])
        #expect(evolved.partitionsRewritten == 0)
        try lake.write(lake.post(id: 4, day: 2, likes: 4), to: "7/4.json")
        #expect(try lake.compact().tables[0].newColumns == [])
        let extra = (1...3).map { "text(\"{\\\"odd\\\":\($0)}\")" }
        #expect(
            try lake.rows(["id", "odd", "_extra"]) == [
                "int(1) null \(extra[0])", "int(2) null \(extra[1])", "int(3) null \(extra[2])",
                "int(4) int(4) null",
            ])
        let filled = try lake.compact { $0.fillsFromExtra = true }.tables[0]
        #expect(filled.rowsFilled == 3)
        #expect(filled.partitionsRewritten == 2)
        #expect(filled.rowsTotal == 4)
        #expect(
            try lake.rows(["id", "odd", "_extra"])
                == (1...4).map { "int(\($0)) int(\($0)) null" })
        let again = try lake.compact { $0.fillsFromExtra = true }.tables[0]
        #expect(again.rowsFilled == 0)
        #expect(again.partitionsRewritten == 0)
    }

    @Test func onlyWhatFitsIsFilledAndNothingElseIsTouched() throws {
        let lake = try LakeFixture()
        let start = #"{"posted_at": "2026-01-01T10:00:00Z", "#
        try lake.write(start + #""id": 1, "views": "x", "z": 1, "likes": "many"}"#, to: "7/1.json")
        try lake.write(start + #""id": 2, "views": "12", "z": {"a": [1]}}"#, to: "7/2.json")
        try lake.write(start + #""id": 3, "list": [{"k": "a", "v": 7, "w": 8}]}"#, to: "7/3.json")
        try lake.write(start + #""id": 4, "likes": 5, "v2": {"n": 9}}"#, to: "7/4.json")
        try lake.compact()
        try add(
            """
            { "name": "views", "type": "bigint", "path": ["views", "v2.n"], "default": 0 },
            { "name": "a", "type": "bigint", "path": "list[k=a].v" }
            """, to: lake)
        #expect(try lake.compact { $0.fillsFromExtra = true }.tables[0].rowsFilled == 3)
        #expect(
            try lake.rows(["id", "likes", "views", "a", "_extra"]) == [
                #"int(1) null null null text("{\"likes\":\"many\",\"views\":\"x\",\"z\":1}")"#,
                #"int(2) null int(12) null text("{\"z\":{\"a\":[1]}}")"#,
                #"int(3) null null int(7) text("{\"list\":[{\"k\":\"a\",\"w\":8}]}")"#,
                "int(4) int(5) int(9) null null",
            ])
    }

    /// A column that is filled from `_extra`, and a check of it: two of the three values break it.
    private func addChecked(_ onFailure: String, to lake: LakeFixture) throws {
        let check = """
            "checks": [{ "check": "range", "column": "odd", "maximum": 1, "on_failure": "\(onFailure)" }],
            "columns":
            """
        let text = LakeFixture.schema
            .replacing(lastColumn, with: lastColumn + #", { "name": "odd", "type": "bigint" }"#)
            .replacing("\"columns\":", with: check)
        try lake.folder.write(text, to: "lake/schemas/posts.json")
    }

    @Test func filledValuesAreHeldAgainstChecks() throws {
        let lake = try fixture()
        try addChecked("warn", to: lake)
        let report = try lake.compact { $0.fillsFromExtra = true }.tables[0]
        #expect(report.rowsFilled == 3)
        #expect(report.checks.map(\.status) == [.violated])
        #expect(report.checks.map(\.violations) == [2])
        #expect(report.checks.map(\.samples) == [["posts/7/2.json", "posts/7/3.json"]])
        #expect(try lake.rows(["odd"]) == ["int(1)", "int(2)", "int(3)"])
    }

    @Test func valuesThatBreakAQuarantineStayInExtra() throws {
        let lake = try fixture()
        try addChecked("quarantine", to: lake)
        for filled in [1, 0] {
            let report = try lake.compact { $0.fillsFromExtra = true }.tables[0]
            #expect(report.rowsFilled == filled)
            #expect(report.checks.map(\.violations) == [2])
            #expect(
                try lake.rows(["odd", "_extra"]) == [
                    "int(1) null", #"null text("{\"odd\":2}")"#, #"null text("{\"odd\":3}")"#,
                ])
        }
    }

    @Test func filledValuesMayFailARun() throws {
        let lake = try fixture()
        try addChecked("fail", to: lake)
        let files = lake.tableFiles()
        do {
            try lake.compact { $0.fillsFromExtra = true }
            Issue.record("the run did not fail")
        } catch let error as LakeError {
            guard case .checksFailed(let outcomes) = error else { throw error }
            #expect(outcomes.map(\.violations) == [2])
        }
        #expect(lake.tableFiles() == files)
        #expect(try lake.rows(["id"]).count == 3)
    }

    @Test func fillingGoesAlongWithChangedFiles() throws {
        let lake = try fixture()
        try add(#"{ "name": "odd", "type": "bigint" }"#, to: lake)
        try lake.write(lake.post(id: 1, day: 2, likes: 50), to: "7/1.json")
        let report = try lake.compact { $0.fillsFromExtra = true }.tables[0]
        #expect(report.rowsFilled == 2)
        #expect(
            try lake.rows(["id", "likes", "odd"]) == [
                "int(1) int(50) int(1)", "int(2) int(2) int(2)", "int(3) int(3) int(3)",
            ])
    }

    @Test(arguments: [
        (
            #""name": "likes", "type": "bigint""#, #""name": "likes", "type": "varchar""#, "likes",
            "likes: bigint cannot become varchar"
        ),
        (
            #""name": "likes", "type": "bigint""#, #""name": "likes", "type": "integer""#,
            "likes", "likes: bigint cannot become integer"
        ),
        (
            #""name": "tags", "type": "array(varchar)""#, #""name": "tags", "type": "varchar""#,
            "tags", "tags: array(varchar) cannot become varchar"
        ),
        (
            #""name": "caption", "type": "varchar" }"#,
            #""name": "caption", "type": "varchar", "class": "key" }"#, "caption",
            "the table's key is id, not id, caption"
        ),
        (
            #""transform": "day""#, #""transform": "month""#, nil,
            "the table's partition is day(posted_at), not month(posted_at)"
        ),
        (
            #""partition": { "column": "posted_at", "transform": "day" },"#, "", nil,
            "the table's partition is day(posted_at), not none"
        ),
        (
            #"{ "name": "url","#,
            #"{ "name": "n", "type": "bigint", "required": true }, { "name": "url","#,
            "n", "n is new and required, but the table's rows do not have it"
        ),
    ])
    func whatFilesCannotFollowIsRefused(
        old: String, new: String, column: String?, problem: String
    ) throws {
        let lake = try fixture()
        let before = try lake.rows()
        try change(lake, old, new)
        do {
            _ = try lake.compact()
            Issue.record("not refused")
        } catch LakeError.schemaChange(let table, let obstacles) {
            #expect(table == "posts")
            #expect(obstacles.map(\.problem).contains(problem), "\(obstacles)")
            #expect(obstacles.contains { $0.column == column })
        }
        #expect(try lake.rows() == before)
        try lake.folder.write(LakeFixture.schema, to: "lake/schemas/posts.json")
        #expect(try lake.compact().tables[0].partitionsRewritten == 0)
    }

    @Test func aDroppedColumnStaysAndIsNullInNewRows() throws {
        let lake = try fixture()
        try change(lake, #"{ "name": "caption", "type": "varchar" },"#, "")
        try lake.write(lake.post(id: 4, day: 1, likes: 4), to: "7/4.json")
        try lake.compact()
        #expect(
            try lake.rows(["id", "caption", "likes"]) == [
                #"int(1) text("hello") int(1)"#, #"int(2) text("hello") int(2)"#,
                #"int(3) text("hello") int(3)"#, "int(4) null int(4)",
            ])
    }

    @Test func numbersWidenAndRowsGetFieldsInAnyOrder() throws {
        let lake = try LakeFixture()
        try change(
            lake, lastColumn,
            #"{"name": "n", "type": "integer"}, {"name": "d", "type": "real"}, {"name": "owner", "type": "row(id varchar, n integer)"}, {"name": "kids", "type": "array(row(id varchar))"}"#
        )
        let start = #"{"posted_at": "2026-01-01T10:00:00Z", "n": 7, "d": 0.5, "#
        let rest = #""owner": {"id": "o", "n": 3, "z": "zz"}, "kids": [{"id": "k", "n": 4}]}"#
        try lake.write(start + #""id": 1, "# + rest, to: "7/1.json")
        try lake.compact()
        try change(
            lake, lastColumn,
            #"{"name": "kids", "type": "array(row(n bigint, id varchar))"}, {"name": "owner", "type": "row(z varchar, n bigint, id varchar)"}, {"name": "d", "type": "double"}, {"name": "n", "type": "bigint"}"#
        )
        try lake.write(start + #""id": 2, "# + rest, to: "7/2.json")
        try lake.compact()
        #expect(
            try lake.rows(["id", "n", "d", "owner", "kids"]) == [
                #"int(1) int(7) double(0.5) row([Columnar.Value.text("o"), Columnar.Value.int(3), Columnar.Value.null]) list([Columnar.Value.row([Columnar.Value.text("k"), Columnar.Value.null])])"#,
                #"int(2) int(7) double(0.5) row([Columnar.Value.text("o"), Columnar.Value.int(3), Columnar.Value.text("zz")]) list([Columnar.Value.row([Columnar.Value.text("k"), Columnar.Value.int(4)])])"#,
            ])
        // Fields that the file drops stay too.
        try change(lake, lastColumn, #"{"name": "owner", "type": "row(z varchar)"}"#)
        try lake.write(start + #""id": 3, "# + rest, to: "7/3.json")
        try lake.compact()
        #expect(
            try lake.rows(["id", "owner"]).last
                == #"int(3) row([Columnar.Value.null, Columnar.Value.null, Columnar.Value.text("zz")])"#
        )
    }

    @Test func anotherOrderOfRowsIsAnotherSortOrder() throws {
        let lake = try fixture()
        try change(lake, #""sort": ["user_id", "posted_at"]"#, #""sort": ["likes desc"]"#)
        try lake.write(lake.post(id: 4, day: 1, likes: 4), to: "7/4.json")
        try lake.compact()
        let table = try IcebergTable.open(
            "posts", in: lake.lake.catalog, lakeFolder: lake.lake.path)
        #expect(table.metadata.sortOrders.map(\.id) == [0, 1, 2])
        #expect(table.metadata.defaultSortOrderID == 2)
        #expect(table.metadata.sortOrders[2].keys.map(\.isDescending) == [true])
    }
}
