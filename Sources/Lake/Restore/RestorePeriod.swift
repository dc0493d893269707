import Columnar

/// How long temporary copies live.
///
/// Source: docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html: the days are added to the time
/// of the restore's completion, or of the later request that changes them, and rounded up to the next
/// midnight UTC.
package enum RestorePeriod {
    /// S3 has no default; this is `lake restore`'s.
    package static let standardDays = 7

    /// The midnight UTC at which a copy ends that was made, or prolonged, at `micros`.
    package static func expiry(fromMicros micros: Int64, days: Int) -> Int64 {
        let day = CivilTime.microsPerDay
        let (whole, overflow) = Int64(days).multipliedReportingOverflow(by: day)
        let (end, isBeyond) = micros.addingReportingOverflow(whole)
        guard !overflow, !isBeyond, end < Int64.max - day else { return Int64.max / day * day }
        let floor = end.quotientTowardsPast(day) * day
        return floor == end ? end : floor + day
    }
}
