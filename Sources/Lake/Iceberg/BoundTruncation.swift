import Columnar

/// The metrics mode `truncate(16)`: bounds of text and binary that stay short and stay bounds.
///
/// Source: iceberg.apache.org/spec, "Metrics"; code points and surrogates as in `UnicodeUtil` of the
/// Java library. A lower bound is a prefix. An upper bound is a prefix whose last unit is one greater;
/// units that cannot grow are dropped and the one before grows; without any the bound is unknown.
package enum BoundTruncation {
    /// Code points of text, bytes of binary.
    package static let length = 16

    /// A lower bound of `bytes`; nil when text is not UTF-8.
    package static func lower(_ bytes: [UInt8], type: DataType) -> [UInt8]? {
        guard type.isTextual else { return shortened(bytes, type: type) }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let scalars = text.unicodeScalars.prefix(length)
        return Array(String(String.UnicodeScalarView(scalars)).utf8)
    }

    /// An upper bound of `bytes`; nil when there is none that short or text is not UTF-8.
    package static func upper(_ bytes: [UInt8], type: DataType) -> [UInt8]? {
        if type == .varbinary {
            guard bytes.count > length else { return bytes }
            var prefix = Array(bytes.prefix(length))
            while let last = prefix.popLast() {
                if last < 0xFF { return prefix + [last + 1] }
            }
            return nil
        }
        guard type.isTextual else { return bytes }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let scalars = Array(text.unicodeScalars)
        guard scalars.count > length else { return bytes }
        var prefix = Array(scalars.prefix(length))
        while let last = prefix.popLast() {
            guard let next = successor(of: last) else { continue }
            prefix.append(next)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: prefix)
            return Array(String(view).utf8)
        }
        return nil
    }

    private static func shortened(_ bytes: [UInt8], type: DataType) -> [UInt8] {
        type == .varbinary ? Array(bytes.prefix(length)) : bytes
    }

    private static func successor(of scalar: Unicode.Scalar) -> Unicode.Scalar? {
        if scalar.value == 0xD7FF { return Unicode.Scalar(0xE000 as UInt32) }
        return Unicode.Scalar(scalar.value + 1)
    }
}

extension DataType {
    /// Iceberg's `string`: every type whose values are UTF-8.
    package var isTextual: Bool {
        switch self {
        case .varchar, .char, .json: true
        default: false
        }
    }
}
