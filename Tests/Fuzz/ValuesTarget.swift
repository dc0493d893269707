/// Values of every type in every encoding, with and without NULLs and a dictionary.
///
///     ┌──────┬──────────┬───────┬────────┬─────────┬───────┬────────────┬───────────┐
///     │ type │ encoding │ flags │ length │ meaning │ count │ entries    │ page body │
///     │ 1 B  │ 1 B      │ 1 B   │ 1 B    │ 1 B     │ 2 B   │ 2 + size B │ the rest  │
///     └──────┴──────────┴───────┴────────┴─────────┴───────┴────────────┴───────────┘
///
/// Entries are there only where the flags say that there is a dictionary: their count in 1 byte, the
/// bytes of the dictionary page in 1 byte, then those bytes.
enum ValuesTarget: FuzzTarget {
    static let isOptional = 1
    static let isV2 = 2
    static let hasDictionary = 4
    static let isTwice = 8

    static let meanings: [LogicalType?] = [
        nil, .string, .decimal(scale: 2, precision: 5), .decimal(scale: 3, precision: 30), .date,
        .time(isUTC: false, .millis), .timestamp(isUTC: true, .nanos),
        .timestamp(isUTC: false, .millis), .integer(bits: 8, isSigned: false),
        .integer(bits: 64, isSigned: false), .uuid, .float16, .json, .enumeration, .interval,
        .unknown, .time(isUTC: true, .nanos), .integer(bits: 16, isSigned: true), .bson,
    ]

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let type = PhysicalType(rawValue: input.byte() & 7) ?? .int32
        let encoding = ValueEncoding(rawValue: input.byte() % 11) ?? .plain
        let flags = input.byte()
        var leaf = SchemaElement(name: "a")
        leaf.type = type
        leaf.typeLength = input.byte() % 33
        leaf.logical = meanings[input.byte() % meanings.count]
        leaf.repetition = flags & isOptional != 0 ? .optional : .required
        let count = input.word()
        var file = PageFile(schema: PageFile.schema(leaf))
        if flags & hasDictionary != 0 {
            var page = PageFile.Page(type: .dictionary, valueCount: input.byte())
            page.body = input.take(input.byte())
            file.pages.append(page)
        }
        var page = PageFile.Page(valueCount: count, encoding: encoding)
        page.type = flags & isV2 != 0 ? .dataV2 : .data
        page.rowCount = count
        page.body = input.remainder()
        page.definitionBytes = flags & isOptional != 0 ? Int(page.body.first ?? 0) : 0
        file.pages.append(page)
        if flags & isTwice != 0 { file.pages.append(page) }
        file.rowCount = flags & isTwice != 0 ? 2 * count : count
        file.read()
    }
}
