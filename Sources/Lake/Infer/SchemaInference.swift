import CXXHash
import Columnar

/// Makes a schema file from samples of raw files.
///
///     records ─► PlaceProfile (kinds, forms, presence, distinct values) ─► columns
///     paths   ─► PathInference (pattern, captures)                      ─► raw, capture columns
///
/// What it writes takes every record that it saw: only the key and the partition are required, and those
/// were there in each. Memory grows with the places and the sampled records, not with the files.
package struct SchemaInference {
    private let records = PlaceProfile(key: [], depth: 0)
    private var paths: PathInference
    private let format: RawLayout.Format
    private let recordPath: [String]
    private var recordCount = 0
    private var fileCount = 0
    /// Hashes of whole records: the same one again says nothing about keys.
    private var distinctRecords: Set<UInt64> = []
    /// For each capture the top-level keys whose value it has been in every record.
    private var equalKeys: [Set<String>?]

    /// - paths: all raw files' paths below the raw folder, sampled or not; at least one.
    package init(paths: [String], format: RawLayout.Format, recordPath: [String]) {
        self.paths = PathInference(paths)
        self.format = format
        self.recordPath = recordPath
        equalKeys = Array(repeating: nil, count: self.paths.captures.count)
    }

    /// Records that were added.
    package var count: Int { recordCount }
    /// Files whose paths do not follow the pattern of the most.
    package var strayCount: Int { paths.strayCount }

    /// Takes note of one record, an object, of a file.
    package mutating func add(_ record: JSONElement, path: String) {
        recordCount += 1
        records.add(record)
        let text = record.jsonText(canonical: true)
        distinctRecords.insert(text.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) })
        guard format == .json else { return }
        for (i, capture) in paths.captures.enumerated() where equalKeys[i]?.isEmpty != true {
            guard let captured = paths.text(of: capture, in: path) else { continue }
            let equal = Self.keys(of: record, equalTo: captured)
            equalKeys[i] = equalKeys[i].map { $0.intersection(equal) } ?? equal
        }
    }

    /// Takes note of the end of a file.
    package mutating func endFile() {
        fileCount += 1
    }

    /// The schema file's text.
    ///
    /// At least one record must have been added.
    package mutating func schemaFile(table: String?) -> [UInt8] {
        nameCaptures()
        var taken: Set<String> = []
        // Keys of digits alone are data, like ids under which an API files its answers.
        var columns = records.members.filter { !$0.key.allSatisfy { $0 &- 0x30 < 10 } }.map {
            InferredColumn($0, total: recordCount, taken: &taken)
        }
        var captured: [InferredColumn] = []
        // In the order of the path, the columns that hold its parts: captures, or keys that always equal them.
        var parts: [String] = []
        for (i, capture) in paths.captures.enumerated() {
            if let equal = equalKeys[i], !capture.isDate,
                let same = columns.first(where: { equal.contains($0.key ?? "") })
            {
                parts.append(same.name)
                continue
            }
            captured.append(
                InferredColumn(
                    capture: capture.name, type: capture.isDate ? "date" : "varchar",
                    distinctCount: capture.distinctCount, taken: &taken))
            parts.append(captured[captured.count - 1].name)
        }
        columns = captured + columns
        let partColumns = parts.compactMap { name in columns.firstIndex { $0.name == name } }
        chooseKey(&columns, parts: partColumns)
        let partition = choosePartition(&columns)
        let counts =
            "\(recordCount) record\(recordCount == 1 ? "" : "s") of \(fileCount) "
            + "file\(fileCount == 1 ? "" : "s")"
        return SchemaFileWriter.text(
            table: table ?? tableName(),
            doc: "Inferred from \(counts); read it before you rely on it.",
            pattern: paths.pattern, format: format, recordPath: recordPath, partition: partition,
            columns: columns)
    }

    private static func keys(of record: JSONElement, equalTo text: String) -> Set<String> {
        var keys: Set<String> = []
        var members = record.members
        while let (key, value) = members.next() {
            let isEqual: Bool
            switch value.kind {
            case .string: isEqual = value.stringBytes.elementsEqual(text.utf8)
            case .int64, .uint64: isEqual = value.jsonText().elementsEqual(text.utf8)
            default: isEqual = false
            }
            if isEqual { keys.insert(String(decoding: key, as: UTF8.self)) }
        }
        return keys
    }

    /// A capture that always is a key's value is called so.
    private mutating func nameCaptures() {
        var taken: Set<String> = []
        let names = paths.captures.enumerated().map { i, capture in
            let equal = (equalKeys[i] ?? []).sorted { ($0.count, $0) < ($1.count, $1) }
            return InferredColumn.identifier(equal.first ?? capture.name, &taken)
        }
        paths.rename(names)
    }

    private func tableName() -> String {
        let folders = paths.pattern.split(separator: "/").dropLast()
        let folder = folders.last { !$0.contains("{") && !$0.contains("=") }.map(String.init)
        var taken: Set<String> = []
        let name = folder ?? paths.onlyStem ?? ""
        return name.isEmpty ? "records" : InferredColumn.identifier(name, &taken)
    }
}

