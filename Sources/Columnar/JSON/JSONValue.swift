/// A line and a column of a text, both from 1; the column counts bytes.
package struct JSONPosition: Hashable, Sendable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package var description: String { "line \(line), column \(column)" }
}

/// One member of an object, with the place of its key.
package struct JSONMember: Sendable {
    package let key: String
    package let keyPosition: JSONPosition
    package let value: JSONValue
}

/// An owned JSON tree for files that people or catalogs write; raw data goes through `JSONParser`.
///
/// Integers that fit Int64 are exact (greater ones are doubles), and every value knows where it stood, so that a mistake can be shown.
/// When a key repeats, the last one wins.
package struct JSONValue: Sendable {
    package enum Content: Sendable {
        case null
        case boolean(Bool)
        case integer(Int64)
        case double(Double)
        case string(String)
        case array([JSONValue])
        case object([JSONMember])
    }

    package let content: Content
    package let position: JSONPosition

    /// Parses one document; throws `json` with reason and position.
    package static func parse(_ bytes: [UInt8]) throws(ColumnarError) -> JSONValue {
        let result: Swift.Result<JSONValue, ColumnarError> = bytes.withUnsafeBytes { raw in
            do throws(ColumnarError) {
                return .success(try parse(raw))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    package static func parse(_ bytes: UnsafeRawBufferPointer) throws(ColumnarError) -> JSONValue {
        var reader = JSONReader(bytes, maxDepth: Limits.jsonDepth)
        return try reader.document()
    }

    /// The value under a key of an object.
    package subscript(key: String) -> JSONValue? {
        object?.last { $0.key == key }?.value
    }

    /// The element of an array.
    package subscript(position: Int) -> JSONValue? {
        guard let array, array.indices.contains(position) else { return nil }
        return array[position]
    }

    package var isNull: Bool { if case .null = content { true } else { false } }
    package var boolean: Bool? { if case .boolean(let value) = content { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = content { value } else { nil } }
    package var string: String? { if case .string(let value) = content { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = content { value } else { nil } }
    package var object: [JSONMember]? {
        if case .object(let value) = content { value } else { nil }
    }
    /// Any number.
    package var double: Double? {
        switch content {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// What the value is, for messages: "a string".
    package var kindName: String {
        switch content {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Members that must be there: each getter throws `json` with the key, what was wanted and the place.
extension JSONValue {
    package func member(_ key: String) throws(ColumnarError) -> JSONValue {
        guard let value = self[key] else {
            throw .json(reason: "key \"\(key)\" is missing", position: position, path: nil)
        }
        return value
    }

    package func string(at key: String) throws(ColumnarError) -> String {
        let value = try member(key)
        guard let string = value.string else { throw value.mismatch(key, wanted: "a string") }
        return string
    }

    package func integer(at key: String) throws(ColumnarError) -> Int64 {
        let value = try member(key)
        guard let integer = value.integer else { throw value.mismatch(key, wanted: "an integer") }
        return integer
    }

    package func double(at key: String) throws(ColumnarError) -> Double {
        let value = try member(key)
        guard let double = value.double else { throw value.mismatch(key, wanted: "a number") }
        return double
    }

    package func boolean(at key: String) throws(ColumnarError) -> Bool {
        let value = try member(key)
        guard let boolean = value.boolean else { throw value.mismatch(key, wanted: "a boolean") }
        return boolean
    }

    package func array(at key: String) throws(ColumnarError) -> [JSONValue] {
        let value = try member(key)
        guard let array = value.array else { throw value.mismatch(key, wanted: "an array") }
        return array
    }

    package func object(at key: String) throws(ColumnarError) -> [JSONMember] {
        let value = try member(key)
        guard let object = value.object else { throw value.mismatch(key, wanted: "an object") }
        return object
    }

    private func mismatch(_ key: String, wanted: String) -> ColumnarError {
        .json(
            reason: "\"\(key)\" must be \(wanted), not \(kindName)", position: position, path: nil)
    }
}

extension JSONWriter {
    /// A tree, compact, keys in their order.
    package mutating func value(_ value: JSONValue) {
        switch value.content {
        case .null: null()
        case .boolean(let bit): boolean(bit)
        case .integer(let number): integer(number)
        case .double(let number): double(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }
}
