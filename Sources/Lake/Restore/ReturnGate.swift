import Columnar

/// Which archived rows may come back at all: those of suppressed accounts never do.
///
/// The one place of a restore where rows are turned away for what they are.
struct ReturnGate {
    private let suppressions: Suppressions
    private var paths: SuppressionGate?
    /// Position of the account column in the table's schema; nil where no column need be asked.
    let accountColumn: Int?

    init(_ table: LakeTable, _ suppressions: Suppressions) {
        self.suppressions = suppressions
        paths = SuppressionGate(table.definition, suppressions)
        accountColumn =
            suppressions.isEmpty
            ? nil : table.definition.settings.accountColumn.map { table.positions[$0] }
    }

    /// - account: the account column, flat; nil where `accountColumn` is.
    mutating func admits(path: UnsafeRawBufferPointer, account: Column?, row: Int) -> Bool {
        guard !suppressions.isEmpty else { return true }
        if paths?.refuses(path: String(decoding: path, as: UTF8.self)) == true { return false }
        switch account {
        case .text(let texts)?:
            return !(texts.validity?[row] ?? true) || !suppressions.contains(texts.bytes(at: row))
        case .flat(let numbers)? where numbers.storage == .int64:
            return !suppressions.contains("\(numbers.values(as: Int64.self)[row])")
        case .flat(let numbers)? where numbers.storage == .int32:
            return !suppressions.contains("\(numbers.values(as: Int32.self)[row])")
        default: return true
        }
    }
}
