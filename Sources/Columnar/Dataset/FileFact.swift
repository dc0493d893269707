/// What is known of a file beside its rows: the hidden columns of tables of files, in their order.
package enum FileFact: CaseIterable, Sendable {
    case path, size, modifiedTime

    /// `$path` (absolute), `$file_size` (bytes), `$file_modified_time`: Athena's and Trino's names.
    package static var fields: [Field] { allCases.map(\.field) }

    var field: Field {
        switch self {
        case .path: Field(name: "$path", type: .text, isNullable: false)
        case .size: Field(name: "$file_size", type: .bigint, isNullable: false)
        case .modifiedTime:
            Field(name: "$file_modified_time", type: .timestampTZ(precision: 3))
        }
    }

    /// The facts of a file as values of columns from position `first` on.
    static func values(of file: ParquetFile, from first: Int) -> [Int: Value] {
        var values: [Int: Value] = [:]
        for (offset, fact) in allCases.enumerated() {
            values[first + offset] = fact.value(path: file.path, file.version)
        }
        return values
    }

    func value(path: String, _ version: FileVersion) -> Value {
        switch self {
        case .path: return .text(path)
        case .size: return .int(Int64(version.sizeBytes))
        case .modifiedTime:
            let seconds = Int64(version.modifiedSeconds)
            let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
            let rest = Int64(version.modifiedNanoseconds / 1_000_000 * 1_000)
            let (sum, isFar) = micros.addingReportingOverflow(rest)
            return overflow || isFar ? .null : .int128(ZonedTime(micros: sum).bits)
        }
    }
}
