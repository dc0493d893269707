import Columnar

extension IcebergTransform {
    /// The days since 1970 that the rows of a partition may have; nil where the transform is none of time.
    package func days(of partition: Int32) -> ClosedRange<Int32>? {
        switch self {
        case .day, .identity: return partition...partition
        case .hour:
            let day = Int32(clamping: Int64(partition).quotientTowardsPast(24))
            return day...day
        case .month:
            let year = Int64(partition).quotientTowardsPast(12)
            let month = Int(Int64(partition) - year * 12) + 1
            let first = CivilTime.days(year: 1970 + year, month: month, day: 1)
            let last = first + Int64(CivilTime.daysInMonth(year: 1970 + year, month: month)) - 1
            return Int32(clamping: first)...Int32(clamping: last)
        case .year:
            let first = CivilTime.days(year: 1970 + Int64(partition), month: 1, day: 1)
            let last = CivilTime.days(year: 1971 + Int64(partition), month: 1, day: 1) - 1
            return Int32(clamping: first)...Int32(clamping: last)
        case .bucket, .truncate, .void, .unknown: return nil
        }
    }
}

extension PartitionSpec {
    /// A partition value alone, for listings: `2026-01-02`, `2026-01`, `2026-01-02-05`; nil of NULL.
    package func valueText(of partition: Int32?, in schema: Schema) -> String? {
        guard let partition, let field = fields.first else { return nil }
        let name = folderName(of: [.int(Int64(partition))], in: schema)
        return String(name.dropFirst(field.name.count + 1))
    }
}
