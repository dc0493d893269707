import Columnar

/// Signatures as messages show them: `lower(varchar), max_by(T, U)`.
enum SignatureText {
    static func of(_ name: String, _ parameters: [TypePattern], isVariadic: Bool) -> String {
        let texts = parameters.map(text)
        return "\(name)(\(texts.joined(separator: ", "))\(isVariadic ? "..." : ""))"
    }

    static func text(_ pattern: TypePattern) -> String {
        switch pattern {
        case .exact(let type): "\(type)"
        case .varchar: "varchar"
        case .decimal: "decimal(p,s)"
        case .timestamp: "timestamp(p)"
        case .timestampTZ: "timestamp(p) with time zone"
        case .time: "time(p)"
        case .variable(let name), .row(let name): name
        case .array(let element): "array(\(text(element)))"
        case .map(let key, let value): "map(\(text(key)), \(text(value)))"
        case .function(let parameters, let result):
            "function(\((parameters + [result]).map(text).joined(separator: ",")))"
        }
    }
}
