import Columnar

/// Turns the bytes of a raw file into a row; the one thing that a scan asks of the layers above.
protocol RawFileSink: SendableMetatype {
    /// Takes a file whose bytes are new or changed; `state` is what is remembered of it.
    mutating func take(
        bytes: UnsafeRawBufferPointer, path: String, stat: FileStat, state: RawFileState?
    ) throws(LakeError) -> RawFileVerdict

    /// Takes a file of many records whose bytes are new or changed, reading it by itself.
    ///
    /// - stat: of the file when it was hashed; another one now means that it changed since.
    /// - isYoung: so lately written to that a broken end may be still to come.
    mutating func take(
        records path: String, stat: FileStat, state: RawFileState?, isYoung: Bool
    ) throws(LakeError) -> RecordsVerdict

    /// Told that a file is gone and that its rows go with it (`on_delete: delete`); returns how many.
    mutating func leave(path: String, state: RawFileState) throws(LakeError) -> Int
}

/// What a sink made of a file.
enum RawFileVerdict {
    /// A row that differs from the one before; it is staged.
    case staged(rowHash: UInt64, keyHash: UInt64, partition: Int32?)
    /// The same row as before; nothing is staged.
    case same
    /// Of a suppressed account: it has no row, and its old one leaves the table.
    case suppressed
    case rejected(reason: String)
}

/// What a sink made of a file of many records.
enum RecordsVerdict {
    /// So many keys have another row than before, those are staged; some records may have been left out.
    case taken(changed: Int, hasRows: Bool, faults: String?)
    /// All of it is of suppressed accounts: it has no rows.
    case suppressed
    /// Nothing of it can be taken.
    case rejected(reason: String)
    /// Somebody writes to it, or its end is still to come.
    case waiting
    case unreadable(errorNumber: Int32)
}

/// A file that cannot be taken, and why.
package struct QuarantinedFile: Hashable, Sendable {
    package var path: String
    package var reason: String
    package var sizeBytes: Int64
    package var modifiedNanos: Int64

    package init(path: String, reason: String, sizeBytes: Int64, modifiedNanos: Int64) {
        self.path = path
        self.reason = reason
        self.sizeBytes = sizeBytes
        self.modifiedNanos = modifiedNanos
    }
}

/// What a scan of some folders gives, besides the rows that its sink staged.
struct ScanResult: Sendable {
    var counts = FileCounts()
    var edits: [RawFileEdit] = []
    var quarantined: [QuarantinedFile] = []
    /// Paths that were in the quarantine and are good again, or gone without leaving a row.
    var released: [String] = []
    var unreadable: [RawWalk.Unreadable] = []
    /// The first paths among those in flight.
    var inFlight: [String] = []

    mutating func addInFlight(_ path: @autoclosure () -> String) {
        counts.inFlight += 1
        if inFlight.count < Limits.watchedInFlight { inFlight.append(path()) }
    }
}

/// When a stat is old enough to be believed; times in nanoseconds since 1970.
package struct ScanClock: Hashable, Sendable {
    package var nowNanos: Int64
    /// Younger stats are not remembered: the file is read again next time.
    package var settleNanos: Int64
    /// Younger files that cannot be flattened are taken for half-written.
    package var inFlightNanos: Int64

    package init(nowNanos: Int64, settleNanos: Int64, inFlightNanos: Int64) {
        self.nowNanos = nowNanos
        self.settleNanos = settleNanos
        self.inFlightNanos = inFlightNanos
    }
}