/// Which columns identify a row, and which divides the table.
extension SchemaInference {
    private static let keyNames = [
        "id", "id_str", "uuid", "unique_id", "key", "index", "ind", "post_id", "tweet_id",
        "media_id",
        "comment_id", "name",
    ]

    /// - parts: the columns that hold the parts of the path, in its order.
    private func chooseKey(_ columns: inout [InferredColumn], parts: [Int]) {
        let whole = distinctRecords.count
        func rank(_ column: InferredColumn) -> Int {
            if let position = Self.keyNames.firstIndex(of: column.name) { return position }
            return InferredColumn.isID(column.name) ? 50 : 100
        }
        let candidates = columns.indices.filter {
            columns[$0].capture == nil && columns[$0].distinctCount != nil
        }.sorted { (rank(columns[$0]), $0) < (rank(columns[$1]), $1) }
        if let unique = candidates.first(where: {
            rank(columns[$0]) < 100 && columns[$0].distinctCount ?? 0 >= whole
        }) {
            return makeKey([unique], &columns, note: "different in every record")
        }
        if format == .json, !parts.isEmpty {
            if let last = parts.last, columns[last].distinctCount ?? 0 >= fileCount {
                return makeKey([last], &columns, note: "different for every file")
            }
            return makeKey(parts, &columns, note: "together different for every file")
        }
        let captured = columns.indices.filter { columns[$0].capture != nil }
        if let named = candidates.first(where: { rank(columns[$0]) <= 50 }) {
            let count = columns[named].distinctCount ?? 0
            return makeKey(
                [named], &columns,
                note: "\(count) different ones: the last record of each is kept")
        }
        if let unique = candidates.first(where: { columns[$0].distinctCount ?? 0 >= whole }) {
            return makeKey([unique], &columns, note: "different in every record")
        }
        let all = Array((captured + candidates).prefix(8))
        if !all.isEmpty {
            return makeKey(all, &columns, note: "part of a guessed key: no column is one by itself")
        }
        var taken = Set(columns.map(\.name))
        var key = InferredColumn(
            capture: paths.captures.last?.name ?? "file", type: "varchar", distinctCount: 0,
            taken: &taken)
        key.valueClass = .key
        columns.insert(key, at: 0)
    }

    private func makeKey(_ chosen: [Int], _ columns: inout [InferredColumn], note: String) {
        for index in chosen {
            columns[index].valueClass = .key
            columns[index].doc += "; the key: \(note)"
        }
    }

    private static let partitionNames = [
        "timestamp", "created_at", "created_time", "created_utc", "published_at", "posted_at",
        "taken_at", "date", "day", "time", "created", "published",
    ]

    /// A time that every record has, under a name that says when it happened.
    private func choosePartition(
        _ columns: inout [InferredColumn]
    ) -> (column: String, transform: String)? {
        for name in Self.partitionNames {
            guard
                let index = columns.firstIndex(where: {
                    $0.name == name && $0.distinctCount != nil
                        && ["date", "timestamp(6)"].contains($0.type)
                })
            else { continue }
            columns[index].isRequired = columns[index].valueClass != .key
            columns[index].doc += "; its month is the partition"
            return (name, "month")
        }
        return nil
    }
}
