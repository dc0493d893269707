import Columnar

/// What a scrub read and found.
package struct ScrubReport: Hashable, Sendable {
    /// What a damage means.
    package enum Damage: String, Hashable, Sendable {
        /// Rows, or a raw file, of which no other copy is known.
        case lost
        /// Everything that it held is elsewhere too, or can be made anew.
        case recoverable
        /// It could not be read at all: nothing is known.
        case unverified
    }

    package struct Finding: Hashable, Sendable {
        package var damage: Damage
        package var kind: ScrubKind
        package var path: String
        /// What is wrong, and where else it is.
        package var what: String
        package var remedy: String
    }

    /// The files of one kind.
    package struct Totals: Hashable, Sendable {
        package var kind: ScrubKind
        package var files = 0
        package var read = 0
        package var readBytes: Int64 = 0
        /// Never read, not even now.
        package var neverRead = 0
        /// Of those that were not read now.
        package var oldestMicros: Int64?
    }

    /// Of each kind that the lake has.
    package var totals: [Totals] = []
    package var findings: [Finding] = []
    /// Findings beyond `Limits.doctorFindings`.
    package var omittedFindings = 0
    /// What was asked for: 100 is all.
    package var percent: Double = 100
    /// Why it could not be remembered what was read; nil: it was.
    package var unrecorded: String?

    package init() {}

    package var isLost: Bool { findings.contains { $0.damage == .lost } }
    package var isWhole: Bool { findings.isEmpty }

    /// Runs like this one until each file has been read once; nil: each has been.
    package var runsUntilAll: Int? {
        totals.filter { $0.neverRead > 0 }
            .map { ($0.neverRead + max($0.read, 1) - 1) / max($0.read, 1) }.max()
    }

    mutating func add(_ finding: Finding) {
        guard findings.count < Limits.doctorFindings else {
            omittedFindings += 1
            return
        }
        findings.append(finding)
    }
}
