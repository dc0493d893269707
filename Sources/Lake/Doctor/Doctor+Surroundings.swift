import Columnar
import Glibc

/// What lies around the tables: settings, raw root, schema files, runs, disk.
extension Doctor {
    func examineSettings(
        _ database: Database, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let path = database.path
        let seed = try Settings.get(.keySeed, database)
        if seed.flatMap({ UInt64($0, radix: 16) }) == nil {
            diagnosis.add(
                .damage, path, "the seed of the key hashes is missing",
                advice: "lake rebuild --force makes a new one")
        }
        do throws(LakeError) {
            _ = try Lake.definitions(in: lake)
        } catch {
            try report(error, at: "schemas", advice: "mend the schema file", &diagnosis)
        }
        guard let raw = try Settings.get(.rawRoot, database) else { return }
        let isMarked = try Settings.get(.rawIsMarked, database) == "1"
        do throws(LakeError) {
            _ = try RawRoot.open(raw, isMarked: isMarked)
        } catch {
            diagnosis.add(
                .warning, raw, options.errorText(error),
                advice: "mount it; runs are refused until then, queries are not")
        }
    }

    func examineRuns(_ database: Database, _ diagnosis: inout Diagnosis) throws(LakeError) {
        diagnosis.facts.writer = try LakeLock.holder(of: lake)
        for run in try Runs.last(20, database) {
            for table in run.report.flatMap({ RunReport(json: $0) })?.tables ?? []
            where table.files.seen != table.files.classed {
                diagnosis.add(
                    .warning, "run \(run.id)",
                    "\(table.name): it saw \(table.files.seen) raw files and did something with "
                        + "\(table.files.classed)",
                    advice: "report it as a defect; lake compact --rehash reads every file anew")
            }
        }
        guard diagnosis.facts.writer == nil else { return }
        for run in try Runs.crashed(database) {
            diagnosis.add(
                .warning, "run \(run.id)", "it was killed; files of it may be left",
                advice: "the next lake compact removes them and does its work")
        }
        for (name, what) in [
            ("lake.db-journal", "the journal of a transaction that never ended"),
            ("lake.db.new", "a rebuild that never ended"),
        ] where DurableFile.exists("\(lake)/\(name)") {
            diagnosis.add(
                .warning, "\(lake)/\(name)", "it is left from \(what)",
                advice: name == "lake.db.new"
                    ? "lake rebuild replaces it" : "the next lake compact removes it")
        }
    }

    /// Whether a time is before the grace.
    func isOld(micros: Int64) -> Bool {
        let (limit, overflow) = options.nowMicros.subtractingReportingOverflow(options.graceMicros)
        return !overflow && micros < limit
    }

    func examineDisk(_ diagnosis: inout Diagnosis) {
        var status = statvfs()
        guard statvfs(lake, &status) == 0 else { return }
        let free = Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
        diagnosis.facts.freeBytes = free
        // A run writes the partitions that it touches beside the old ones.
        let needed = max(Self.leastFreeBytes, diagnosis.facts.dataBytes / 10)
        if free < needed {
            diagnosis.add(
                .warning, lake, "\(free >> 20) MiB are free on its file system",
                advice: "make room: at least \(needed >> 20) MiB, a tenth of the tables")
        }
    }

    private static let leastFreeBytes: Int64 = 256 << 20
}
