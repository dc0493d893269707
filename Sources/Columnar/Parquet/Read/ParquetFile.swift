/// An open Parquet file: its footer, read and checked; pages are read by `ParquetScan`.
///
/// The descriptor is not kept: thousands of files may be planned at once. A file that was replaced
/// since is refused when it is opened again.
package final class ParquetFile: Sendable {
    package let path: String
    /// Columns with SQL types and, where the file has them, field ids.
    package let schema: Schema
    package let rowCount: Int
    package let keyValueMetadata: [(key: String, value: String)]
    package let createdBy: String?
    package let sizeBytes: Int
    /// Bytes of the footer, with its length and magic.
    package let footerBytes: Int
    let metadata: FileMetadata
    let tree: SchemaTree
    /// The version of the file that the footer was read from.
    package let version: FileVersion

    package var rowGroupCount: Int { metadata.rowGroups.count }

    /// Rows of each row group.
    package var rowGroupRows: [Int] { metadata.rowGroups.map(\.rowCount) }

    /// Reads and checks the footer.
    package static func open(path: String) throws(ColumnarError) -> ParquetFile {
        let file = try InputFile(path: path)
        var (footer, bytes) = try Footer.read(file)
        OldWriters.mend(&footer, fileBytes: file.sizeBytes - bytes)
        let location = FileLocation(path: path)
        let tree = try SchemaTree(elements: footer.schema, location: location)
        try Footer.check(footer, tree: tree, fileBytes: file.sizeBytes - bytes, location: location)
        return ParquetFile(file: file, metadata: footer, tree: tree, footerBytes: bytes)
    }

    private init(file: InputFile, metadata: FileMetadata, tree: SchemaTree, footerBytes: Int) {
        path = file.path
        version = file.version
        sizeBytes = file.sizeBytes
        self.footerBytes = footerBytes
        self.metadata = metadata
        self.tree = tree
        schema = tree.schema
        rowCount = metadata.rowGroups.reduce(0) { $0 + $1.rowCount }
        keyValueMetadata = metadata.keyValues
        createdBy = metadata.createdBy
    }

    /// Opens the file again for reading pages; refuses one that changed since the footer was read.
    func reopen() throws(ColumnarError) -> InputFile {
        let file = try InputFile(path: path)
        guard file.version == version else {
            throw .corrupt(
                FileLocation(path: path), reason: "the file was replaced while it was being read")
        }
        return file
    }
}

/// The tail of a file: footer, its length, magic.
enum Footer {
    static let magic: UInt32 = 0x3152_4150  // PAR1
    private static let encryptedMagic: UInt32 = 0x4552_4150  // PARE
    private static let tailBytes = 8

    static func read(
        _ file: InputFile
    ) throws(ColumnarError) -> (FileMetadata, bytes: Int) {
        var location = FileLocation(path: file.path)
        guard file.sizeBytes >= 12 else {
            throw .corrupt(location, reason: "\(file.sizeBytes) bytes are too few for Parquet")
        }
        let guess = min(file.sizeBytes, 32 << 10)
        let tail = UnsafeMutableRawBufferPointer.allocate(byteCount: guess, alignment: 16)
        defer { tail.deallocate() }
        try file.read(offset: file.sizeBytes - guess, into: tail)
        let length = Int(tail.loadUnaligned(fromByteOffset: guess - 8, as: UInt32.self))
        let ending = tail.loadUnaligned(fromByteOffset: guess - 4, as: UInt32.self)
        if ending == encryptedMagic {
            throw .unsupported(location, feature: "an encrypted footer")
        }
        guard ending == magic else {
            throw .corrupt(location, reason: "not a Parquet file: it does not end with PAR1")
        }
        guard length > 0, length <= file.sizeBytes - 12 else {
            throw .corrupt(
                location, reason: "a footer of \(length) bytes in a file of \(file.sizeBytes)")
        }
        guard length <= Limits.footerBytes else {
            throw .limit(
                name: "footerBytes", value: length, limit: Limits.footerBytes, location: location)
        }
        let start = file.sizeBytes - length - tailBytes
        location.offset = start
        if length + tailBytes <= guess {
            let footer = tail[guess - tailBytes - length..<guess - tailBytes]
            return (
                try parse(UnsafeRawBufferPointer(rebasing: footer), location), length + tailBytes
            )
        }
        let whole = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
        defer { whole.deallocate() }
        try file.read(offset: start, into: whole)
        return (try parse(UnsafeRawBufferPointer(whole), location), length + tailBytes)
    }

