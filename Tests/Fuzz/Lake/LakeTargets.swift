import Columnar

/// The targets of what a lake reads: raw files, schema files, Iceberg's files, its own state.
let targets: [String: any FuzzTarget.Type] = [
    "raw": RawTarget.self,
    "records": RecordsTarget.self,
    "schema": SchemaTarget.self,
    "metadata": MetadataTarget.self,
    "avro": AvroTarget.self,
    "state": StateTarget.self,
    "pack": PackTarget.self,
]

/// The program's other job, first inputs; nil: it is none.
func runJob(_ name: String, _ words: [String]) -> CInt? {
    name == "lake-seeds" && words.count == 2
        ? LakeSeeds.write(to: words[0], from: words[1]) : nil
}
