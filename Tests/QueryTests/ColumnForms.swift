import Columnar

@testable import Query

/// The same values in every form that a column can have; tests force each one.
enum ColumnForm: CaseIterable {
    case flat, coded, runs, constant

    /// Nil where the values do not fit the form (a constant of unequal values).
    func column(_ values: [Value], type: DataType, pool: BufferPool) throws -> Column? {
        switch self {
        case .flat: return try Column.from(values, type: type, pool: pool)
        case .coded:
            var entries: [Value] = []
            var numbers: [Value: UInt32] = [:]
            var chosen: [UInt32?] = []
            for value in values {
                if value.isNull {
                    chosen.append(nil)
                } else if let number = numbers[value] {
                    chosen.append(number)
                } else {
                    // NaN is never found again and gets an entry each time, which is allowed.
                    numbers[value] = UInt32(entries.count)
                    chosen.append(UInt32(entries.count))
                    entries.append(value)
                }
            }
            var codes = try GrowingBuffer<UInt32>(pool: pool, capacity: max(values.count, 1))
            for code in chosen { try codes.append(code ?? UInt32(entries.count)) }
            let dictionary = ColumnDictionary(
                entries: try Column.from(entries, type: type, pool: pool))
            return .coded(
                CodedColumn(
                    codes: codes.buffer, count: values.count, dictionary: dictionary,
                    mayHaveNulls: true))
        case .runs:
            guard !values.isEmpty else { return nil }
            var ends = try GrowingBuffer<UInt32>(pool: pool)
            var runs: [Value] = []
            for (i, value) in values.enumerated() {
                if i + 1 < values.count && values[i + 1] == value { continue }
                runs.append(value)
                try ends.append(UInt32(i + 1))
            }
            return .runs(
                RunsColumn(
                    ends: ends.buffer, runCount: runs.count,
                    values: try Column.from(runs, type: type, pool: pool), count: values.count))
        case .constant:
            guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
            return .constant(
                ConstantColumn(
                    try Column.from([first], type: type, pool: pool), count: values.count))
        }
    }
}
