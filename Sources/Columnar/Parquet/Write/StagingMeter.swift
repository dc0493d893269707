/// Bytes that the leaves of one row group hold together, against their limit.
final class StagingMeter {
    private(set) var bytes = 0
    private let limitBytes: Int
    /// False while a single row is staged that passes the limit alone.
    var isLimited = true

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Counts bytes that are about to be staged; false if they do not fit, and then nothing is counted.
    func take(_ more: Int) -> Bool {
        guard fits(more) else { return false }
        bytes += more
        return true
    }

    func fits(_ more: Int) -> Bool {
        !isLimited || more <= limitBytes - bytes
    }

    /// Bytes that were taken and turned out not to be needed, or were rolled back.
    func giveBack(_ fewer: Int) {
        bytes -= fewer
    }
}
