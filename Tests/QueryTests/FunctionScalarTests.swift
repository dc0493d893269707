import Columnar
import Testing

@testable import Query

/// Date, regex, JSON, array and URL functions against Trino's documented examples.
@Suite struct FunctionScalarTests {
    /// A value of a type, out of its text.
    private func value(_ text: String, _ type: DataType) throws -> (Value, DataType) {
        if type == .text || type == .json { return (.text(text), type) }
        var context = FunctionProbe.context()
        let kernel = try #require(Cast.kernel(from: .text, to: type))
        let column = try Column.from([.text(text)], type: .text, pool: context.pool)
        let result = try kernel(
            KernelArguments(columns: [column], types: [.text], resultType: type, count: 1),
            &context)
        if let first = context.errors.take().first { throw first.error }
        return (try result.value(at: 0, type: type), type)
    }

    /// A call over texts of types, its result printed.
    private func call(_ name: String, _ arguments: (String, DataType)...) throws -> String {
        let values = try arguments.map { try value($0.0, $0.1) }
        let result = try FunctionProbe.evaluate(name, values)
        return ValueText.format(result.value, result.type)
    }

    private func message(_ name: String, _ arguments: (String, DataType)...) -> String? {
        do {
            _ = try FunctionProbe.evaluate(name, try arguments.map { try value($0.0, $0.1) })
            return nil
        } catch {
            return (error as? QueryError)?.message
        }
    }

    private let ts = DataType.timestamp(precision: 3)
    private let tz = DataType.timestampTZ(precision: 3)

    @Test func fieldsOfDates() throws {
        let t = ("2001-08-22 03:04:05.321", ts)
        #expect(try call("year", t) == "2001")
        #expect(try call("quarter", t) == "3")
        #expect(try call("day_of_week", t) == "3")
        #expect(try call("day_of_year", t) == "234")
        #expect(try call("week", ("2021-01-03", .date)) == "53")
        #expect(try call("year_of_week", ("2021-01-03", .date)) == "2020")
        #expect(try call("hour", ("2020-07-01 12:00:00 Europe/Berlin", tz)) == "12")
        #expect(try call("millisecond", t) == "321")
        #expect(try call("timezone_hour", ("2020-07-01 12:00:00 Europe/Berlin", tz)) == "2")
        #expect(try call("last_day_of_month", ("2024-02-03", .date)) == "2024-02-29")
    }

    @Test(arguments: [
        ("second", "2001-08-22 03:04:05.000"), ("hour", "2001-08-22 03:00:00.000"),
        ("week", "2001-08-20 00:00:00.000"), ("quarter", "2001-07-01 00:00:00.000"),
        ("YEAR", "2001-01-01 00:00:00.000"),
    ])
    func truncation(unit: String, expected: String) throws {
        #expect(try call("date_trunc", (unit, .text), ("2001-08-22 03:04:05.321", ts)) == expected)
    }

