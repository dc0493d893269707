/// A delimited text's first record: the names of its columns, or a row like the others.
struct FirstRecord {
    /// The fields' bytes; nil is NULL.
    let fields: [[UInt8]?]
    let offset: Int
    let end: Int
    let line: Int
    let nextLine: Int

    init(_ records: DelimitedRecords, offset: Int, end: Int, line: Int, nextLine: Int) {
        let span = records.fieldSpan()
        fields = span.indices.map { i in
            span[i].isNull ? nil : Array(records.bytes(span[i]))
        }
        self.offset = offset
        self.end = end
        self.line = line
        self.nextLine = nextLine
    }

    /// Whether this record names the columns, if nobody said.
    ///
    /// It does if one of its fields does not fit the type that the rest of its column has. If all the rest is
    /// text, it does if its fields are texts, none empty and no two the same.
    func isHeader(_ given: Bool?, _ rest: [TextEvidence]) -> Bool {
        if let given { return given }
        var isTyped = false
        for (field, evidence) in zip(fields, rest)
        where evidence.hasValues && !evidence.kinds.isEmpty {
            isTyped = true
            if let field, !field.withUnsafeBytes(evidence.fits) { return true }
        }
        if isTyped { return false }
        return Set(fields).count == fields.count
            && fields.allSatisfy { field in
                guard let field, !field.isEmpty else { return false }
                return field.withUnsafeBytes { !TextEvidence().fits($0) }
            }
    }

    /// The columns' names: what the header says, made distinct, or `column0`, `column1`….
    func names(isHeader: Bool) -> [String] {
        var taken: Set<String> = []
        return fields.enumerated().map { index, field in
            var name = "column\(index)"
            if isHeader, let field, !field.isEmpty {
                name = field.withUnsafeBytes {
                    String(decoding: TextEvidence.trimmed($0), as: UTF8.self)
                }
            }
            if name.isEmpty { name = "column\(index)" }
            var distinct = name
            var number = 1
            while !taken.insert(distinct.lowercased()).inserted {
                distinct = "\(name)_\(number)"
                number += 1
            }
            return distinct
        }
    }
}
