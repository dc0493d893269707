import Synchronization

/// Process-wide counter behind `ColumnDictionary.id`.
enum DictionaryIdentity {
    private static let last = Atomic<UInt64>(0)

    static func next() -> UInt64 {
        last.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
