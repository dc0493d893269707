import Columnar
import Testing

@testable import Query

/// Casts against Trino 401's behaviour and wording.
@Suite struct FunctionCastTests {
    private func cast(_ value: Value, _ from: DataType, _ to: DataType) throws -> Value {
        var context = FunctionProbe.context()
        let kernel = try #require(Cast.kernel(from: from, to: to), "no cast \(from) to \(to)")
        let column = try Column.from([value], type: from, pool: context.pool)
        let result = try kernel(
            KernelArguments(columns: [column], types: [from], resultType: to, count: 1), &context)
        if let first = context.errors.take().first {
            #expect(try result.value(at: 0, type: to) == .null)
            throw first.error
        }
        return try result.value(at: 0, type: to)
    }

    private func text(_ value: Value, _ from: DataType) throws -> String {
        guard case .text(let text) = try cast(value, from, .text) else { return "NULL" }
        return text
    }

    /// A text cast to a type and back.
    private func through(_ text: String, _ type: DataType) throws -> String {
        try self.text(try cast(.text(text), .text, type), type)
    }

    private func error(_ value: Value, _ from: DataType, _ to: DataType) -> QueryError? {
        do {
            _ = try cast(value, from, to)
            return nil
        } catch {
            return error as? QueryError
        }
    }

    @Test(arguments: [
        (37.7, "3.77E1"), (0, "0E0"), (-0.001, "-1E-3"), (1e100, "1E100"), (.infinity, "Infinity"),
        (-.infinity, "-Infinity"), (.nan, "NaN"), (12345678.9, "1.23456789E7"), (5e-324, "5E-324"),
    ])
    func doublesAreScientific(value: Double, expected: String) throws {
        #expect(try text(.double(value), .double) == expected)
    }

    @Test(arguments: [
        (37.7, "37.7"), (1, "1.0"), (1e7, "1.0E7"), (9_999_999, "9999999.0"), (0.001, "0.001"),
        (0.0001, "1.0E-4"), (0, "0.0"), (-1.5e-7, "-1.5E-7"), (123456.789, "123456.789"),
    ])
    func resultSetsShowDoublesAsJava(value: Double, expected: String) {
        #expect(ValueText.format(.double(value), .double) == expected)
    }

    @Test(arguments: [
        ("abc", DataType.bigint, "Cannot cast 'abc' to BIGINT"),
        ("", .integer, "Cannot cast '' to INT"),
        ("128", .tinyint, "Cannot cast '128' to TINYINT"),
        ("1.5", .bigint, "Cannot cast '1.5' to BIGINT"),
        ("x", .double, "Cannot cast 'x' to DOUBLE"),
        ("yes", .boolean, "Cannot cast 'yes' to BOOLEAN"),
        ("2021-02-30", .date, "Value cannot be cast to date: 2021-02-30"),
        (
            "2021-06-06T23:38:46", .timestamp(precision: 3),
            "Value cannot be cast to timestamp: 2021-06-06T23:38:46"
        ),
        (
            "1000", .decimal(precision: 3, scale: 0),
            "Cannot cast VARCHAR '1000' to DECIMAL(3, 0). Value too large."
        ),
    ])
    func badTextIsAnInvalidCastArgument(text: String, type: DataType, message: String) {
        #expect(error(.text(text), .text, type) == QueryError(.invalidCastArgument, message))
    }

