import Columnar
import Glibc
import Testing

import Lake

/// Raw JSON against the rows that must come of it.
@Suite struct FlattenTests {
    @Test(arguments: [
        "posts", "stats", "tweets", "drift", "rules", "comments", "insights", "tweets_v2",
        "pinterest_pins", "pinterest_geo", "pinterest_users",
    ])
    func goldenRows(name: String) throws {
        let definition =
            switch name {
            case "drift": try Self.drift()
            case "rules": try Self.rules()
            default: try schemaFile(name)
            }
        let path = packageFolder + "/Tests/LakeTests/flatten/\(name).txt"
        let bytes = try #require(fileBytes(path), "\(path)")
        let cases = try #require(FlattenCase.parse(String(decoding: bytes, as: UTF8.self)))
        #expect(!cases.isEmpty)
        let flattener = try Flattener(definition: definition, pool: BufferPool())
        var updated = ""
        for sample in cases {
            let found = try Self.flatten(sample, flattener)
            updated += sample.input + found.joined(separator: "\n") + "\n\n"
            if getenv("UPDATE_GOLDEN") != nil { continue }
            let shown = found.joined(separator: "\n")
            #expect(found == sample.expected, "\(name): \(sample.title)\n\(shown)")
        }
        if getenv("UPDATE_GOLDEN") != nil {
            let file = try #require(fopen(path, "wb"))
            fputs(String(updated.dropLast()), file)
            fclose(file)
        }
    }

    /// The lines that a case gives.
    private static func flatten(
        _ sample: FlattenCase, _ flattener: Flattener
    ) throws -> [String] {
        switch try flattener.stage(copyOf: sample.bytes, path: sample.path) {
        case .rejected(let reason): return ["reject \(reason)"]
        case .row(let identity):
            let partition = identity.partitionValue.map { " partition \($0)" } ?? ""
            try flattener.commit()
            let batch = try flattener.finishBatch()
            let lines = try GoldenValue.row(batch, 0, flattener.definition.schema)
            return ["row" + partition]
                + lines.filter { !$0.hasPrefix("_raw_path") && !$0.hasPrefix("_ingested_at") }
        }
    }

    /// A table with one column of every kind.
    static func drift() throws -> TableDefinition {
        let text = """
            {"table": "drift", "raw": {"path": "{k}.json"}, "columns": [
              {"name": "k", "type": "varchar", "class": "key"},
              {"name": "b", "type": "boolean"}, {"name": "i", "type": "integer"},
              {"name": "l", "type": "bigint"}, {"name": "r", "type": "real"},
              {"name": "d", "type": "double"}, {"name": "v3", "type": "varchar(3)"},
              {"name": "j", "type": "json"}, {"name": "dt", "type": "date"},
              {"name": "ts", "type": "timestamp(6)"},
              {"name": "ms", "type": "timestamp(6)", "format": "epoch_ms"},
              {"name": "tags", "type": "array(varchar)", "split": ","},
              {"name": "ns", "type": "array(bigint)"},
              {"name": "alt", "type": "varchar", "path": ["a.x", "a.\\"y.z\\"", "top"]},
              {"name": "rows", "type": "array(row(n bigint, inner row(t varchar)))"},
              {"name": "url", "type": "varchar", "class": "volatile"}
            ]}
            """
        return try TableDefinition.parse(Array(text.utf8), path: "drift.json")
    }

