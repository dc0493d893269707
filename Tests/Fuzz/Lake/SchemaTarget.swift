import Columnar

/// Schema files: what is accepted makes a table and can flatten.
enum SchemaTarget: FuzzTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        do throws(LakeError) {
            let definition = try TableDefinition.parse(Array(input), path: "x.json")
            precondition(!definition.name.isEmpty && definition.schema.count > 0)
            let flattener = try Flattener(definition: definition, pool: BufferPool())
            let document = Array(#"{"id":"1","a":[{"b":2}],"c":null}"#.utf8)
            try RawTarget.flatten(document, path: "a/b/1.json", flattener)
        } catch .schemaFile(_, let mistakes) {
            precondition(!mistakes.isEmpty)
        } catch { return }
    }
}
