import Columnar

/// Avro files that anybody wrote: manifest lists, and manifests of several partition specs.
///
/// The first byte says what the rest is: 0 a manifest list, else a manifest of one of the specs.
enum AvroTarget: FuzzTarget {
    private static let specs: [(PartitionSpec, [DataType])] = [
        (PartitionSpec(), []),
        (spec(.day), [.date]),
        (spec(.identity), [.text]),
        (spec(.identity), [.decimal(precision: 38, scale: 2)]),
        (spec(.identity), [.timestampTZ(precision: 6)]),
    ]

    private static func spec(_ transform: IcebergTransform) -> PartitionSpec {
        PartitionSpec(fields: [
            PartitionField(sourceID: 1, fieldID: 1000, name: "p", transform: transform)
        ])
    }

    static func run(_ input: UnsafeRawBufferPointer) {
        guard let kind = input.first else { return }
        let bytes = Array(input.dropFirst())
        do throws(LakeError) {
            guard kind > 0 else {
                for manifest in try ManifestList.read(bytes, path: "x.avro") {
                    precondition(!manifest.path.isEmpty)
                }
                return
            }
            let (spec, types) = specs[Int(kind) % specs.count]
            for entry in try ManifestReader(spec: spec, types: types, path: "x.avro")
                .entries(bytes)
            {
                precondition(entry.file.recordCount >= 0 && entry.file.fileSizeBytes >= 0)
                precondition(entry.file.partition.count == spec.fields.count)
            }
        } catch { return }
    }
}