    /// A table with a column of every rule.
    static func rules() throws -> TableDefinition {
        let text = """
            {"table": "rules", "raw": {"path": "{day}/{k}.json"}, "ignore": ["noise", "list[*].noise"],
             "columns": [
              {"name": "k", "type": "varchar", "capture": "k", "class": "key", "strip_prefix": "key-"},
              {"name": "day", "type": "date", "capture": "day", "null_values": ["none"]},
              {"name": "t", "type": "varchar", "null_values": ["", "n/a", "No text*", -1]},
              {"name": "place", "type": "varchar", "strip_prefix": ["Local save in ", "Saved in "]},
              {"name": "followers", "type": "bigint", "number": "suffixed", "null_values": ["Error"],
               "default": -1},
              {"name": "i", "type": "integer", "number": "suffixed"},
              {"name": "d", "type": "double", "number": "suffixed"},
              {"name": "r", "type": "real", "number": "suffixed"},
              {"name": "seconds", "type": "double", "scale": 0.001},
              {"name": "cents", "type": "bigint", "scale": 100},
              {"name": "whole", "type": "bigint", "scale": 0.001},
              {"name": "tags", "type": "array(varchar)", "split": ",", "null_values": ["N,o"]},
              {"name": "platform", "type": "varchar", "constant": "instagram"},
              {"name": "since", "type": "date", "default": "2020-01-01"},
              {"name": "flag", "type": "boolean", "default": false},
              {"name": "times", "type": "array(timestamp(6))"},
              {"name": "ms", "type": "timestamp(6)", "format": "epoch_ms"},
              {"name": "sgt_day", "type": "date", "path": "at", "time_zone": "Asia/Singapore"},
              {"name": "ny", "type": "timestamp(6)", "path": "at", "time_zone": "America/New_York"},
              {"name": "pair", "type": "array(double)", "gather": ["lat", "point[1]"]},
              {"name": "who", "type": "varchar", "path": "who", "gather": ["first", "last"],
               "separator": "-"},
              {"name": "second", "type": "bigint", "path": "list2[1].n"},
              {"name": "reach", "type": "bigint", "path": "list[name=reach].v"},
              {"name": "saved", "type": "bigint", "path": "list[name=saved].v", "default": 0},
              {"name": "kids", "type": "array(row)", "fields": [
                {"name": "n", "type": "integer", "number": "suffixed", "default": 7},
                {"name": "kind", "type": "varchar", "constant": "kid"}]}
            ]}
            """
        return try TableDefinition.parse(Array(text.utf8), path: "rules.json")
    }

    /// The row hash of one document, and the drift it counts.
    private func stage(
        _ text: String, _ flattener: Flattener
    ) throws -> (hash: UInt64, key: [UInt8]) {
        guard
            case .row(let identity) = try flattener.stage(copyOf: Array(text.utf8), path: "k.json")
        else {
            Issue.record("rejected: \(text)")
            return (0, [])
        }
        return (identity.rowHash, Array(identity.key))
    }