    private static func parse(
        _ footer: UnsafeRawBufferPointer, _ location: FileLocation
    ) throws(ColumnarError) -> FileMetadata {
        let seal = FooterSeal.state(of: footer)
        guard seal != .broken else {
            throw .corrupt(location, reason: "the footer is not as it was written")
        }
        var thrift = ThriftReader(ByteReader(footer, location: location))
        var metadata = try FileMetadata(reading: &thrift)
        guard metadata.createdBy?.utf8.starts(with: FooterSeal.writer.utf8) ?? false else {
            return metadata
        }
        guard let sums = metadata.keyValues.last(where: { $0.key == ChunkSeals.key })?.value else {
            return metadata
        }
        guard seal == .held else {
            throw .corrupt(location, reason: "the footer has lost its seal")
        }
        try ChunkSeals.attach(sums, to: &metadata.rowGroups, location: location)
        metadata.keyValues.removeAll { $0.key == ChunkSeals.key || $0.key == FooterSeal.key }
        return metadata
    }

    /// Checks what every later step relies on; `fileBytes` is what lies before the footer.
    static func check(
        _ footer: FileMetadata, tree: SchemaTree, fileBytes: Int, location: FileLocation
    ) throws(ColumnarError) {
        var total = 0
        for (index, group) in footer.rowGroups.enumerated() {
            var place = location
            place.rowGroup = index
            guard group.columns.count == tree.leaves.count else {
                throw .corrupt(
                    place,
                    reason: "\(group.columns.count) column chunks, \(tree.leaves.count) columns")
            }
            guard group.rowCount <= Limits.rowGroupValues else {
                throw .limit(
                    name: "rowGroupValues", value: group.rowCount, limit: Limits.rowGroupValues,
                    location: place)
            }
            total += group.rowCount
            for (chunk, leaf) in zip(group.columns, tree.leaves) where !chunk.isEncrypted {
                place.column = leaf.name
                try check(chunk, leaf: leaf, rows: group.rowCount, fileBytes, location: place)
            }
        }
        guard total < 1 << 40 else {
            throw .limit(name: "rows of a file", value: total, limit: 1 << 40, location: location)
        }
    }

    private static func check(
        _ chunk: ColumnChunkMetadata, leaf: SchemaLeaf, rows: Int, _ fileBytes: Int,
        location: FileLocation
    ) throws(ColumnarError) {
        guard chunk.type == leaf.node.element.type else {
            throw .corrupt(location, reason: "the chunk's type is not the schema's")
        }
        let start = chunk.startOffset
        // Nothing is read of an empty row group, and some writers give it no offsets.
        guard rows > 0 else { return }
        guard start >= 4, start <= fileBytes, chunk.compressedBytes <= fileBytes - start else {
            throw .corrupt(
                location,
                reason: "\(chunk.compressedBytes) bytes at \(start) lie outside the file's data")
        }
        guard chunk.valueCount <= Limits.rowGroupValues else {
            throw .limit(
                name: "rowGroupValues", value: chunk.valueCount, limit: Limits.rowGroupValues,
                location: location)
        }
        guard leaf.maxRepetition > 0 || chunk.valueCount == rows else {
            throw .corrupt(location, reason: "\(chunk.valueCount) values in \(rows) rows")
        }
    }
}
