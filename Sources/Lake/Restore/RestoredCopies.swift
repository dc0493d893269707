/// The temporary copies as other runs must know them.
enum RestoredCopies {
    /// Stored paths of all copies in a table's snapshot: sweeps leave these files alone.
    static func paths(_ database: Database, source: Int64) throws(LakeError) -> Set<String> {
        Set(try RestoredFiles.list(database, source: source).map(\.path))
    }

    /// Takes what has expired out of the snapshots, and brings what has become available.
    ///
    /// Every writing run begins with it, under the lake's lock and with an identity of its own. A restore that
    /// fails here is filed as a failed run and tried again by the next one: it must not keep a lake from being
    /// compacted. What fails in an expiry is the caller's failure.
    @discardableResult
    static func settle(_ run: RestoreRun) throws(LakeError) -> [RestoreReport] {
        let now = run.identity.startedMicros
        guard try isDue(run.database, nowMicros: now) else { return [] }
        var reports: [RestoreReport] = []
        var ending = run
        ending.identity = run.identity.forRestore(1)
        if let report = try ending.run(completes: false) { reports.append(report) }
        do throws(LakeError) {
            var bringing = run
            bringing.identity = run.identity.forRestore(2)
            if let report = try bringing.run() { reports.append(report) }
        } catch .columnar(.cancelled) {
            throw .columnar(.cancelled)
        } catch {
            return reports
        }
        return reports
    }

    /// Whether a request is to be completed or ended.
    static func isDue(_ database: Database, nowMicros: Int64) throws(LakeError) -> Bool {
        try Restores.list(database).contains { request in
            switch request.state {
            case .inProgress: request.availableMicros <= nowMicros
            case .completed: !request.isAlive(atMicros: nowMicros)
            case .expired: false
            }
        }
    }
}

extension RunIdentity {
    /// The identity of a restore run before another run: other names, the same time.
    func forRestore(_ number: UInt64) -> RunIdentity {
        var random = random(stream: 1 << 60 | number)
        return RunIdentity(startedMicros: startedMicros, seed: random.next())
    }
}
