/// A stretch of whole records of a text file: what one morsel reads.
struct TextPiece: Hashable, Sendable {
    /// Where it begins, in decompressed bytes.
    var offset: Int
    /// Where it ends; nil is the end of the file.
    var end: Int?
    /// The file's rows before it.
    var firstRow: Int
    var rowCount: Int
    /// The line that it begins with, from 1.
    var firstLine: Int

    /// Begins with the records of the piece before it.
    mutating func prepend(_ piece: TextPiece) {
        offset = piece.offset
        firstRow = piece.firstRow
        rowCount += piece.rowCount
        firstLine = piece.firstLine
    }
}

/// One file of a text table in a scan.
package struct TextScanFile<File: Sendable>: Sendable {
    package var file: File
    /// The file's number in row ids: unique in the scan, below 2^24.
    package var fileIndex: Int
    /// Values of table columns that are not in the file but the same for all its rows, by column position.
    package var constants: [Int: Value]

    package init(file: File, fileIndex: Int, constants: [Int: Value] = [:]) {
        self.file = file
        self.fileIndex = fileIndex
        self.constants = constants
    }
}

/// Pieces of files as morsels, fewer if a limit says that the first ones do.
struct TextMorsels: Sendable {
    private(set) var list: [(file: Int, piece: TextPiece)] = []

    mutating func add(file: Int, _ pieces: [TextPiece]) {
        for piece in pieces where piece.rowCount > 0 { list.append((file, piece)) }
    }

    /// Keeps the morsels that the first `rowLimit` rows lie in, if no predicate may drop some.
    mutating func cut(_ request: ScanRequest) {
        guard let limit = request.rowLimit, request.predicates.isEmpty,
            request.dynamicFilters.isEmpty
        else { return }
        var rows = 0
        var kept = 0
        while kept < list.count, rows < limit {
            rows += list[kept].piece.rowCount
            kept += 1
        }
        list.removeSubrange(kept...)
    }
}
