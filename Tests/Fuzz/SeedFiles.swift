import Glibc

/// Takes Parquet files apart into first inputs for every target.
enum SeedFiles {
    /// Writes inputs below `folder/<target>/` from each file whose path stands in `list`, a line each.
    static func write(to folder: String, from list: String) -> CInt {
        guard let text = read(list) else { return 1 }
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
        guard let bytes = read(path), bytes.count > 12 else { return }
        let file = try ParquetFile.open(path: path)
        let footer = Array(bytes[(bytes.count - file.footerBytes)..<(bytes.count - 8)])
        write(footer, "\(folder)/footer/\(name)")
        if bytes.count < 24_000 { write(bytes, "\(folder)/file/\(name)") }
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
                write(seed.headers(bytes), "\(folder)/page-header/\(label)")
                write(seed.values(location: place), "\(folder)/values/\(label)")
                write(seed.levels(location: place), "\(folder)/levels/\(label)")
                write(seed.compressed(location: place), "\(folder)/codecs/\(label)")
                for (kind, range) in seed.indexes() where range.upperBound <= bytes.count {
                    write(
                        [UInt8(kind)] + bytes[range], "\(folder)/page-index/\(label)-\(kind)")
                }
            }
        }
    }

    static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: ftell(file))
        rewind(file)
        return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : nil
    }

    static func write(_ bytes: [UInt8]?, _ path: String) {
        guard let bytes, !bytes.isEmpty, bytes.count < 24_000, let file = fopen(path, "w") else {
            return
        }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}
