/// Which files a scrub reads: those that were read longest ago.
struct ScrubSchedule {
    /// Of each kind so many per cent, at least one; 100 is all.
    let percent: Double
    /// Decides among files that were never read, so that an interrupted run's successor begins elsewhere.
    let seed: UInt64

    /// What was chosen of one kind.
    struct Choice {
        var targets: [ScrubTarget]
        var total: Int
        /// Of those that were not chosen.
        var neverRead: Int
        var oldestMicros: Int64?
    }

    /// Chooses among the files of one kind; those in which something was found are always among them.
    func choose(
        among targets: [ScrubTarget], known: [String: Verifications.Record]
    ) -> Choice {
        var order = SplitMix(state: seed)
        let ranked = targets.map { target in
            (target: target, record: known[target.name], tie: order.next())
        }.sorted { a, b in
            if (a.record?.finding != nil) != (b.record?.finding != nil) {
                return a.record?.finding != nil
            }
            let (first, second) = (a.record?.verifiedMicros, b.record?.verifiedMicros)
            if first != second { return first ?? .min < second ?? .min }
            return a.tie < b.tie
        }
        let damaged = ranked.prefix { $0.record?.finding != nil }.count
        let share = Double(targets.count) * min(max(percent, 0), 100) / 100
        let wanted = min(targets.count, max(1, Int(share.rounded(.up)))) + damaged
        let rest = ranked.dropFirst(wanted)
        return Choice(
            targets: ranked.prefix(wanted).map(\.target), total: targets.count,
            neverRead: rest.count { $0.record == nil },
            oldestMicros: rest.compactMap { $0.record?.verifiedMicros }.min())
    }
}
