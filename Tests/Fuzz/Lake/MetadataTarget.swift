/// A table's `metadata.json`: what is accepted can be written, and is then read as the same.
enum MetadataTarget: FuzzTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        do throws(LakeError) {
            let metadata = try TableMetadata(json: Array(input), path: "x.metadata.json")
            for spec in metadata.partitionSpecs { _ = metadata.resultTypes(of: spec) }
            let written = metadata.json()
            do throws(LakeError) {
                let again = try TableMetadata(json: written, path: "again.metadata.json")
                precondition(again.json() == written)
            } catch { preconditionFailure("what was written is refused: \(error)") }
        } catch { return }
    }
}
