/// What known defects of old writers make of footers that are otherwise whole.
enum OldWriters {
    /// The longest header of a dictionary page.
    private static let dictionaryHeaderBytes = 100

    /// Lengthens the chunks of parquet-mr before 1.2.9, and of writers without a name.
    ///
    /// They left out the dictionary page's header.
    ///
    /// Bytes too many do no harm: pages are read until the chunk's values are complete.
    /// https://issues.apache.org/jira/browse/PARQUET-816
    static func mend(_ footer: inout FileMetadata, fileBytes: Int) {
        guard forgetsDictionaryHeaders(footer.createdBy ?? "parquet-mr") else { return }
        for group in footer.rowGroups.indices {
            for column in footer.rowGroups[group].columns.indices {
                let chunk = footer.rowGroups[group].columns[column]
                let end = chunk.startOffset.addingReportingOverflow(chunk.compressedBytes)
                guard !end.overflow, end.partialValue < fileBytes else { continue }
                footer.rowGroups[group].columns[column].compressedBytes +=
                    min(dictionaryHeaderBytes, fileBytes - end.partialValue)
            }
        }
    }

    /// `parquet-mr version 1.2.8 (build ...)`: below 1.2.9, or without a version.
    static func forgetsDictionaryHeaders(_ writer: String) -> Bool {
        guard writer.hasPrefix("parquet-mr") else { return false }
        let words = writer.split(separator: " ")
        guard words.count >= 3, words[1] == "version" else { return true }
        let parts = words[2].split(separator: ".").map { Int($0.prefix(while: \.isNumber)) ?? 0 }
        return parts.lexicographicallyPrecedes([1, 2, 9])
    }
}
