/// What can go wrong with bytes and columns; each case says whose fault it is and where.
package enum ColumnarError: Error, Hashable, Sendable {
    /// The operating system refused: `operation` is the call, `errorNumber` its errno.
    case io(operation: String, path: String, errorNumber: Int32)
    /// A file does not follow its format.
    case corrupt(FileLocation, reason: String)
    /// A file uses a feature that we know of and do not read.
    case unsupported(FileLocation, feature: String)
    /// A named limit was passed.
    case limit(name: String, value: Int, limit: Int, location: FileLocation?)
    /// The memory budget does not allow an allocation.
    case memoryLimit(requestedBytes: Int, limitBytes: Int)
    /// JSON text that does not parse, or a tree that lacks what it must have.
    case json(reason: String, position: JSONPosition?, path: String?)
    /// The run was cancelled from outside.
    case cancelled
}

/// A place in a file: as precise as the reader knows it.
package struct FileLocation: Hashable, Sendable {
    package var path: String
    package var rowGroup: Int?
    package var column: String?
    package var page: Int?
    package var offset: Int?
    /// Line of a text file, from 1.
    package var line: Int?

    package init(
        path: String, rowGroup: Int? = nil, column: String? = nil, page: Int? = nil,
        offset: Int? = nil, line: Int? = nil
    ) {
        self.path = path
        self.rowGroup = rowGroup
        self.column = column
        self.page = page
        self.offset = offset
        self.line = line
    }
}

extension FileLocation: CustomStringConvertible {
    package var description: String {
        var parts = [path]
        if let line { parts.append("line \(line)") }
        if let rowGroup { parts.append("row group \(rowGroup)") }
        if let column { parts.append("column \(column)") }
        if let page { parts.append("page \(page)") }
        if let offset { parts.append("offset \(offset)") }
        return parts.joined(separator: ", ")
    }
}
