import Columnar

/// The order of rows within a file; order 0 is "unsorted".
///
/// Source: iceberg.apache.org/spec, "Sorting".
package struct SortOrder: Hashable, Sendable {
    /// One key of a sort order.
    package struct Key: Hashable, Sendable {
        package var sourceID: Int
        package var transform: IcebergTransform
        package var isDescending: Bool
        package var nullsFirst: Bool

        package init(
            sourceID: Int, transform: IcebergTransform = .identity, isDescending: Bool = false,
            nullsFirst: Bool = false
        ) {
            self.sourceID = sourceID
            self.transform = transform
            self.isDescending = isDescending
            self.nullsFirst = nullsFirst
        }
    }

    package static let unsorted = SortOrder(id: 0, keys: [])

    package var id: Int
    package var keys: [Key]

    package init(id: Int, keys: [Key]) {
        self.id = id
        self.keys = keys
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("order-id", id)
        json.objects("fields", keys) { json, key in
            json.member("source-id", key.sourceID)
            json.member("transform", key.transform.name)
            json.member("direction", key.isDescending ? "desc" : "asc")
            json.member("null-order", key.nullsFirst ? "nulls-first" : "nulls-last")
        }
        json.endObject()
    }

    init(_ json: MetadataJSON) throws(LakeError) {
        id = try json.id("order-id")
        keys = []
        for field in try json.optionalArray("fields") ?? [] {
            keys.append(
                Key(
                    sourceID: try field.id("source-id"),
                    transform: IcebergTransform(try field.string("transform")),
                    isDescending: try field.string("direction") == "desc",
                    nullsFirst: try field.string("null-order") == "nulls-first"))
        }
    }
}
