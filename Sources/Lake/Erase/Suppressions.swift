import Columnar

/// The accounts that must not come back: salted SHA-256 of their ids.
///
/// ```
///  hash = SHA-256(salt ‖ id in UTF-8)      salt: 16 bytes, random, of the lake
/// ```
/// Without it the API client's next answer, an old copy of a raw file or a restored one would bring an
/// erased account back. A hash is a pseudonym: who holds the salt can try all ids, so both stay in the lake.
package struct Suppressions: Sendable {
    static let table = """
        CREATE TABLE suppressions (
          hash BLOB PRIMARY KEY,
          salt BLOB NOT NULL,
          erasure INTEGER NOT NULL REFERENCES erasures(id)) STRICT, WITHOUT ROWID
        """
    static let saltBytes = 16

    private var hashes: [[UInt8]: Set<[UInt8]>] = [:]
    /// Captures of raw paths that are an account's id in any table of the lake.
    let captures: Set<String>

    /// Nobody is suppressed.
    init() {
        captures = []
    }

    /// The suppressed accounts; nobody in a file of an older version.
    init(_ database: Database, _ definitions: [TableDefinition]) throws(LakeError) {
        captures = Self.captures(of: definitions)
        guard database.version >= ColdFiles.version else { return }
        let statement = try database.prepare("SELECT salt, hash FROM suppressions")
        while try statement.step() {
            hashes[statement.blob(0), default: []].insert(statement.blob(1))
        }
    }

    var isEmpty: Bool { hashes.isEmpty }

    /// Whether an account is suppressed, by its id.
    package func contains(_ account: String) -> Bool {
        var account = account
        return account.withUTF8 { contains(UnsafeRawBufferPointer($0)) }
    }

    func contains(_ account: UnsafeRawBufferPointer) -> Bool {
        hashes.contains { $0.value.contains(Self.hash(of: account, salt: $0.key)) }
    }

    static func hash(of account: UnsafeRawBufferPointer, salt: [UInt8]) -> [UInt8] {
        SHA256.digest(salt + account)
    }

    static func hash(of account: String, salt: [UInt8]) -> [UInt8] {
        SHA256.digest(salt + Array(account.utf8))
    }

    /// Suppresses an account; one that is suppressed already belongs to its newest erasure.
    static func add(
        _ database: Database, hash: [UInt8], salt: [UInt8], erasure: Int64
    ) throws(LakeError) {
        try database.run(
            "INSERT OR REPLACE INTO suppressions(hash, salt, erasure) VALUES (?1, ?2, ?3)",
            [.blob(hash), .blob(salt), .integer(erasure)])
    }

    /// The captures that account columns come from.
    static func captures(of definitions: [TableDefinition]) -> Set<String> {
        var names: Set<String> = []
        for definition in definitions {
            guard let column = definition.settings.accountColumn,
                case .capture(let number) = definition.columns[column].source
            else { continue }
            names.insert(definition.raw.captureNames[number])
        }
        return names
    }
}

extension Lake {
    /// Whether an account was erased, or is being erased: restores refuse it.
    package func isErased(account: String) throws(LakeError) -> Bool {
        try Suppressions(database, []).contains(account)
    }
}

/// Turns away the raw files and records of suppressed accounts; one a worker.
///
/// Most tables tell an account by its folder, so the last answer is mostly the next one too.
struct SuppressionGate {
    private let suppressions: Suppressions
    private let layout: RawLayout
    /// Captures of the path that are accounts' ids.
    private let captures: [Int]
    /// Position of the account column, if it does not come from the path.
    private let column: Int?
    private let storage: Storage
    private var ranges: [Range<Int>]
    private var last: [UInt8] = []
    private var isLastRefused = false

    /// nil where nothing need be asked: nobody is suppressed, or the table has no accounts.
    init?(_ definition: TableDefinition, _ suppressions: Suppressions) {
        guard !suppressions.isEmpty else { return nil }
        self.suppressions = suppressions
        layout = definition.raw
        captures = layout.captureNames.indices.filter {
            suppressions.captures.contains(definition.raw.captureNames[$0])
        }
        ranges = Array(repeating: 0..<0, count: layout.captureNames.count)
        var column = definition.settings.accountColumn
        if let number = column, case .capture = definition.columns[number].source { column = nil }
        self.column = column
        storage = column.map { definition.columns[$0].type.storage } ?? .text
        if captures.isEmpty, column == nil { return nil }
    }

    /// Whether a raw file is a suppressed account's, by its path alone.
    mutating func refuses(path: String) -> Bool {
        guard !captures.isEmpty else { return false }
        var path = path
        return path.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            guard layout.captures(in: bytes, into: &ranges) else { return false }
            for capture in captures
            where isRefused(UnsafeRawBufferPointer(rebasing: bytes[ranges[capture]])) {
                return true
            }
            return false
        }
    }

    /// Whether the row that a flattener has staged is a suppressed account's.
    mutating func refusesRow(of flattener: Flattener) -> Bool {
        guard let column else { return false }
        let value = flattener.stagedValue(ofColumn: column)
        guard value.load(as: UInt8.self) != 0 else { return false }
        switch storage {
        case .text:
            let count = Int(value.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
            return isRefused(UnsafeRawBufferPointer(start: value + 5, count: count))
        case .int64:
            return isRefused(Int64(value.loadUnaligned(fromByteOffset: 1, as: Int64.self)))
        case .int32:
            return isRefused(Int64(value.loadUnaligned(fromByteOffset: 1, as: Int32.self)))
        default: return false
        }
    }

    private mutating func isRefused(_ number: Int64) -> Bool {
        var text = String(number)
        return text.withUTF8 { isRefused(UnsafeRawBufferPointer($0)) }
    }

    private mutating func isRefused(_ account: UnsafeRawBufferPointer) -> Bool {
        if account.elementsEqual(last), !last.isEmpty { return isLastRefused }
        isLastRefused = suppressions.contains(account)
        last.removeAll(keepingCapacity: true)
        last.append(contentsOf: account)
        return isLastRefused
    }
}
