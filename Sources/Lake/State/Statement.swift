import CSQLite
import Glibc

/// A value for or from SQLite, in its five storage classes.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A prepared statement: bind, step to the end, reset, bind again.
///
/// Parameters count from 1 and columns from 0, as SQLite has them.
package final class Statement {
    private let database: Database
    private let handle: OpaquePointer
    /// Tells SQLite to copy what it is given.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(database: Database, handle: OpaquePointer) {
        self.database = database
        self.handle = handle
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Binds parameters 1, 2, …; as many as the statement has.
    package func bind(_ values: [SQLValue]) throws(LakeError) {
        for index in values.indices { try bind(values[index], at: Int32(index + 1)) }
    }

    /// Binds one parameter.
    package func bind(_ value: SQLValue, at index: Int32) throws(LakeError) {
        switch value {
        case .null: try check(sqlite3_bind_null(handle, index))
        case .integer(let integer): try bind(integer, at: index)
        case .real(let real): try check(sqlite3_bind_double(handle, index, real))
        case .text(let text): try bind(text, at: index)
        case .blob(let bytes): try bind(bytes, at: index)
        }
    }

    /// Binds an integer.
    package func bind(_ integer: Int64, at index: Int32) throws(LakeError) {
        try check(sqlite3_bind_int64(handle, index, integer))
    }

    /// Binds text; the bytes are copied.
    package func bind(_ text: String, at index: Int32) throws(LakeError) {
        var text = text
        let code = text.withUTF8 { utf8 in
            // A null pointer would bind NULL instead of the empty text.
            utf8.withMemoryRebound(to: CChar.self) { chars in
                sqlite3_bind_text64(
                    handle, index, chars.baseAddress ?? Self.emptyText, UInt64(chars.count),
                    Self.copied, UInt8(SQLITE_UTF8))
            }
        }
        try check(code)
    }

    /// Binds a blob; the bytes are copied.
    package func bind(_ bytes: [UInt8], at index: Int32) throws(LakeError) {
        let code = bytes.withUnsafeBytes { bindBlob($0, at: index) }
        try check(code)
    }

    /// Binds a blob from anywhere; the bytes are copied.
    package func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) throws(LakeError) {
        try check(bindBlob(bytes, at: index))
    }

    private func bindBlob(_ bytes: UnsafeRawBufferPointer, at index: Int32) -> Int32 {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            return sqlite3_bind_zeroblob(handle, index, 0)
        }
        return sqlite3_bind_blob64(handle, index, base, UInt64(bytes.count), Self.copied)
    }

    /// Moves to the next row; false at the end, after which the statement is reset.
    package func step() throws(LakeError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            let error = database.error(code)
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that returns no rows, and leaves it ready for the next binding.
    package func run() throws(LakeError) {
        while try step() {}
    }

    /// Leaves the rows; bindings stay.
    package func reset() {
        sqlite3_reset(handle)
    }

    /// Columns of each row.
    var columnCount: Int32 { sqlite3_column_count(handle) }

    package func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    /// An integer column; 0 for NULL.
    package func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    /// A text column, invalid UTF-8 repaired; empty for NULL.
    package func text(_ column: Int32) -> String {
        guard let base = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
    }

    /// A text column, or nil for NULL.
    package func optionalText(_ column: Int32) -> String? {
        isNull(column) ? nil : text(column)
    }

    /// A blob column, copied; empty for NULL.
    package func blob(_ column: Int32) -> [UInt8] {
        guard let base = sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(sqlite3_column_bytes(handle, column))
        return [UInt8](UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A column in whatever storage class it has.
    func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }

    /// The bytes of a blob or text column, valid only inside `body`.
    package func withBytes<Output>(
        _ column: Int32, _ body: (UnsafeRawBufferPointer) -> Output
    ) -> Output {
        let base = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return body(UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : count))
    }

    nonisolated(unsafe) private static let emptyText = UnsafePointer(strdup(""))

    private func check(_ code: Int32) throws(LakeError) {
        guard code == SQLITE_OK else { throw database.error(code) }
    }
}
