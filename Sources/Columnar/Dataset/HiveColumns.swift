/// The Hive columns of a dataset: keys, their types, and the value of each in every file.
struct HiveColumns {
    private(set) var fields: [Field] = []
    /// Per key, one value per file.
    private(set) var values: [[Value]] = []

    /// `isWanted` as in `ParquetDataset.Options.hivePartitioning`.
    ///
    /// Errors: `corrupt` if the columns are wanted and a file's folders have other keys than the first's.
    init(_ paths: [DatasetPath], isWanted: Bool?) throws(ColumnarError) {
        guard isWanted != false, let first = paths.first else { return }
        let keys = HivePartition.pairs(in: first.written).map(\.key)
        var texts = [[String?]](repeating: [], count: keys.count)
        for path in paths {
            let pairs = HivePartition.pairs(in: path.written)
            guard pairs.map(\.key) == keys else {
                guard isWanted == true else { return }
                throw .corrupt(
                    FileLocation(path: path.written),
                    reason: "its folders have the Hive keys (\(Self.list(pairs.map(\.key)))), "
                        + "those of \(first.written) have (\(Self.list(keys)))")
            }
            for (position, pair) in pairs.enumerated() { texts[position].append(pair.value) }
        }
        for (key, column) in zip(keys, texts) {
            let type = HivePartition.type(of: column)
            fields.append(Field(name: key, type: type))
            values.append(column.map { HivePartition.value($0, as: type) ?? .null })
        }
    }

    private static func list(_ keys: [String]) -> String { keys.joined(separator: ", ") }

    /// Puts the keys among a table's columns, over those of the same name or behind them all.
    ///
    /// Returns their positions.
    func add(to columns: inout [Field]) -> [Int] {
        var positions: [Int] = []
        for field in fields {
            let held =
                columns.firstIndex { $0.name == field.name }
                ?? columns.firstIndex { $0.name.lowercased() == field.name.lowercased() }
            if let held {
                columns[held].type = field.type
                positions.append(held)
            } else {
                positions.append(columns.count)
                columns.append(field)
            }
        }
        return positions
    }
}