    @Test func hashIgnoresFormAndVolatileColumns() throws {
        let flattener = try Flattener(definition: try Self.drift(), pool: BufferPool())
        let base = try stage(
            #"{"k":"1","l":5,"x":{"b":1,"a":[1,2]},"url":"u1","rows":[{"n":1,"z":2}]}"#, flattener)
        let same = [
            #"{ "rows" : [ {"z":2, "n":1} ], "url":"u2", "l":5, "x":{"a":[1,2],"b":1}, "k":"1" }"#,
            #"{"k":"\u0031","l":"5","x":{"b":1,"a":[1,2]},"rows":[{"n":1.0,"z":2}]}"#,
            #"{"k":"0","k":"1","l":5,"b":null,"x":{"b":1,"a":[1,2]},"url":null,"rows":[{"n":1,"z":2}]}"#,
        ]
        for text in same {
            let other = try stage(text, flattener)
            #expect(other.hash == base.hash, "\(text)")
            #expect(other.key == base.key)
        }
        let different = [
            #"{"k":"1","l":6,"x":{"b":1,"a":[1,2]},"rows":[{"n":1,"z":2}]}"#,
            #"{"k":"1","l":5,"x":{"b":1,"a":[2,1]},"rows":[{"n":1,"z":2}]}"#,
            #"{"k":"1","l":5,"x":{"b":1,"a":[1,2]},"rows":[{"n":1,"z":3}]}"#,
            #"{"k":"1","l":5,"x":{"b":1,"a":[1,2]},"rows":[{"n":1,"z":2},{}]}"#,
            #"{"k":"1","i":5,"x":{"b":1,"a":[1,2]},"rows":[{"n":1,"z":2}]}"#,
            #"{"k":"2","l":5,"x":{"b":1,"a":[1,2]},"rows":[{"n":1,"z":2}]}"#,
        ]
        for text in different { #expect(try stage(text, flattener).hash != base.hash, "\(text)") }
    }

    @Test func volatileUpdateMakesThemCount() throws {
        var definition = try Self.drift()
        definition.settings.volatile = .update
        let flattener = try Flattener(definition: definition, pool: BufferPool())
        let one = try stage(#"{"k":"1","url":"u1"}"#, flattener).hash
        #expect(try stage(#"{"k":"1","url":"u2"}"#, flattener).hash != one)
    }

    @Test func nothingIsAppendedUntilCommit() throws {
        let flattener = try Flattener(definition: try Self.drift(), pool: BufferPool())
        _ = try flattener.stage(copyOf: Array(#"{"k":"1","l":"x"}"#.utf8), path: "1.json")
        #expect(flattener.rowCount == 0)
        _ = try flattener.stage(copyOf: Array(#"{"k":"#.utf8), path: "1.json")
        try flattener.commit()
        #expect(flattener.rowCount == 0, "a rejected file leaves nothing to commit")
        _ = try flattener.stage(
            copyOf: Array(#"{"k":"1","l":"x"}"#.utf8), path: "a.json", ingestedAtMicros: 7)
        try flattener.commit()
        try flattener.commit()
        #expect(flattener.rowCount == 1)
        #expect(flattener.driftCounts[3] == 1)
        let batch = try flattener.finishBatch()
        let schema = flattener.definition.schema
        #expect(batch.columns.count == schema.count)
        #expect(
            try GoldenValue.row(batch, 0, schema) == [
                #"k: "1""#, #"_extra: {"l":"x"}"#, #"_raw_path: "a.json""#,
                "_ingested_at: 1970-01-01 00:00:00.000007",
            ])
        #expect(flattener.rowCount == 0)
        #expect(try flattener.finishBatch().count == 0)
    }

    @Test func manyRowsKeepTheirPlaces() throws {
        let pool = BufferPool()
        let flattener = try Flattener(definition: try Self.drift(), pool: pool)
        let count = 5_000
        for i in 0..<count {
            let rows = (0..<i % 3).map { #"{"n":\#(i + $0),"inner":{"t":"t\#($0)"}}"# }
            let b = i % 5 == 0 ? "null" : i % 2 == 0 ? "true" : "false"
            let text =
                #"{"k":"\#(i)","b":\#(b),"l":\#(i),"rows":[\#(rows.joined(separator: ","))]}"#
            _ = try flattener.stage(copyOf: Array(text.utf8), path: "\(i).json")
            try flattener.commit()
        }
        let batch = try flattener.finishBatch()
        let schema = flattener.definition.schema
        #expect(batch.count == count)
        for i in stride(from: 0, to: count, by: 7) {
            let rows = (0..<i % 3).map { #"(n: \#(i + $0), inner: (t: "t\#($0)"))"# }
            var expected = [#"k: "\#(i)""#]
            if i % 5 != 0 { expected.append("b: \(i % 2 == 0)") }
            expected += ["l: \(i)", "rows: [\(rows.joined(separator: ", "))]"]
            expected += [#"_raw_path: "\#(i).json""#, "_ingested_at: 1970-01-01 00:00:00"]
            #expect(try GoldenValue.row(batch, i, schema) == expected)
        }
    }

    @Test func memoryLimitsAreErrorsNotCrashes() throws {
        let pool = BufferPool(budget: MemoryBudget(limitBytes: 200_000))
        let flattener = try Flattener(definition: try Self.drift(), pool: pool)
        let long = String(repeating: "x", count: 1_000_000)
        #expect(throws: LakeError.self) {
            try flattener.stage(copyOf: Array(#"{"k":"\#(long)"}"#.utf8), path: "1.json")
        }
    }

    /// Leftovers by the hundred thousand must cost time in proportion.
    @Test func manyLeftoversStayLinear() throws {
        let flattener = try Flattener(definition: try Self.drift(), pool: BufferPool())
        let items = Array(repeating: #"{"w":1}"#, count: 100_000).joined(separator: ",")
        let keys = (0..<100_000).map { #""u\#($0)":1"# }.joined(separator: ",")
        let text = #"{"k":"1","rows":[\#(items)],\#(keys)}"#
        guard case .row = try flattener.stage(copyOf: Array(text.utf8), path: "1.json") else {
            Issue.record("rejected")
            return
        }
        try flattener.commit()
        #expect(try flattener.finishBatch().count == 1)
    }
}
