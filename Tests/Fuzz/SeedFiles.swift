/// Takes Parquet files apart into first inputs for every target.
enum SeedFiles {
    /// Writes inputs below `folder/<target>/` from each file whose path stands in `list`, a line each.
    static func write(to folder: String, from list: String) -> CInt {
        guard let text = InputFiles.read(list) else { return 1 }
        for path in String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init) {
            do throws(ColumnarError) {
                try takeApart(path, into: folder)
            } catch {
                complain("\(path): \(error)")
            }
        }
        return 0
    }

    private static func takeApart(_ path: String, into folder: String) throws(ColumnarError) {
        let name = path.split(separator: "/").last.map(String.init) ?? "x"
        guard let bytes = InputFiles.read(path), bytes.count > 12 else { return }
        let file = try ParquetFile.open(path: path)
        let footer = Array(bytes[(bytes.count - file.footerBytes)..<(bytes.count - 8)])
        InputFiles.write(footer, "\(folder)/footer/\(name)")
        if bytes.count < 24_000 { InputFiles.write(bytes, "\(folder)/file/\(name)") }
        let input = try file.reopen()
        let pool = BufferPool()
        for (g, group) in file.metadata.rowGroups.enumerated().prefix(1) {
            for (c, (chunk, leaf)) in zip(group.columns, file.tree.leaves).enumerated() {
                let place = FileLocation(path: path, rowGroup: g)
                let pages = try ChunkPages(
                    file: input, chunk: chunk, location: place, pool: pool,
                    options: ParquetReadOptions())
                let label = "\(name)-\(c)"
                let seed = ChunkSeed(chunk: chunk, leaf: leaf, pages: pages)
                InputFiles.write(seed.headers(bytes), "\(folder)/page-header/\(label)")
                InputFiles.write(seed.values(location: place), "\(folder)/values/\(label)")
                InputFiles.write(seed.levels(location: place), "\(folder)/levels/\(label)")
                InputFiles.write(seed.compressed(location: place), "\(folder)/codecs/\(label)")
                for (kind, range) in seed.indexes() where range.upperBound <= bytes.count {
                    InputFiles.write(
                        [UInt8(kind)] + bytes[range], "\(folder)/page-index/\(label)-\(kind)")
                }
            }
        }
    }
}
