/// All restore requests as a run finds and leaves them: which ones end, and which ones are completed.
struct RequestLedger {
    private(set) var requests: [Restores.Record]
    private let nowMicros: Int64
    /// Positions of requests that are added or changed.
    private var touched: Set<Int> = []
    /// Of those that end in this run.
    private var ending: Set<Int> = []
    /// Of those that this run is to complete.
    private var completing: Set<Int> = []
    /// Of living ones with another end.
    private var prolonged: Set<Int> = []

    /// - known: sources whose tables can be opened; requests of others stay as they are.
    /// - completes: numbers of requests that are completed if they are due, beside those of `filing`.
    init(
        _ filed: [Restores.Record], filing: [Restores.Record], known: Set<Int64>,
        nowMicros: Int64, completes: Set<Int64>
    ) {
        let completes = completes.union(filing.map(\.id))
        requests = filed
        self.nowMicros = nowMicros
        for request in filing {
            if let index = requests.firstIndex(where: { $0.id == request.id && $0.id != 0 }) {
                if requests[index].state == .completed { prolonged.insert(index) }
                requests[index] = request
                touched.insert(index)
            } else {
                touched.insert(requests.count)
                requests.append(request)
            }
        }
        for index in requests.indices where known.contains(requests[index].source) {
            switch requests[index].state {
            case .completed where !requests[index].isAlive(atMicros: nowMicros):
                requests[index].state = .expired
                ending.insert(index)
            case .inProgress where completes.contains(requests[index].id):
                if requests[index].availableMicros <= nowMicros { completing.insert(index) }
            default: break
            }
        }
        touched.formUnion(ending.union(completing))
    }

    var hasChanges: Bool { !touched.isEmpty }

    /// False: requests are filed, and nothing comes or goes.
    var touchesCopies: Bool { !ending.union(completing).union(prolonged).isEmpty }

    /// What is to be filed, in order of number, new ones last.
    var changed: [Restores.Record] { touched.sorted().map { requests[$0] } }

    /// Whether this run brings rows of a partition.
    func brings(source: Int64, partition: Int32?) -> Bool {
        completing.contains {
            requests[$0].source == source && requests[$0].scope.covers(partition)
        }
    }

    func concerns(_ source: Int64) -> Bool {
        ending.union(completing).union(prolonged).contains { requests[$0].source == source }
    }

    /// Marks the requests whose time has come as completed by a run.
    mutating func complete(inRun runID: Int64) {
        for index in completing {
            requests[index].state = .completed
            requests[index].asOfRun = runID
            requests[index].completedMicros = nowMicros
            requests[index].expiresMicros = RestorePeriod.expiry(
                fromMicros: nowMicros, days: requests[index].days)
            requests[index].rowCount = 0
            requests[index].sizeBytes = 0
        }
    }

    /// Adds what a copy brings to the requests that this run completes: of its bytes, the share of their rows.
    mutating func count(rows: [Int: Int64], of file: DataFile) {
        for (index, count) in rows where completing.contains(index) {
            requests[index].rowCount += count
            let share = Double(count) / Double(max(1, file.recordCount))
            requests[index].sizeBytes += Int64(Double(file.fileSizeBytes) * min(1, share))
        }
    }

    /// Who asks for rows of a partition.
    struct Askers {
        /// Positions of living requests.
        var alive: [Int] = []
        /// One of them is completed by this run.
        var isNew = false
        /// One that was alive before has ended.
        var hasEnded = false
    }

    func askers(
        source: Int64, partition: Int32?, archivedSince sequence: Int64
    ) -> Askers {
        var askers = Askers()
        for (index, request) in requests.enumerated()
        where request.source == source && request.covers(partition, archivedSince: sequence) {
            if request.isAlive(atMicros: nowMicros) {
                askers.alive.append(index)
                if completing.contains(index) { askers.isNew = true }
            } else if ending.contains(index) {
                askers.hasEnded = true
            }
        }
        return askers
    }
}
