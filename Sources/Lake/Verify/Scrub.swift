import Columnar
import Glibc
import Synchronization

/// Reads a lake's files again, from the disk, and holds each against what is known of it.
///
/// ```
///  all files ─► of each kind those read longest ago ─► checksums, SHA-256, structure, counts
///            ─► what was read and found, remembered ─► damage: lost, or where else it is
/// ```
/// It takes no lock: a file that a run has replaced meanwhile is looked up again before it is complained of.
package struct Scrub {
    package struct Options: Sendable {
        /// Of each kind so many per cent of the files, those read longest ago; 100 is all.
        package var percent = 2.0
        /// nil: every table, and what belongs to none.
        package var table: String?
        package var nowMicros: Int64
        package var seed: UInt64
        package var workers = 1
        package var errorText: @Sendable (LakeError) -> String = { "\($0)" }
        package var isCancelled: @Sendable () -> Bool = { false }

        package init(nowMicros: Int64, seed: UInt64) {
            self.nowMicros = nowMicros
            self.seed = seed
        }
    }

    private let lake: Lake
    private let tier: ColdTier
    private let options: Options
    private let pool: BufferPool
    private let check: ScrubCheck
    /// Files that are read before it is remembered: what an interrupted run loses.
    private static let filesPerRecord = 256

    /// Scrubs the lake in a folder.
    ///
    /// Throws `tableNotFound`, `notALake` if there is none, and `cancelled`, after what was read is remembered.
    package static func run(
        _ lake: String, options: Options, pool: BufferPool
    ) throws(LakeError) -> ScrubReport {
        let path = "\(lake)/\(Lake.databaseName)"
        let database = ScrubTarget(
            kind: .database, name: Lake.databaseName, path: path, expectation: .database)
        let check = ScrubCheck(
            pool: pool, errorText: options.errorText, isCancelled: options.isCancelled)
        var report = ScrubReport()
        report.percent = options.percent
        // Without it nothing else can be found.
        if DurableFile.exists(path), let reason = try check.reason(database) {
            report.add(
                ScrubReport.Finding(
                    damage: .recoverable, kind: .database, path: path, what: reason,
                    remedy: Doctor.rebuildAdvice))
            return report
        }
        let lake = try Lake.open(at: lake, access: .readOnly)
        var totals = ScrubReport.Totals(kind: .database, files: 1, read: 1)
        totals.readBytes = size(path)
        report.totals.append(totals)
        let scrub = Scrub(
            lake: lake, tier: try lake.coldTier(), options: options, pool: pool, check: check)
        scrub.record([(database, nil)], &report)
        try scrub.run(&report)
        return report
    }

    private func run(_ report: inout ScrubReport) throws(LakeError) {
        let all = try ScrubTargets(
            lake, tier: tier, table: options.table, errorText: options.errorText)
        let known = try Verifications.all(lake.database)
        let isMounted = try tier.isMounted()
        var results: [(target: ScrubTarget, reason: String?)] = all.broken.map {
            ($0.target, $0.reason)
        }
        record(results, &report)
        for (number, kind) in ScrubKind.allCases.enumerated() {
            let ofKind = all.targets.filter { $0.kind == kind }
            let targets = ofKind.filter { isMounted || !$0.isOnColdTier }
            if targets.count < ofKind.count {
                report.add(unmounted(kind, ofKind.count - targets.count))
            }
            guard !targets.isEmpty else { continue }
            let choice = ScrubSchedule(
                percent: options.percent, seed: options.seed &+ UInt64(number)
            ).choose(among: targets, known: known)
            var totals = ScrubReport.Totals(kind: kind, files: choice.total)
            totals.read = choice.targets.count
            totals.neverRead = choice.neverRead
            totals.oldestMicros = choice.oldestMicros
            totals.readBytes = choice.targets.reduce(0) {
                $0 + ($1.sizeBytes ?? Self.size($1.path))
            }
            report.totals.append(totals)
            results += try read(choice.targets, &report)
        }
        try classify(results.filter { $0.reason != nil }, &report)
        forget(all, known, isMounted: isMounted)
    }

    /// Says of each damage what it means; what a run has replaced meanwhile is none.
    private func classify(
        _ results: [(target: ScrubTarget, reason: String?)], _ report: inout ScrubReport
    ) throws(LakeError) {
        guard !results.isEmpty else { return }
        let now = try Lake.open(at: lake.path, access: .readOnly)
        let all = try ScrubTargets(
            now, tier: tier, table: options.table, errorText: options.errorText)
        let names = Set(all.targets.map(\.name) + all.broken.map(\.target.name))
        let copies = OtherCopies(now, nowMicros: options.nowMicros, errorText: options.errorText)
        for (target, reason) in results where names.contains(target.name) {
            report.add(try copies.finding(target, reason ?? ""))
        }
    }

    private func unmounted(_ kind: ScrubKind, _ count: Int) -> ScrubReport.Finding {
        ScrubReport.Finding(
            damage: .unverified, kind: kind, path: tier.path,
            what: "the cold tier is not mounted: \(count) of its files cannot be read",
            remedy: "mount it and verify again")
    }

    /// Reads files in pieces, and remembers each piece.
    private func read(
        _ targets: [ScrubTarget], _ report: inout ScrubReport
    ) throws(LakeError) -> [(target: ScrubTarget, reason: String?)] {
        var results: [(target: ScrubTarget, reason: String?)] = []
        var start = 0
        while start < targets.count {
            let piece = Array(targets[start..<min(start + Self.filesPerRecord, targets.count)])
            start += piece.count
            let reasons = Mutex<[Int: String]>([:])
            try Workers.forEach(piece.count, workers: options.workers) {
                [options, check] (index) throws(LakeError) in
                if options.isCancelled() { throw .columnar(.cancelled) }
                guard let reason = try check.reason(piece[index]) else { return }
                reasons.withLock { $0[index] = reason }
            }
            let found = reasons.withLock { $0 }
            let read = piece.indices.map { (target: piece[$0], reason: found[$0]) }
            record(read, &report)
            results += read
        }
        return results
    }

    // MARK: The schedule

    /// Remembers what was read; a lake that cannot be written to is scrubbed all the same.
    private func record(
        _ results: [(target: ScrubTarget, reason: String?)], _ report: inout ScrubReport
    ) {
        guard !results.isEmpty else { return }
        guard lake.database.version >= ColdFiles.version else {
            report.unrecorded = "an older program made lake.db: the next lake compact upgrades it"
            return
        }
        do throws(LakeError) {
            let database = try Database.open(path: lake.database.path, access: .readWrite)
            try database.transaction { () throws(LakeError) in
                try Verifications.put(
                    database,
                    results.map { result in
                        (
                            result.target.name,
                            .init(verifiedMicros: options.nowMicros, finding: result.reason)
                        )
                    })
            }
        } catch {
            report.unrecorded = options.errorText(error)
        }
    }

    /// Forgets the files that are not part of the lake any more.
    private func forget(
        _ all: ScrubTargets, _ known: [String: Verifications.Record], isMounted: Bool
    ) {
        guard options.table == nil else { return }
        var names = Set(all.targets.map(\.name) + all.broken.map(\.target.name))
        names.insert(Lake.databaseName)
        let gone = known.keys.filter { name in
            !names.contains(name) && (isMounted || !name.hasPrefix(ScrubTarget.coldPrefix))
        }.sorted()
        guard !gone.isEmpty,
            let database = try? Database.open(path: lake.database.path, access: .readWrite)
        else { return }
        // What is not forgotten now is forgotten next time.
        try? database.transaction { () throws(LakeError) in
            try Verifications.forget(database, gone)
        }
    }

    private static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
