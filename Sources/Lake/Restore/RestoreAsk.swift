import Columnar

/// What somebody asks back of a table.
package struct RestoreAsk: Hashable, Sendable {
    package var table: String
    /// Days since 1970 of the rows' partition column, both ends included; nil restricts nothing.
    package var firstDay: Int32?
    package var lastDay: Int32?
    package var account: String?
    /// The text of the table's only key column.
    package var key: String?
    /// The number of a pack.
    package var pack: Int64?
    /// nil: standard.
    package var tier: RestoreTier?
    /// nil: `RestorePeriod.standardDays`.
    package var days: Int?

    package init(table: String) {
        self.table = table
    }
}

/// Why a restore was refused; nothing was changed.
package enum RestoreRefusal: Hashable, Sendable {
    /// S3's ObjectAlreadyInActiveTierError: nothing of the scope is archived.
    case notArchived(table: String)
    /// S3's RestoreAlreadyInProgress.
    case inProgress(id: Int64, tier: RestoreTier, days: Int, availableMicros: Int64)
    /// S3's GlacierExpeditedRetrievalNotAvailable: DEEP_ARCHIVE knows no expedited tier.
    case noExpedited(table: String)
    /// The schema file names no account column.
    case noAccount(table: String)
    /// A key of several columns, or one that is neither text nor a whole number.
    case noSingleKey(table: String)
    case noPack(id: Int64, table: String)
    /// Its account is suppressed.
    case erased
}

/// A request held against what is archived and what was asked before: S3's rules.
struct RestoreDesk {
    let table: LakeTable
    let settings: ColdSettings
    let suppressions: Suppressions
    let database: Database
    let nowMicros: Int64

    /// What is archived of a scope.
    struct Found {
        var scope: RestoreScope
        /// Cold files that may hold rows of it.
        var files: [ColdFiles.Record] = []

        var partitions: Set<Int32?> { Set(files.map(\.partition)) }
        var rowCount: Int64 { files.reduce(0) { $0 &+ $1.rowCount } }
        var sizeBytes: Int64 { files.reduce(0) { $0 &+ $1.sizeBytes } }
    }

    private var name: String { table.definition.name }

    /// The files that an ask may need; throws `restore` if there are none.
    func find(_ ask: RestoreAsk) throws(LakeError) -> Found {
        var found = Found(scope: try scope(ask))
        let filter = ScopeFilter([found.scope], table)
        for file in try ColdFiles.list(database, source: table.source)
        where found.scope.covers(file.partition) && !filter.isNever {
            let entry = try DataFileBytes.decode(
                file.entry, specID: file.specID, metadata: table.metadata, path: file.path)
            let pruning = FilePruning(
                schema: table.schema, spec: table.metadata.partitionSpec(id: file.specID),
                predicates: filter.predicates)
            if pruning.mayMatch(entry) { found.files.append(file) }
        }
        guard !found.files.isEmpty else { throw .restore(.notArchived(table: name)) }
        return found
    }

    /// The requests that an ask changes or adds; those to be added have no number yet.
    func requests(for ask: RestoreAsk) throws(LakeError) -> [Restores.Record] {
        let found = try find(ask)
        let known = try Restores.list(database, source: table.source).filter {
            $0.scope == found.scope
        }
        if let running = known.last(where: { $0.state == .inProgress }) {
            return [try hastened(running, ask, found)]
        }
        let days = ask.days ?? RestorePeriod.standardDays
        var changed = known.filter { $0.isAlive(atMicros: nowMicros) }
        for index in changed.indices {
            changed[index].days = days
            changed[index].expiresMicros = RestorePeriod.expiry(fromMicros: nowMicros, days: days)
        }
        // What was archived since then was never asked back.
        let since = try ArchivedPartitions(
            database, source: table.source, nowMicros: nowMicros
        ).partitions
        var rest = found
        rest.files.removeAll { file in
            changed.contains {
                $0.brought(file, archivedSince: since[file.partition]?.since ?? .max)
            }
        }
        guard !rest.files.isEmpty else { return changed }
        let tier = ask.tier ?? .standard
        var request = Restores.Record(
            source: table.source, scope: found.scope, tier: tier, days: days,
            requestedMicros: nowMicros, availableMicros: try available(tier, rest))
        request.rowCount = rest.rowCount
        request.sizeBytes = rest.sizeBytes
        return changed + [request]
    }