    @Test func integersAreRangeChecked() {
        #expect(
            error(.int(3_000_000_000), .bigint, .integer)
                == QueryError(.numericValueOutOfRange, "Out of range for integer: 3000000000"))
        #expect(
            error(.double(1e30), .double, .bigint)
                == QueryError(.invalidCastArgument, "Unable to cast 1.0E30 to bigint"))
        #expect(
            error(.double(.nan), .double, .integer)
                == QueryError(.invalidCastArgument, "Cannot cast double NaN to integer"))
        #expect(
            error(.int(123), .bigint, .varchar(length: 2))
                == QueryError(
                    .invalidCastArgument, "Value 123 cannot be represented as varchar(2)"))
        #expect(
            error(.double(1200), .double, .varchar(length: 4))
                == QueryError(
                    .invalidCastArgument, "Value 1200.0 (1.2E3) cannot be represented as varchar(4)"
                ))
    }

    @Test func roundingIsHalfAwayFromZero() throws {
        #expect(try cast(.double(2.5), .double, .bigint) == .int(3))
        #expect(try cast(.double(-2.5), .double, .integer) == .int(-3))
        let d = DataType.decimal(precision: 5, scale: 2)
        #expect(try cast(.int(12350), d, .decimal(precision: 4, scale: 1)) == .int(1235))
        #expect(try cast(.int(250), d, .bigint) == .int(3))
        #expect(try cast(.int(-250), d, .bigint) == .int(-3))
        #expect(try cast(.double(1.005), .double, d) == .int(101))
        #expect(try cast(.text("1.005"), .text, d) == .int(101))
        #expect(try through("-12.3450", d) == "-12.35")
        #expect(try through("0.05", d) == "0.05")
        #expect(try through("1e2", d) == "100.00")
        #expect(
            try through("99999999999999999999999999999999999999", .decimal(precision: 38, scale: 0))
                == "99999999999999999999999999999999999999")
    }

    @Test func timestampsRoundToTheirPrecision() throws {
        let p3 = DataType.timestamp(precision: 3)
        #expect(try through("2020-05-01 12:34:56", p3) == "2020-05-01 12:34:56.000")
        #expect(try through("2020-05-01 12:34:56.9996", p3) == "2020-05-01 12:34:57.000")
        #expect(try through("2020-05-01", p3) == "2020-05-01 00:00:00.000")
        #expect(try through("2020-5-1 1:2", p3) == "2020-05-01 01:02:00.000")
        #expect(
            try through("1969-12-31 23:59:59.9", .timestamp(precision: 0)) == "1970-01-01 00:00:00")
        #expect(try through("1969-12-31", .date) == "1969-12-31")
        #expect(try through("23:59:59.1234567", .time(precision: 6)) == "23:59:59.123457")
        let stamp = try cast(.text("2020-05-01 12:34:56.789"), .text, p3)
        #expect(
            try text(try cast(stamp, p3, .timestamp(precision: 0)), .timestamp(precision: 0))
                == "2020-05-01 12:34:57")
        #expect(try cast(stamp, p3, .date) == .int(18383))
    }

    @Test func zonesAreKeptAndApplied() throws {
        let zoned = DataType.timestampTZ(precision: 3)
        #expect(
            try through("2020-07-01 12:00:00 Europe/Berlin", zoned)
                == "2020-07-01 12:00:00.000 Europe/Berlin")
        #expect(
            try through("2020-07-01 12:00:00 +05:30", zoned) == "2020-07-01 12:00:00.000 +05:30")
        #expect(try through("2020-07-01 12:00:00", zoned) == "2020-07-01 12:00:00.000 UTC")
        let value = try cast(.text("2050-07-01 12:00:00 America/New_York"), .text, zoned)
        guard case .int128(let bits) = value else { return #expect(Bool(false)) }
        #expect(ZonedTime(bits: bits).micros % CivilTime.microsPerDay == 16 * 3600 * 1_000_000)
        #expect(
            error(.text("2020-07-01 12:00:00 Mars/Base"), .text, zoned)?.code
                == .invalidCastArgument)
    }

    @Test func jsonGoesBothWays() throws {
        let row = DataType.row([
            RowField(name: "a", type: .bigint), RowField(name: "b", type: .array(.text)),
        ])
        let json = Value.text(#"{"A":1.0,"b":["x",null,2],"c":true}"#)
        let value = try cast(json, .json, row)
        #expect(value == .row([.int(1), .list([.text("x"), .null, .text("2")])]))
        #expect(try cast(value, row, .json) == .text(#"{"a":1,"b":["x",null,"2"]}"#))
        #expect(try cast(.text(#""abc""#), .json, .text) == .text("abc"))
        #expect(try cast(.text("null"), .json, .bigint) == .null)
        #expect(
            error(.text("[1]"), .json, .bigint)
                == QueryError(.invalidCastArgument, "Cannot cast '[1]' to bigint"))
        #expect(error(.text(#"["x"]"#), .json, .array(.bigint))?.code == .invalidCastArgument)
        let map = DataType.map(key: .text, value: .double)
        #expect(try cast(.text(#"{"k":1}"#), .json, map) == .map([.text("k")], [.double(1)]))
        #expect(try cast(.text("a\"b"), .text, .json) == .text(#""a\"b""#))
    }

    @Test func nestedElementsAreCastOneByOne() throws {
        let from = DataType.array(.text)
        #expect(
            try cast(.list([.text("1"), .null]), from, .array(.bigint)) == .list([.int(1), .null]))
        #expect(
            error(.list([.text("x")]), from, .array(.bigint))?.message
                == "Cannot cast 'x' to BIGINT")
        #expect(Cast.kernel(from: from, to: .text) == nil)
        #expect(Cast.kernel(from: .bigint, to: .date) == nil)
    }

    @Test func valuesPrintAsTrinoPrintsThem() {
        let map = DataType.map(key: .text, value: .array(.integer))
        #expect(
            ValueText.format(.map([.text("k")], [.list([.int(1), .null])]), map) == "{k=[1, NULL]}")
        let row = DataType.row([
            RowField(name: "x", type: .date), RowField(name: nil, type: .boolean),
        ])
        #expect(
            ValueText.format(.row([.int(0), .boolean(true)]), row) == "{x=1970-01-01, field1=true}")
        #expect(ValueText.format(.int(-93_784_005), .intervalDayToSecond) == "-1 02:03:04.005")
        #expect(ValueText.format(.int(14), .intervalYearToMonth) == "1-2")
        #expect(ValueText.format(.int128(.min), .uuid) == "00000000-0000-0000-0000-000000000000")
    }
}
