/// A commit whose files are all durable and that nobody sees yet: publish it or discard it.
package struct PreparedCommit: Sendable {
    /// The table as it was.
    package let table: IcebergTable
    /// The table's next metadata.
    package let metadata: TableMetadata
    /// The stored location of the next metadata file.
    package let metadataLocation: String
    package let metadataPath: String
    /// Absolute paths of all metadata that this commit wrote; data files are the caller's.
    package let writtenPaths: [String]

    /// Makes this the table's state: one row of the catalog, inside the caller's transaction.
    ///
    /// Throws `conflict` or `tableExists` when somebody else was first; then `discard` after rolling back.
    package func publish(in catalog: SQLCatalog) throws(LakeError) {
        if let old = table.metadataLocation {
            try catalog.swap(table.name, from: old, to: metadataLocation)
        } else {
            try catalog.create(table.name, metadataLocation: metadataLocation)
        }
    }

    /// The table after the transaction was committed.
    package func published() -> IcebergTable {
        IcebergTable(
            published: metadata, name: table.name, metadataLocation: metadataLocation,
            location: table.location)
    }

    /// Tells readers of the bare folder which metadata is current; after the transaction, never before.
    ///
    /// Only a hint: DuckDB reads it, the catalog is the truth.
    package func writeVersionHint() throws(LakeError) {
        let hint = MetadataFile.hint(of: metadataLocation)
        let folder = table.location.folder + "/metadata"
        try DurableFile.write(Array(hint.utf8), to: folder + "/version-hint.text")
        try DurableFile.syncFolder(folder)
    }

    /// Removes what was written: some readers take the highest metadata file they find, published or not.
    package func discard() throws(LakeError) {
        for path in writtenPaths { try DurableFile.remove(path) }
    }
}
