/// Parses one record after another; what is wrong with one is told with its line.
struct RecordParser {
    private let parser: JSONParser
    private let name: String

    init(name: String) throws(ColumnarError) {
        parser = try JSONParser(maxBytes: Limits.recordBytes + Buffer.padding)
        self.name = name
    }

    /// The object at a slice of a block that begins at `line`; lives until the next parse.
    func object(
        _ record: RecordSlice, of records: RecordSlices, line: Int
    ) throws(ColumnarError) -> JSONElement {
        let bytes = records.bytes(record)
        let root: JSONElement
        do throws(ColumnarError) {
            root = try parser.parse(bytes)
        } catch {
            let before = Int(record.start)
            guard let repaired = LongIntegers.quoted(bytes) else {
                throw located(error, records, before, line)
            }
            do throws(ColumnarError) {
                root = try parser.parse(copyOf: repaired)
            } catch {
                throw located(error, records, before, line)
            }
        }
        guard root.kind == .object else {
            let place = FileLocation(
                path: name, line: line + newlines(records, before: Int(record.start)))
            throw .corrupt(
                place,
                reason: "a record must be a JSON object, this is \(root.kind.phrase)")
        }
        return root
    }

    private func newlines(_ records: RecordSlices, before end: Int) -> Int {
        TextBytes.newlines(UnsafeRawBufferPointer(start: records.buffer.base, count: end))
    }

    private func located(
        _ error: ColumnarError, _ records: RecordSlices, _ start: Int, _ line: Int
    ) -> ColumnarError {
        let first = line + newlines(records, before: start)
        if case .limit(_, let value, _, _) = error {
            return .limit(
                name: "recordBytes", value: value, limit: Limits.recordBytes,
                location: FileLocation(path: name, line: first))
        }
        guard case .json(let reason, let position, _) = error else { return error }
        var text = "not valid JSON: \(reason)"
        if let position { text += " (column \(position.column))" }
        return .corrupt(
            FileLocation(path: name, line: first + (position?.line ?? 1) - 1), reason: text)
    }
}

extension JSONKind {
    /// What a value is, for messages.
    fileprivate var phrase: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .int64, .uint64, .double: "a number"
        case .true, .false: "a boolean"
        case .null: "null"
        }
    }
}