    /// While a request is in progress only a faster tier may be asked for, and nothing else changed.
    private func hastened(
        _ running: Restores.Record, _ ask: RestoreAsk, _ found: Found
    ) throws(LakeError) -> Restores.Record {
        guard let tier = ask.tier, tier.isFaster(than: running.tier),
            ask.days ?? running.days == running.days
        else {
            throw .restore(
                .inProgress(
                    id: running.id, tier: running.tier, days: running.days,
                    availableMicros: running.availableMicros))
        }
        var request = running
        request.tier = tier
        request.availableMicros = min(running.availableMicros, try available(tier, found))
        return request
    }

    private func available(_ tier: RestoreTier, _ found: Found) throws(LakeError) -> Int64 {
        var delay: Int64 = 0
        for storage in Set(found.files.map(\.storageClass)) {
            if storage == .deepArchive, tier == .expedited {
                throw .restore(.noExpedited(table: name))
            }
            delay = max(delay, settings.delayMicros(storage, tier))
        }
        return nowMicros.addingReportingOverflow(delay).partialValue
    }

    private func scope(_ ask: RestoreAsk) throws(LakeError) -> RestoreScope {
        var scope = RestoreScope()
        scope.firstPartition = ask.firstDay.map { partitions(ofDay: $0).lowerBound }
        scope.lastPartition = ask.lastDay.map { partitions(ofDay: $0).upperBound }
        if let account = ask.account {
            guard table.definition.settings.accountColumn != nil else {
                throw .restore(.noAccount(table: name))
            }
            if suppressions.contains(account) { throw .restore(.erased) }
            scope.account = account
        }
        if let key = ask.key {
            guard table.keyColumns.count == 1,
                ScopeFilter.isNameable(table.schema.fields[table.keyColumns[0]].type)
            else { throw .restore(.noSingleKey(table: name)) }
            scope.key = key
        }
        guard let pack = ask.pack else { return scope }
        guard database.version >= ColdFiles.version else {
            throw .restore(.noPack(id: pack, table: name))
        }
        let statement = try database.prepare(
            """
            SELECT bucket, buckets, first_partition, last_partition FROM packs
            WHERE id = ?1 AND source = ?2
            """)
        try statement.bind([.integer(pack), .integer(table.source)])
        guard try statement.step() else {
            throw .restore(.noPack(id: pack, table: name))
        }
        scope.pack = .init(id: pack, bucket: statement.integer(0), buckets: statement.integer(1))
        if !table.definition.raw.format.holdsMany, !statement.isNull(2), !statement.isNull(3) {
            let first = Int32(truncatingIfNeeded: statement.integer(2))
            let last = Int32(truncatingIfNeeded: statement.integer(3))
            // What is out of order says nothing.
            if first <= last {
                scope.firstPartition = max(first, scope.firstPartition ?? .min)
                scope.lastPartition = min(last, scope.lastPartition ?? .max)
            }
        }
        statement.reset()
        return scope
    }

    /// The partitions that hold rows of a day.
    private func partitions(ofDay day: Int32) -> ClosedRange<Int32> {
        switch table.definition.partition?.transform {
        case nil, .day: return day...day
        case .hour:
            let first = Int64(day) * 24
            return Int32(clamping: first)...Int32(clamping: first + 23)
        case .month:
            let month = PartitionTransform.month.value(
                micros: Int64(day) * CivilTime.microsPerDay)
            return month...month
        }
    }
}

extension RestoreTier {
    func isFaster(than other: RestoreTier) -> Bool {
        // Cases stand in that order.
        (Self.allCases.firstIndex(of: self) ?? 0) < (Self.allCases.firstIndex(of: other) ?? 0)
    }
}