    @Test func addingAndCountingUnits() throws {
        #expect(
            try call("date_add", ("month", .text), ("1", .bigint), ("2020-01-31", .date))
                == "2020-02-29")
        #expect(
            try call("date_add", ("hour", .text), ("-1", .bigint), ("2020-01-01 00:30:00", ts))
                == "2019-12-31 23:30:00.000")
        #expect(
            try call("date_diff", ("month", .text), ("2020-01-31", .date), ("2020-02-29", .date))
                == "1")
        #expect(
            try call(
                "date_diff", ("day", .text), ("2020-03-01 00:00:00", ts),
                ("2020-02-29 12:00:00", ts)) == "0")
        #expect(
            try call("date_diff", ("year", .text), ("2000-06-01", .date), ("2020-05-31", .date))
                == "19")
        #expect(
            message("date_trunc", ("hour", .text), ("2020-01-01", .date))
                == "'hour' is not a valid DATE field")
    }

    @Test func formatsOfDates() throws {
        #expect(
            try call("date_parse", ("2013-05-17 23:35:10", .text), ("%Y-%m-%d %H:%i:%s", .text))
                == "2013-05-17 23:35:10.000")
        #expect(
            try call("date_parse", ("Jan 5, 2020 03:04 PM", .text), ("%b %e, %Y %h:%i %p", .text))
                == "2020-01-05 15:04:00.000")
        #expect(
            message("date_parse", ("2013-13-17", .text), ("%Y-%m-%d", .text))
                == "Cannot parse \"2013-13-17\": Value 13 for monthOfYear must be in the range [1,12]"
        )
        #expect(
            message("date_parse", ("2013-05", .text), ("%Y-%m-%d", .text))
                == "Invalid format: \"2013-05\" is too short")
        #expect(
            message("date_parse", ("20x", .text), ("%Y-%m", .text))
                == "Invalid format: \"20x\" is malformed at \"x\"")
        #expect(
            message("date_format", ("2013-05-17", ts), ("%U", .text))
                == "%U not currently supported in the date format string")
        #expect(
            try call(
                "date_format", ("2001-01-09 13:04:05.321", ts),
                ("%a %b %c %e %f %j %l %M %p %r %W %y", .text))
                == "Tue Jan 1 9 321000 009 1 January PM 01:04:05 PM Tuesday 01")
        #expect(
            try call(
                "format_datetime", ("2001-08-22 03:04:05.321", ts),
                ("yyyy/MM/dd 'at' HH:mm:ss.SSS EEE", .text))
                == "2001/08/22 at 03:04:05.321 Wed")
        #expect(
            try call(
                "parse_datetime", ("1960/01/22 03:04 +0500", .text), ("YYYY/MM/dd HH:mm Z", .text))
                == "1960-01-22 03:04:00.000 +05:00")
    }

    @Test func isoAndEpochs() throws {
        #expect(
            try call("from_iso8601_timestamp", ("2020-05-11T11:15:05+02:00", .text))
                == "2020-05-11 11:15:05.000 +02:00")
        #expect(
            try call("from_iso8601_timestamp", ("2020-05-11T11:15Z", .text))
                == "2020-05-11 11:15:00.000 UTC")
        #expect(message("from_iso8601_timestamp", ("x", .text)) == "Invalid format: \"x\"")
        #expect(try call("from_iso8601_date", ("2020-W10-2", .text)) == "2020-03-03")
        #expect(
            try call("to_iso8601", ("2020-05-11 11:15:05 +02:00", tz))
                == "2020-05-11T11:15:05.000+02:00")
        #expect(
            try call("from_unixtime", ("1588000000.5", .double)) == "2020-04-27 15:06:40.500 UTC")
        #expect(try call("to_unixtime", ("1970-01-01 00:00:01.5", ts)) == "1.5")
        #expect(
            try call("at_timezone", ("2012-10-31 01:00:00 UTC", tz), ("America/Los_Angeles", .text))
                == "2012-10-30 18:00:00.000 America/Los_Angeles")
        #expect(
            try call("with_timezone", ("2020-03-29 02:30:00", ts), ("Europe/Berlin", .text))
                == "2020-03-29 03:30:00.000 Europe/Berlin")
        #expect(try call("now") == "2020-09-13 12:26:40.123 UTC")
        #expect(try call("current_date") == "2020-09-13")
    }

    @Test func regularExpressions() throws {
        let text = ("1a 2b 14m", DataType.text)
        #expect(try call("regexp_like", text, (#"\d+b"#, .text)) == "true")
        #expect(try call("regexp_extract", text, (#"(\d+)([a-z]+)"#, .text), ("2", .bigint)) == "a")
        #expect(try call("regexp_extract_all", text, (#"\d+"#, .text)) == "[1, 2, 14]")
        #expect(
            try call("regexp_replace", text, (#"(\d+)([ab]) "#, .text), ("3c$2 ", .text))
                == "3ca 3cb 14m")
        #expect(
            try call("regexp_replace", ("ab", .text), (#"(?<x>a)"#, .text), ("${x}$1\\$", .text))
                == "aa$b")
        #expect(try call("regexp_count", text, (#"\s*[a-z]+\s*"#, .text)) == "3")
        #expect(try call("regexp_split", text, (#"\s*[a-z]+\s*"#, .text)) == "[1, 2, 14, ]")
        #expect(try call("regexp_position", ("I have 23 apples", .text), (#"\d+"#, .text)) == "8")
        #expect(
            message("regexp_extract", text, ("a", .text), ("1", .bigint))
                == "Pattern has 0 groups. Cannot access group 1")
        #expect(
            message("regexp_like", text, ("(", .text))?.contains("Invalid regular expression")
                == true)
    }

    @Test func longTextsDoNotExhaustTheMatcher() throws {
        let long = String(repeating: "ab", count: 20_000)
        #expect(try call("regexp_like", (long, .text), ("^(?:(a)|(b))*$", .text)) == "true")
    }

    @Test func jsonPaths() throws {
        let doc = (#"{"a":{"b":[1.10,"x\u00e9",null,{"c":true}]},"d e":2}"#, DataType.text)
        #expect(try call("json_extract_scalar", doc, ("$.a.b[0]", .text)) == "1.10")
        #expect(try call("json_extract_scalar", doc, ("$.a.b[1]", .text)) == "xé")
        #expect(try call("json_extract_scalar", doc, ("$.a.b[2]", .text)) == "NULL")
        #expect(try call("json_extract_scalar", doc, (#"$["d e"]"#, .text)) == "2")
        #expect(try call("json_extract_scalar", doc, ("$.a", .text)) == "NULL")
        #expect(try call("json_extract", doc, ("$.a.b[3]", .text)) == #"{"c":true}"#)
        #expect(try call("json_size", doc, ("$.a.b", .text)) == "4")
        #expect(try call("json_extract_scalar", ("not json", .text), ("$.a", .text)) == "NULL")
        #expect(message("json_extract", doc, ("a.b", .text)) == "Invalid JSON path: 'a.b'")
        #expect(try call("json_parse", (#"{ "b" : 1, "a":[ ] }"#, .text)) == #"{"a":[],"b":1}"#)
        #expect(message("json_parse", ("{", .text)) == "Cannot convert value to JSON: '{'")
        #expect(try call("json_array_length", ("[1,2]", .text)) == "2")
        #expect(try call("json_array_get", (#"["a","b"]"#, .text), ("-1", .bigint)) == #""b""#)
        #expect(try call("json_array_contains", ("[1,2]", .text), ("2", .bigint)) == "true")
    }

    @Test func arraysAndMaps() throws {
        let ints = DataType.array(.bigint)
        let a = (Value.list([.int(3), .int(1), .null, .int(3)]), ints)
        func run(_ name: String, _ more: (Value, DataType)...) throws -> String {
            let result = try FunctionProbe.evaluate(name, [a] + more)
            return ValueText.format(result.value, result.type)
        }
        #expect(try run("cardinality") == "4")
        #expect(try run("contains", (.int(1), .bigint)) == "true")
        #expect(try run("contains", (.int(9), .bigint)) == "NULL")
        #expect(try run("element_at", (.int(-1), .bigint)) == "3")
        #expect(try run("element_at", (.int(9), .bigint)) == "NULL")
        #expect(
            throws: QueryError(
                .invalidFunctionArgument,
                "Array subscript must be less than or equal to array length: 5 > 4")
        ) {
            try run("$subscript", (.int(5), .bigint))
        }
        #expect(throws: QueryError(.invalidFunctionArgument, "SQL array indices start at 1")) {
            try run("$subscript", (.int(0), .bigint))
        }
        #expect(try run("array_distinct") == "[3, 1, NULL]")
        #expect(try run("array_sort") == "[1, 3, 3, NULL]")
        #expect(try run("array_max") == "NULL")
        #expect(try run("array_join", (.text("-"), .text)) == "3-1-3")
        #expect(try run("array_join", (.text("-"), .text), (.text("?"), .text)) == "3-1-?-3")
        #expect(try run("array_except", (.list([.int(3)]), ints)) == "[1, NULL]")
        #expect(try run("array_position", (.int(3), .bigint)) == "1")
        #expect(try run("slice", (.int(-2), .bigint), (.int(5), .bigint)) == "[NULL, 3]")
        #expect(try run("concat", (.list([.int(7)]), ints)) == "[3, 1, NULL, 3, 7]")
        #expect(try run("reverse") == "[3, NULL, 1, 3]")
        let map = DataType.map(key: .text, value: .bigint)
        let m = (Value.map([.text("k")], [.int(1)]), map)
        #expect(try FunctionProbe.call("element_at", [m, (.text("x"), .text)]) == .null)
        #expect(throws: QueryError(.invalidFunctionArgument, "Key not present in map: x")) {
            try FunctionProbe.call("$subscript", [m, (.text("x"), .text)])
        }
        #expect(try FunctionProbe.call("map_keys", [m]) == .list([.text("k")]))
        #expect(
            try FunctionProbe.call(
                "sequence", [(.int(5), .bigint), (.int(1), .bigint), (.int(-2), .bigint)])
                == .list([.int(5), .int(3), .int(1)]))
    }

    @Test func urlsAndNumbers() throws {
        let url = ("https://user@www.example.com:8080/a/b%20c?x=1&y=%C3%A4#frag", DataType.text)
        #expect(try call("url_extract_host", url) == "www.example.com")
        #expect(try call("url_extract_port", url) == "8080")
        #expect(try call("url_extract_path", url) == "/a/b c")
        #expect(try call("url_extract_parameter", url, ("y", .text)) == "ä")
        #expect(try call("url_encode", ("a b&ä", .text)) == "a+b%26%C3%A4")
        #expect(try call("round", ("2.5", .double)) == "3.0")
        #expect(try call("round", ("-1.235", .double), ("2", .bigint)) == "-1.24")
        #expect(
            try call("round", ("-1.235", .decimal(precision: 4, scale: 3)), ("2", .bigint))
                == "-1.240")
        #expect(try call("floor", ("-1.5", .decimal(precision: 2, scale: 1))) == "-2")
        #expect(message("abs", ("-128", .tinyint)) == "Value -128 is out of range for abs(tinyint)")
        #expect(try call("greatest", ("1", .bigint), ("3", .bigint), ("2", .bigint)) == "3")
        #expect(try call("to_hex", ("abc", .varbinary)) == "616263")
        #expect(try call("levenshtein_distance", ("kitten", .text), ("sitting", .text)) == "3")
    }
}

/// The column writer must say what the boxed one says.
@Suite struct ColumnTextTests {
    @Test func agreesWithBoxedValues() throws {
        let pool = BufferPool()
        let row = DataType.row([
            RowField(name: "a", type: .array(.double)),
            RowField(name: nil, type: .map(key: .text, value: .date)),
            RowField(name: "c", type: .char(length: 3)),
        ])
        let values: [Value] = [
            .row([.list([.double(1), .null]), .map([.text("k")], [.int(5)]), .text("x")]), .null,
            .row([.null, .map([], []), .null]),
        ]
        let column = try Column.from(values, type: row, pool: pool)
        let writer = try ColumnText(column, type: row, pool: pool)
        for (i, value) in values.enumerated() {
            var out: [UInt8] = []
            writer.append(i, to: &out)
            #expect(String(decoding: out, as: UTF8.self) == ValueText.format(value, row))
            #expect(writer.isNull(i) == value.isNull)
        }
    }
}
