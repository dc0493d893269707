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
    /// The same, and where none has a value the values of several paths together: elements of an array, or
    /// parts of a text with a separator between them.
    case gathered(paths: [KeyPath], parts: [KeyPath], separator: String)
    /// A capture of the raw path, by position in `RawLayout.captureNames`.
    case capture(Int)
    /// The same value in every row: the column's fallback.
    case constant

    /// How many of `allPaths` are gathered parts.
    package var partCount: Int {
        if case .gathered(_, let parts, _) = self { parts.count } else { 0 }
    }

    /// The paths that it reads, gathered parts last.
    package var allPaths: [KeyPath] {
        switch self {
        case .paths(let paths): paths
        case .gathered(let paths, let parts, _): paths + parts
        case .capture, .constant: []
        }
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
    package var rules = ColumnRules()
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
