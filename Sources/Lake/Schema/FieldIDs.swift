import Columnar

/// Gives Iceberg field ids in the order of pyiceberg's `assign_fresh_schema_ids`.
///
/// All fields of a struct come first, then the parts of each field in turn, depth first. Source:
/// <https://iceberg.apache.org/spec/#schemas>; the order is convention, equal ids are what matters.
struct FieldIDs {
    private var next = 1

    mutating func assign(to fields: inout [Field]) {
        for i in fields.indices {
            fields[i].id = next
            next += 1
        }
        for i in fields.indices where !fields[i].children.isEmpty {
            assign(to: &fields[i].children)
        }
    }
}
