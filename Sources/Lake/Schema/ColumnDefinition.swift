import Columnar

/// How a column's value behaves over the life of a key.
package enum ValueClass: String, CaseIterable, Sendable {
    /// Part of the row's identity.
    case key
    /// Changes rarely, and a change matters.
    case `static`
    /// A figure that grows.
    case counter
    /// Changes without meaning: a signed URL. Stored, but no reason to rewrite a row.
    case volatile
}

/// Where a column's value comes from.
package enum ColumnSource: Hashable, Sendable {
    /// The first of these paths that the document holds; later ones that agree are absorbed.
    case paths([KeyPath])
    /// A capture of the raw path, by position in `RawLayout.captureNames`.
    case capture(Int)
}

/// Keys from the document's root, or from the row that holds a nested field.
package struct KeyPath: Hashable, Sendable, CustomStringConvertible {
    package var keys: [String]

    package init(_ keys: [String]) {
        self.keys = keys
    }

    /// Dotted; a key that holds a dot or a quote stands in double quotes.
    package var description: String {
        keys.map { key in
            key.contains { $0 == "." || $0 == "\"" } || key.isEmpty
                ? "\""
                    + key.split(separator: "\"", omittingEmptySubsequences: false)
                    .joined(separator: "\"\"") + "\""
                : key
        }.joined(separator: ".")
    }

    /// Parses `owner.id` or `stats."a.b"`; nil when a key is empty or a quote does not close.
    package init?(parsing text: String) {
        keys = []
        var key = ""
        var isQuoted = false
        var wasQuoted = false
        for character in text {
            switch character {
            case "\"" where isQuoted:
                isQuoted = false
            case "\"" where wasQuoted:
                isQuoted = true
                key.append(character)
            case "\"" where key.isEmpty:
                isQuoted = true
                wasQuoted = true
            case "." where !isQuoted:
                if key.isEmpty { return nil }
                keys.append(key)
                key = ""
                wasQuoted = false
            default: key.append(character)
            }
        }
        if key.isEmpty || isQuoted { return nil }
        keys.append(key)
    }
}

/// How a text or a number becomes an instant.
package enum InstantFormat: String, CaseIterable, Sendable {
    /// Any ISO 8601 or RFC 822 form, or an epoch whose size tells its unit.
    case auto
    case iso8601
    case rfc822
    case epochSeconds = "epoch_s"
    case epochMilliseconds = "epoch_ms"
    case epochMicroseconds = "epoch_us"
}

/// One column, or one field of a nested row.
package struct ColumnDefinition: Hashable, Sendable {
    package var name: String
    package var type: DataType
    package var source: ColumnSource
    package var valueClass: ValueClass
    package var isRequired: Bool
    package var doc: String?
    package var format: InstantFormat
    /// A text value is cut at this byte and trimmed, to fill an array of text.
    package var splitByte: UInt8?
    /// The fields of a row, or of an array's rows; empty for scalars and arrays of scalars.
    package var fields: [ColumnDefinition]

    /// The column's field, without ids.
    package var field: Field {
        var children: [Field] = []
        switch type {
        case .row: children = fields.map(\.field)
        case .array(let element):
            var item = Field(name: "element", type: element)
            if case .row = element { item.children = fields.map(\.field) }
            children = [item]
        default: break
        }
        return Field(
            name: name, type: type, isNullable: !isRequired, children: children, doc: doc)
    }
}
