import Columnar

/// One field of a partition spec: a transform of a source column.
package struct PartitionField: Hashable, Sendable {
    /// The column's field id.
    package var sourceID: Int
    /// The partition field's own id: 1000 and up, never used again.
    package var fieldID: Int
    package var name: String
    package var transform: IcebergTransform

    package init(sourceID: Int, fieldID: Int, name: String, transform: IcebergTransform) {
        self.sourceID = sourceID
        self.fieldID = fieldID
        self.name = name
        self.transform = transform
    }
}

/// How a table's files are partitioned; no field is "not at all".
///
/// Source: iceberg.apache.org/spec, "Partitioning". Names that we make are `[a-z0-9_]`.
package struct PartitionSpec: Hashable, Sendable {
    /// The first id of a partition field.
    static let firstFieldID = 1000

    package var id: Int
    package var fields: [PartitionField]

    package init(id: Int = 0, fields: [PartitionField] = []) {
        self.id = id
        self.fields = fields
    }

    /// One transform of one column, named as Spark and pyiceberg name it: `taken_at_day`.
    package static func single(
        _ transform: IcebergTransform, of field: Field
    ) -> PartitionSpec {
        let name = transform == .identity ? field.name : "\(field.name)_\(transform.name)"
        return PartitionSpec(fields: [
            PartitionField(
                sourceID: field.id ?? 0, fieldID: firstFieldID, name: name, transform: transform)
        ])
    }

    /// The type of each partition value under a schema; `unknown` where the column is gone.
    package func resultTypes(in schema: Schema) -> [DataType] {
        fields.map { field in
            guard let source = schema.field(id: field.sourceID) else { return .unknown }
            return field.transform.resultType(of: source.type)
        }
    }

    /// The folder of a partition, for human eyes: `taken_at_day=2026-01-02`; empty if unpartitioned.
    package func folderName(of partition: [Value], in schema: Schema) -> String {
        let types = resultTypes(in: schema)
        var parts: [String] = []
        for (index, field) in fields.enumerated() where index < partition.count {
            let text = Self.text(partition[index], field.transform, types[index])
            parts.append("\(field.name)=\(text)")
        }
        return parts.joined(separator: "/")
    }

    private static func text(
        _ value: Value, _ transform: IcebergTransform, _ type: DataType
    ) -> String {
        guard case .int(let number) = value else {
            if case .text(let text) = value { return safe(text) }
            return "null"
        }
        switch (transform, type) {
        case (.year, _): return padded(number + 1970, 4)
        case (.month, _):
            let year = number >= 0 ? number / 12 : (number - 11) / 12
            return "\(padded(1970 + year, 4))-\(padded(number - year * 12 + 1, 2))"
        case (.hour, _):
            let day = number >= 0 ? number / 24 : (number - 23) / 24
            return "\(date(day))-\(padded(number - day * 24, 2))"
        case (_, .date): return date(number)
        default: return "\(number)"
        }
    }

    /// `2026-01-31` of days since 1970.
    static func date(_ days: Int64) -> String {
        let date = CivilTime.date(fromDays: days)
        let month = padded(Int64(date.month), 2)
        return "\(padded(date.year, 4))-\(month)-\(padded(Int64(date.day), 2))"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number.magnitude)
        let zeros = String(repeating: "0", count: max(0, width - digits.count))
        return (number < 0 ? "-" : "") + zeros + digits
    }

    /// Names stay within what every reader takes unescaped in a path.
    private static func safe(_ text: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars.prefix(64) {
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)
                    || "._-".unicodeScalars.contains(scalar))
            name.unicodeScalars.append(isPlain ? scalar : "_")
        }
        return name
    }
}

extension PartitionSpec {
    /// The bare fields array: what a manifest's header wants.
    func writeFields(to json: inout JSONWriter) {
        json.beginArray()
        for field in fields {
            json.beginObject()
            json.member("source-id", field.sourceID)
            json.member("field-id", field.fieldID)
            json.member("transform", field.transform.name)
            json.member("name", field.name)
            json.endObject()
        }
        json.endArray()
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("spec-id", id)
        json.key("fields")
        writeFields(to: &json)
        json.endObject()
    }

    /// Reads a spec's fields; version 1 leaves the ids of partition fields to their order.
    static func fields(_ json: [MetadataJSON]) throws(LakeError) -> [PartitionField] {
        var fields: [PartitionField] = []
        for (index, field) in json.enumerated() {
            fields.append(
                PartitionField(
                    sourceID: try field.id("source-id"),
                    fieldID: try field.optionalID("field-id") ?? firstFieldID + index,
                    name: try field.string("name"),
                    transform: IcebergTransform(try field.string("transform"))))
        }
        return fields
    }
}
