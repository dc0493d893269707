/// What a walk found, in files; each file seen is in exactly one of the classes below `seen`.
package struct FileCounts: Hashable, Sendable {
    /// Names on disk that the pattern accepts.
    package var seen = 0
    /// Same stat as when it was read.
    package var unchangedByStat = 0
    /// Another stat, the same bytes.
    package var unchangedByHash = 0
    /// Other bytes, the same row (but for volatile columns).
    package var unchangedByRow = 0
    /// First seen, and its row was taken.
    package var new = 0
    /// Another row than before.
    package var changed = 0
    /// Cannot be flattened; listed in the quarantine.
    package var quarantined = 0
    /// Young and not whole yet, or being written while it was read: next run's work.
    package var inFlight = 0
    /// The operating system refused to read it: next run's work.
    package var unreadable = 0

    /// Of accounts that were erased: not taken.
    package var suppressed = 0

    /// Remembered and no longer on disk since this run; not among `seen`.
    package var vanished = 0
    /// Of the vanished: their rows left the table (`on_delete: delete`).
    package var deleted = 0
    /// Remembered and not on disk because a sweep packed them; not among `seen`.
    package var cold = 0
    /// Names that are no raw files: temporary, foreign, links, pipes; not among `seen`.
    package var ignored = 0
    /// Files opened and read because of their stat.
    package var read = 0
    package var bytesRead = 0
    /// Files read although their stat says "unchanged"; counted as unchanged if they are.
    package var audited = 0
    /// Of those: they hold something else than their stat had promised.
    package var auditChanged = 0

    package init() {}

    /// The sum of all classes of files seen: `seen`, if none was forgotten.
    package var classed: Int {
        unchangedByStat + unchangedByHash + unchangedByRow + new + changed + quarantined + inFlight
            + unreadable + suppressed
    }

    package static func += (a: inout FileCounts, b: FileCounts) {
        a.seen += b.seen
        a.unchangedByStat += b.unchangedByStat
        a.unchangedByHash += b.unchangedByHash
        a.unchangedByRow += b.unchangedByRow
        a.new += b.new
        a.changed += b.changed
        a.quarantined += b.quarantined
        a.inFlight += b.inFlight
        a.unreadable += b.unreadable
        a.suppressed += b.suppressed
        a.vanished += b.vanished
        a.deleted += b.deleted
        a.cold += b.cold
        a.ignored += b.ignored
        a.read += b.read
        a.bytesRead += b.bytesRead
        a.audited += b.audited
        a.auditChanged += b.auditChanged
    }
}
