/// Makes first inputs of every target from files of a lake: raw JSON, schema files, metadata, Avro.
enum LakeSeeds {
    /// Writes inputs below `folder/<target>/` from each file whose path stands in `list`, a line each.
    static func write(to folder: String, from list: String) -> CInt {
        guard let text = InputFiles.read(list) else { return 1 }
        for (number, line) in String(decoding: text, as: UTF8.self).split(separator: "\n")
            .enumerated()
        {
            guard let bytes = InputFiles.read(String(line)) else {
                complain("\(line) cannot be read")
                continue
            }
            let name = "\(number)"
            if line.hasSuffix(".avro") {
                for kind: UInt8 in 0...4 {
                    InputFiles.write([kind] + unsealed(bytes), "\(folder)/avro/\(name)-\(kind)")
                }
            } else if line.hasSuffix(".metadata.json") {
                InputFiles.write(bytes, "\(folder)/metadata/\(name)")
            } else if line.contains("schemas/") {
                InputFiles.write(bytes, "\(folder)/schema/\(name)")
            } else {
                for (table, _) in RawTarget.tables.enumerated() {
                    InputFiles.write([UInt8(table)] + bytes, "\(folder)/raw/\(name)-\(table)")
                }
                for kind: UInt8 in 0...8 {
                    InputFiles.write([kind, 3] + bytes, "\(folder)/records/\(name)-\(kind)")
                }
            }
        }
        for (name, bytes) in StateTarget.samples.enumerated() {
            InputFiles.write(bytes, "\(folder)/state/\(name)")
        }
        for (name, bytes) in PackTarget.samples.enumerated() {
            InputFiles.write(bytes, "\(folder)/pack/\(name)")
        }
        return 0
    }

    /// The bytes with another name for the checksum: a fuzzer would have to find the sum first.
    private static func unsealed(_ bytes: [UInt8]) -> [UInt8] {
        let key = Array(Seal.key.utf8)
        var bytes = bytes
        for at in bytes.indices.dropLast(key.count)
        where bytes[at..<at + key.count].elementsEqual(key) { bytes[at] ^= 0x20 }
        return bytes
    }
}
