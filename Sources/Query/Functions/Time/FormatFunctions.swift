import Columnar

/// date_parse and date_format (MySQL), parse_datetime and format_datetime (Joda).
enum FormatFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "date_parse", summary: "Timestamp of a text in a MySQL format",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .exact(.timestamp(precision: 3)),
                    kernel: dateParse)
            ]),
        ScalarFunction(
            "date_format", summary: "Text of an instant in a MySQL format",
            [.timestamp, .timestampTZ, .date].map {
                ScalarOverload([$0, .varchar], result: .text, kernel: printing(DateFormat.mysql))
            }),
        ScalarFunction(
            "parse_datetime", summary: "Instant of a text in a Joda format",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .exact(.timestampTZ(precision: 3)),
                    kernel: parseDatetime)
            ]),
        ScalarFunction(
            "format_datetime", summary: "Text of an instant in a Joda format",
            [.timestamp, .timestampTZ, .date].map {
                ScalarOverload([$0, .varchar], result: .text, kernel: printing(DateFormat.joda))
            }),
    ]

    private typealias Compiler = @Sendable (Bytes) throws(QueryError) -> DateFormat

    /// Formats compiled once per text.
    private struct FormatCursor {
        private let compile: Compiler
        private var text: [UInt8] = []
        private var format: DateFormat?

        init(_ compile: @escaping Compiler) { self.compile = compile }

        mutating func format(_ bytes: Bytes) throws(QueryError) -> DateFormat {
            if let format, text.elementsEqual(bytes) { return format }
            let fresh = try compile(bytes)
            text = Array(bytes)
            format = fresh
            return fresh
        }
    }

    private static func printing(_ compile: @escaping Compiler) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            var moments = try arguments.temporal(0, context)
            let formats = try arguments.reader(1, as: Bytes.self, context)
            var cursor = FormatCursor(compile)
            var scratch: [UInt8] = []
            return try arguments.collectText(&context) { (row, output) throws(QueryError) in
                guard var moment = moments.row(row), let text = formats.row(row) else {
                    return false
                }
                if arguments.types[0].storage != .int128 {
                    moment.instant = moment.local.micros ?? 0
                }
                scratch.removeAll(keepingCapacity: true)
                try cursor.format(text).append(moment, to: &scratch)
                try output.write(scratch)
                return true
            }
        }
    }

    private static let dateParse: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let formats = try arguments.reader(1, as: Bytes.self, context)
        var cursor = FormatCursor(DateFormat.mysql)
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row), let format = formats.row(row) else { return nil }
            guard let micros = try cursor.format(format).parse(text).local.micros else {
                throw .argument("Invalid format: \"\(text.message)\"")
            }
            return micros - micros.floorModulo(1000)
        }
    }

    private static let parseDatetime: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let formats = try arguments.reader(1, as: Bytes.self, context)
        let session = context.session
        let sessionKey = try session.zoneKey()
        var cursor = FormatCursor(DateFormat.joda)
        var zones = ZoneCursor()
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row), let format = formats.row(row) else { return nil }
            let (local, parsed) = try cursor.format(format).parse(text)
            guard let micros = local.micros else {
                throw .argument("Invalid format: \"\(text.message)\"")
            }
            var key = sessionKey
            if let minutes = parsed.offsetMinutes {
                guard let fixed = ZoneTable.key(offsetMinutes: minutes) else {
                    throw .argument("Invalid format: \"\(text.message)\"")
                }
                key = fixed
            } else if let zone = parsed.zone {
                key = try ZoneTable.key(
                    String(decoding: zone, as: UTF8.self), zoneinfoPath: session.zoneinfoPath)
            }
            let instant = zones.instant(ofLocal: micros - micros.floorModulo(1000), zoneKey: key)
            return ZonedTime(micros: instant, zoneKey: key).bits
        }
    }
}
