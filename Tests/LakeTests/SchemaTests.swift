import Columnar
import Testing

@testable import Lake

/// Schema files: what they become, and how each mistake in one is told.
@Suite struct SchemaTests {
    @Test func postsBecomeASchema() throws {
        let posts = try schemaFile("posts")
        #expect(posts.name == "posts")
        #expect(posts.keyColumns.map { posts.columns[$0].name } == ["id"])
        #expect(posts.partition?.transform == .day)
        #expect(posts.sort.map { posts.columns[$0.column].name } == ["user_id", "timestamp", "id"])
        #expect(posts.retention.map(\.due) == [.afterDays(180)])
        #expect(posts.retention.map(\.action) == [.transition(.glacier)])
        #expect(posts.checks.count == 6)
        #expect(posts.raw.captureNames == ["user_id", "post_id"])
        #expect(posts.raw.root == "instagram_graph/posts")
        for column in posts.columns {
            #expect(column.doc?.isEmpty == false, "\(column.name) has no doc")
            for field in column.fields { #expect(field.doc?.isEmpty == false, "\(field.name)") }
        }
        let names = posts.schema.fields.suffix(3).map(\.name)
        #expect(names == ["_extra", "_raw_path", "_ingested_at"])
        #expect(posts.schema.fields[0].isNullable == false, "a key is required")
        #expect(posts.schema.fields[2].isNullable == false, "so is the partition column")
    }

    @Test(arguments: [
        ("", ParquetProfile.compatible, nil, 131_072),
        (", \"settings\": {\"profile\": \"compact\"}", .compact, nil, 131_072),
        (
            ", \"settings\": {\"profile\": \"compact\", \"zstd_level\": 4, \"row_group_rows\": 2048}",
            .compact, 4, 2048
        ),
    ])
    func settingsSayHowFilesAreWritten(
        settings: String, profile: ParquetProfile, level: Int?, rows: Int
    ) throws {
        let end = try #require(Self.good.lastIndex(of: "}"))
        var text = Self.good
        text.insert(contentsOf: settings, at: end)
        let table = try TableDefinition.parse(Array(text.utf8), path: "t.json")
        let options = ParquetWriterOptions(table.settings)
        #expect(options.profile == profile)
        #expect(options.level == level)
        #expect(options.rowGroupRows == rows)
    }

    static let packaged = [
        "comments", "graph_media", "insights", "pinterest_geo", "pinterest_pins", "pinterest_users",
        "posts", "stats", "tweets", "tweets_v2",
    ]

    @Test(arguments: packaged)
    func everythingHasADoc(name: String) throws {
        let table = try schemaFile(name)
        #expect(table.name == name)
        #expect(table.doc?.isEmpty == false)
        func check(_ columns: [ColumnDefinition]) {
            for column in columns {
                #expect(column.doc?.isEmpty == false, "\(name).\(column.name) has no doc")
                check(column.fields)
            }
        }
        check(table.columns)
    }

    @Test(arguments: packaged)
    func fieldIDsAreDenseAndTopLevelFirst(name: String) throws {
        let schema = try schemaFile(name).schema
        #expect(schema.fields.map(\.id) == (1...schema.count).map { $0 })
        var ids: [Int] = []
        func collect(_ fields: [Field]) {
            for field in fields {
                ids.append(field.id ?? 0)
                collect(field.children)
                #expect(field.children.count == field.type.children.count, "\(field.name)")
            }
        }
        collect(schema.fields)
        #expect(ids.sorted() == Array(1...ids.count))
    }

    @Test func nestedIDsFollowPyiceberg() throws {
        let text = """
            {"table": "t", "raw": {"path": "{k}.json"}, "columns": [
              {"name": "k", "type": "varchar", "class": "key"},
              {"name": "a", "type": "array(row(x bigint, y row(z bigint)))"},
              {"name": "b", "type": "array(varchar)"}]}
            """
        let schema = try TableDefinition.parse(Array(text.utf8), path: "t.json").schema
        let element = schema.fields[1].children[0]
        #expect(element.id == 7)
        #expect(element.children.map(\.id) == [8, 9])
        #expect(element.children[1].children.map(\.id) == [10])
        #expect(schema.fields[2].children.map(\.id) == [11])
    }

    /// A schema file that is right, in which each case breaks one line.
    private static let good = """
        {"table": "t", "raw": {"path": "t/{user}/{k}.json"},
        "partition": {"column": "ts", "transform": "day"},
        "columns": [
        {"name": "k", "type": "varchar", "class": "key"},
        {"name": "ts", "type": "timestamp(6)"},
        {"name": "n", "type": "bigint"}
        ]}
        """

    @Test(arguments: [
        (
            "\"table\": \"t\"", "\"tabel\": \"t\"",
            "line 1, column 2: there is no key of a table named \"tabel\"; did you mean table?"
        ),
        (
            "\"table\": \"t\"", "\"table\": \"Posts!\"",
            "line 1, column 11: \"Posts!\" cannot be a name"
        ),
        (
            "bigint", "bigit",
            "line 6, column 23: the type \"bigit\" has no type named 'bigit'; did you mean bigint?"
        ),
        (
            "\"class\": \"key\"", "\"class\": \"kye\"",
            "there is no class \"kye\"; did you mean key?"
        ),
        ("\"class\": \"key\"", "\"class\": \"counter\"", "no column has the class key"),
        (
            "\"column\": \"ts\"", "\"column\": \"tss\"",
            "line 2, column 25: there is no column \"tss\"; did you mean ts?"
        ),
        ("\"column\": \"ts\"", "\"column\": \"n\"", "day of a bigint is no partition"),
        ("\"day\"", "\"week\"", "there is no transform \"week\"; known are month, day, hour, none"),
        ("\"name\": \"n\"", "\"name\": \"ts\"", "column ts is here twice"),
        (
            "\"name\": \"n\"", "\"nmae\": \"n\"",
            "line 6, column 2: there is no key of a column named \"nmae\"; did you mean name?"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"capture\": \"usr\"}",
            "there is no capture in the raw path named \"usr\"; did you mean user?"
        ),
        ("\"bigint\"}", "\"bigint\", \"path\": \"a..b\"}", "a path is a string of keys"),
        ("\"bigint\"}", "\"bigint\", \"split\": \",\"}", "\"split\" belongs to array(varchar)"),
        ("\"bigint\"}", "\"row\"}", "the key \"fields\" is missing"),
        ("\"bigint\"}", "7}", "\"type\" must be a string, not an integer"),
        ("t/{user}/{k}.json", "t/{user}{k}.json", "needs text between two captures"),
        ("t/{user}/{k}.json", "t//{k}.json", "has an empty, . or .. folder"),
        ("t/{user}/{k}.json", "t/{user}/{k.json", "has a brace without its partner"),
        (
            "]}", "], \"settings\": {\"zstd_level\": 99}}",
            "\"zstd_level\" must be an integer in 1...22"
        ),
        (
            "]}", "], \"settings\": {\"profile\": \"compakt\"}}",
            "there is no profile \"compakt\"; did you mean compact?"
        ),
        (
            "]}", "], \"retention\": [{\"after_days\": 1}]}",
            "a retention rule either transitions or expires"
        ),
        (
            "]}", "], \"checks\": [{\"check\": \"notnull\"}]}",
            "there is no check \"notnull\"; did you mean not_null?"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"null_values\": [\"*\"]}",
            "\"*\" would make every value NULL"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"null_values\": [true]}",
            "line 6, column 49: a null value must be a string, not a boolean"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"number\": \"sufixed\"}",
            "there is no number \"sufixed\"; did you mean suffixed?"
        ),
        (
            "\"bigint\"}", "\"varchar\", \"scale\": 0.001}",
            "\"scale\" belongs to integer, bigint, real and double; remove it"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"scale\": 0.003}",
            "\"scale\" must be a power of ten; write 0.001 to make seconds of milliseconds"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"time_zone\": \"UTC\"}",
            "\"time_zone\" belongs to dates and timestamps"
        ),
        (
            "\"bigint\"}", "\"date\", \"time_zone\": \"Asia/Singapur\"}",
            "there is no time zone \"Asia/Singapur\" in /usr/share/zoneinfo"
        ),
        (
            "\"bigint\"}", "\"date\", \"time_zone\": \"../passwd\"}",
            "there is no time zone \"../passwd\""
        ),
        (
            "\"bigint\"}", "\"bigint\", \"default\": \"0\"}",
            "line 6, column 44: the default is no bigint"
        ),
        (
            "\"bigint\"}", "\"integer\", \"constant\": 2147483648}",
            "the constant is no integer"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"constant\": 1, \"path\": \"n\"}",
            "a column has one source"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"gather\": [\"a\", \"b\"]}",
            "\"gather\" makes no bigint; it belongs to varchar and to arrays of scalars"
        ),
        (
            "\"bigint\"}", "\"bigint\", \"separator\": \"-\"}",
            "\"separator\" belongs to \"gather\""
        ),
        ("\"bigint\"}", "\"bigint\", \"path\": \"a[*].b\"}", "[*] is many values"),
        ("\"bigint\"}", "\"bigint\", \"path\": \"a[x\"}", "a path is a string of keys"),
        (
            "\"bigint\"}", "\"bigint\", \"path\": [\"a[0]\", \"a[k=v]\"]}",
            "a[k=v] and a[0] reach into a in two ways"
        ),
        ("]}", "], \"ignore\": [7]}", "line 7, column 15: a path is a string of keys"),
        ("]}", "],}", "line 7, column 3: not JSON: a comma too many before }"),
    ])
    func mistakesSayWhereAndWhatToDo(part: String, broken: String, message: String) throws {
        _ = try TableDefinition.parse(Array(Self.good.utf8), path: "t.json")
        let range = try #require(Self.good.firstRange(of: part))
        var text = Self.good
        text.replaceSubrange(range, with: broken)
        let all = Self.mistakes(in: text).map(\.description).joined(separator: "\n")
        #expect(all.contains(message), "\(all)")
    }

    /// What is wrong with a schema file; nothing when it is accepted.
    private static func mistakes(in text: String) -> [SchemaMistake] {
        do throws(LakeError) {
            _ = try TableDefinition.parse(Array(text.utf8), path: "t.json")
            return []
        } catch {
            if case .schemaFile(_, let mistakes) = error { return mistakes }
            return []
        }
    }

    @Test func everyMistakeIsListedInFileOrder() throws {
        let text = Self.good.replacing("bigint", with: "bigit").replacing(
            "\"day\"", with: "\"dya\"")
        #expect(Self.mistakes(in: text).map { $0.position?.line } == [2, 6])
    }

    @Test(arguments: [
        ("t/{user}/{k}.json", "t/1/2.json", ["1", "2"]),
        ("t/{user}/{k}.json", "t/1/2.json.tmp", nil),
        ("t/{user}/{k}.json", "t/1/.json", nil),
        ("t/{user}/{k}.json", "t/1/x/2.json", nil),
        ("t/{user}/{k}.json", "t/1", nil),
        ("t/{a}-{b}_x/{k}", "t/1-2-3_x/z", ["1", "2-3", "z"]),
        ("{k}.json", "a.json.json", ["a.json"]),
        ("{k}.json", "", nil),
    ])
    func layoutsCapture(pattern: String, path: String, expected: [String]?) throws {
        let layout = try RawLayout(pattern: pattern, format: .json)
        let found = Array(path.utf8).withUnsafeBytes { bytes in
            layout.captures(in: bytes)?.map { String(decoding: bytes[$0], as: UTF8.self) }
        }
        #expect(found == expected)
    }

    @Test func keyPathsReachIntoArrays() throws {
        let path = try #require(KeyPath(parsing: #"data[name=reach].values[0].x[*]["k.]"="a]b"]"#))
        #expect(
            path.steps == [
                .key("data"), .item(key: "name", value: "reach"), .key("values"), .position(0),
                .key("x"), .everyItem, .item(key: "k.]", value: "a]b"),
            ])
        #expect(KeyPath(parsing: path.description) == path)
        for text in ["[0]", "a[]", "a[0", "a[-1]", "a[b]", "a[0]b", "a[b=c", #"a["0"]"#, "a[*"] {
            #expect(KeyPath(parsing: text) == nil, "\(text)")
        }
    }

    @Test func keyPathsQuoteDots() throws {
        #expect(KeyPath(parsing: #"a."b.c".d"#)?.keys == ["a", "b.c", "d"])
        #expect(KeyPath(parsing: #""x""y""#)?.keys == [#"x"y"#])
        for text in ["", ".", "a.", ".a", #""a"#] { #expect(KeyPath(parsing: text) == nil) }
        let odd = KeyPath(["a.b", "c", #"q"r"#])
        #expect(KeyPath(parsing: odd.description) == odd)
    }

    @Test(arguments: [
        (PartitionTransform.day, Int64(-1), Int32(-1)), (.day, 0, 0), (.day, 86_400_000_000, 1),
        (.hour, -1, -1), (.hour, 3_600_000_000, 1), (.month, -1, -1), (.month, 0, 0),
        (.month, 31 * 86_400_000_000, 1),
    ])
    func transformsRoundTowardsThePast(
        transform: PartitionTransform, micros: Int64, expected: Int32
    ) {
        #expect(transform.value(micros: micros) == expected)
    }
}
