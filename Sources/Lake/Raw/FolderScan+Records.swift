import Columnar

/// Files of many records: their sink reads them; what becomes of the file's own state is said here.
extension FolderScan {
    func takeRecords(
        _ file: String, _ stat: FileStat, _ content: ContentHash, state: RawFileState?,
        sink: inout Sink?, _ result: inout ScanResult
    ) throws(LakeError) -> Settled {
        let isYoung = !stat.isSettled(nowNanos: clock.nowNanos, windowNanos: clock.inFlightNanos)
        let verdict = try sink?.take(records: file, stat: stat, state: state, isYoung: isYoung)
        switch verdict {
        case .waiting, nil:
            result.addInFlight(file)
            return .asBefore
        case .unreadable(let number):
            result.counts.unreadable += 1
            result.unreadable.append(.init(path: file, errorNumber: number))
            return .asBefore
        case .rejected(let reason):
            guard !isYoung else {
                result.addInFlight(file)
                return .asBefore
            }
            return .state(quarantine(file, reason, stat, content, state: state, &result))
        case .suppressed: return .state(suppressed(file, stat, content, state: state, &result))
        case .taken(let changed, let hasRows, let faults):
            var entry = state ?? RawFileState(flags: [], hint: .none, content: content)
            if hasRows { entry.flags.insert(.hasRow) } else { entry.flags.remove(.hasRow) }
            if let faults {
                return .state(quarantine(file, faults, stat, content, state: entry, &result))
            }
            if entry.flags.contains(.isQuarantined) { result.released.append(file) }
            if state == nil || state?.flags.contains(.hasRow) == false && hasRows {
                result.counts.new += 1
            } else if changed > 0 {
                result.counts.changed += 1
            } else {
                result.counts.unchangedByRow += 1
            }
            entry.flags.subtract([.isVanished, .isQuarantined])
            entry.hint = hint(stat)
            entry.content = content
            return .state(entry)
        }
    }
}
