import Columnar

extension TableSnapshot {
    /// A scan of the files that may match the request, row groups pruned as well.
    ///
    /// Files come in order of partition and path; their position in it is the file number of row ids.
    /// Column positions are positions in `schema`. `filesTotal` counts the files that were left out too.
    package func scan(
        _ request: ScanRequest, pool: BufferPool
    ) throws(LakeError) -> any TableScan {
        let (files, total) = try plan(matching: request.predicates)
        var inputs: [ParquetScanFile] = []
        for (index, live) in files.enumerated() {
            inputs.append(
                ParquetScanFile(
                    path: try path(of: live.file), fileIndex: index,
                    constants: constants(of: live.file)))
        }
        do throws(ColumnarError) {
            let scan = try ParquetScan(
                files: inputs, schema: schema, request: request, pool: pool,
                options: ParquetReadOptions(verifiesChecksums: true))
            scan.counters.filesTotal.wrappingAdd(total - files.count, ordering: .relaxed)
            return scan
        } catch {
            throw .columnar(error)
        }
    }

    /// Columns that a file may lack because its partition says their only value.
    private func constants(of file: DataFile) -> [Int: Value] {
        guard let spec = table.metadata.partitionSpec(id: file.specID) else { return [:] }
        var constants: [Int: Value] = [:]
        for (part, value) in zip(spec.fields, file.partition) where part.transform == .identity {
            guard let index = schema.fields.firstIndex(where: { $0.id == part.sourceID })
            else { continue }
            constants[index] = value
        }
        return constants
    }
}
