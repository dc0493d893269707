import Foundation

/// A folder that exists as long as the test that made it.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/lake-tests-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw FolderError(errorNumber: errno) }
        path = String(cString: made)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file below the folder.
    func write(_ text: String, to name: String) throws {
        try write(Array(text.utf8), to: name)
    }

    /// Writes a file below the folder.
    func write(_ bytes: [UInt8], to name: String) throws {
        guard let file = fopen(path + "/" + name, "wb") else {
            throw FolderError(errorNumber: errno)
        }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw FolderError(errorNumber: errno)
        }
    }

    struct FolderError: Error {
        let errorNumber: Int32
    }
}
