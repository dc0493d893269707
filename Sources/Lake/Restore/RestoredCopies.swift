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
    /// compacted, nor other requests from being completed. What fails in an expiry is the caller's failure.
    @discardableResult
    static func settle(_ run: RestoreRun) throws(LakeError) -> [RestoreReport] {
        let now = run.identity.startedMicros
        guard try isDue(run.database, nowMicros: now) else { return [] }
        var reports: [RestoreReport] = []
        var ending = run
        ending.identity = run.identity.forRestore(1)
        if let report = try ending.run() { reports.append(report) }
        do throws(LakeError) {
            var bringing = run
            bringing.identity = run.identity.forRestore(2)
            if let report = try complete(bringing) { reports.append(report) }
        } catch .columnar(.cancelled) {
            throw .columnar(.cancelled)
        } catch {
            return reports
        }
        return reports
    }

    /// Ends what is over and completes what is due: all in one run and, if that fails, one by one.
    ///
    /// A request that fails alone stays in progress, and the report says why.
    ///
    /// - passingOver: numbers of requests that are left alone.
    static func complete(
        _ run: RestoreRun, passingOver: Set<Int64> = []
    ) throws(LakeError) -> RestoreReport? {
        let now = run.identity.startedMicros
        let due = try Restores.list(run.database).filter {
            $0.state == .inProgress && $0.availableMicros <= now && !passingOver.contains($0.id)
        }.map(\.id)
        var failure: LakeError
        do throws(LakeError) {
            return try run.run(completes: Set(due))
        } catch {
            guard !due.isEmpty, !error.isOfTheWholeRun else { throw error }
            failure = error
        }
        var sum = RestoreReport(uuid: run.identity.uuid, startedMicros: now)
        func add(_ number: Int, _ ids: Set<Int64>) throws(LakeError) {
            var single = run
            single.identity = run.identity.forRestore(UInt64(3 + number))
            if let report = try single.run(completes: ids) { sum.add(report) }
        }
        try add(0, [])
        for (number, id) in due.enumerated() {
            // The only one has just been tried.
            if due.count > 1 {
                do throws(LakeError) {
                    try add(1 + number, [id])
                    continue
                } catch {
                    guard !error.isOfTheWholeRun else { throw error }
                    failure = error
                }
            }
            sum.failures[id] = run.options.errorText(failure)
        }
        return sum
    }

    /// Whether a request is to be completed or ended.
    static func isDue(
        _ database: Database, nowMicros: Int64, passingOver: Set<Int64> = []
    ) throws(LakeError) -> Bool {
        try Restores.list(database).contains { request in
            switch request.state {
            case .inProgress:
                request.availableMicros <= nowMicros && !passingOver.contains(request.id)
            case .completed: !request.isAlive(atMicros: nowMicros)
            case .expired: false
            }
        }
    }
}

extension LakeError {
    /// It says nothing of one request.
    fileprivate var isOfTheWholeRun: Bool {
        switch self {
        case .columnar(.cancelled), .conflict, .busy: true
        default: false
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
