/// How files are read.
package struct ParquetReadOptions: Sendable {
    /// Whether the CRC-32 of every page that has one is compared before the page is decompressed.
    package var verifiesChecksums: Bool

    package init(verifiesChecksums: Bool = false) {
        self.verifiesChecksums = verifiesChecksums
    }
}
