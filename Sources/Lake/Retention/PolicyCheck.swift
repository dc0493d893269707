import Columnar

/// What a table's retention rules would do at one moment, and which of them never will.
package struct PolicyReport: Hashable, Sendable {
    /// Partitions, rows and bytes of Parquet.
    package struct Amount: Hashable, Sendable {
        package var partitions = 0
        package var rows: Int64 = 0
        /// Of a file whose rows go different ways, the share of these rows.
        package var bytes: Int64 = 0
        /// The earliest and latest partition, by its folder's name.
        package var first: String?
        package var last: String?

        mutating func add(_ name: String, rows: Int64, bytes: Int64) {
            if last != name { partitions += 1 }
            self.rows += rows
            self.bytes += bytes
            if first == nil { first = name }
            last = name
        }
    }

    /// One rule, and what it would move now.
    package struct Rule: Hashable, Sendable {
        package var rule: RetentionRule
        package var due = Amount()
        /// Why it never acts; nil if it may.
        package var idleReason: String?
    }

    /// One hold, and what it keeps from rules that are due.
    package struct Hold: Hashable, Sendable {
        package var hold: Holds.Record
        package var kept = Amount()
        /// It names an account or a key that the table cannot tell, and so holds all of it.
        package var isForAllRows = false
    }

    package var definition: TableDefinition
    package var nowMicros: Int64
    package var rules: [Rule] = []
    package var holds: [Hold] = []
    /// Partitions of which nothing goes anywhere, archived ones too.
    package var settled = Amount()
    /// Rows without a value in the partition column: they stay.
    package var undatedRows: Int64 = 0
}

extension Lake {
    /// The retention rules of one table, or of all that have any, with what is due at `nowMicros`.
    ///
    /// Partitions whose rows have different fates are read, as far as conditions need them; nothing is
    /// changed. Throws `tableNotFound` for a table without schema file.
    package func checkPolicy(
        table name: String?, nowMicros: Int64, pool: BufferPool
    ) throws(LakeError) -> [PolicyReport] {
        let definitions = try definitions()
        if let name, !definitions.contains(where: { $0.name == name }) {
            throw .tableNotFound(name)
        }
        var reports: [PolicyReport] = []
        let holds = try Holds.list(database)
        for definition in definitions
        where name.map({ $0 == definition.name }) ?? !definition.retention.isEmpty {
            reports.append(
                try PolicyCheck(
                    lake: self, definition: definition, holds: holds, nowMicros: nowMicros,
                    pool: pool
                ).report())
        }
        return reports
    }
}

/// Holds one table's partitions against its rules.
private struct PolicyCheck {
    let lake: Lake
    let definition: TableDefinition
    let lifecycle: Lifecycle
    /// The same without holds.
    let unheld: Lifecycle
    let source: Int64?
    let tier: ColdTier
    let pool: BufferPool

    /// A Parquet file with rows of one partition.
    private struct File {
        var path: String
        var rows: Int64
        var bytes: Int64
        var storageClass: StorageClass?
    }

    init(
        lake: Lake, definition: TableDefinition, holds: [Holds.Record], nowMicros: Int64,
        pool: BufferPool
    ) throws(LakeError) {
        self.lake = lake
        self.definition = definition
        self.pool = pool
        source = try Sources.known(definition.name, lake.database)
        tier = try ColdTier(lake: lake.path, database: lake.database)
        lifecycle = Lifecycle(definition, source: source, holds: holds, nowMicros: nowMicros)
        unheld = Lifecycle(definition, source: source, holds: [], nowMicros: nowMicros)
    }

    func report() throws(LakeError) -> PolicyReport {
        var report = PolicyReport(definition: definition, nowMicros: lifecycle.nowMicros)
        report.rules = definition.retention.map { rule in
            PolicyReport.Rule(rule: rule, idleReason: idleReason(rule))
        }
        report.holds = lifecycle.holds.map { hold in
            PolicyReport.Hold(hold: hold, isForAllRows: !lifecycle.canSingleOut(hold))
        }.filter { $0.hold.source != nil || !$0.isForAllRows }
        guard let source, try lake.catalog.load(definition.name) != nil else { return report }
        let table = try IcebergTable.open(definition.name, in: lake.catalog, lakeFolder: lake.path)
        let live = try liveFiles(of: table, source: source, &report)
        let archived = try archivedFiles(source)
        for value in Set(live.keys).union(archived.keys).sorted() {
            let name = table.metadata.partitionSpec.folderName(
                of: [.int(Int64(value))], in: table.metadata.schema)
            for files in [live[value] ?? [], archived[value] ?? []] where !files.isEmpty {
                let verdict = lifecycle.verdict(
                    partition: value, sizeBytes: files.reduce(0) { $0 &+ $1.bytes })
                for file in files {
                    try weigh(file, name, partition: value, verdict, table, &report)
                }
            }
        }
        return report
    }

    /// Files of the snapshot by partition, without temporary copies.
    private func liveFiles(
        of table: IcebergTable, source: Int64, _ report: inout PolicyReport
    ) throws(LakeError) -> [Int32: [File]] {
        let copies = Set(try RestoredFiles.list(lake.database, source: source).map(\.path))
        var files: [Int32: [File]] = [:]
        for live in try table.currentSnapshot?.liveFiles() ?? []
        where !copies.contains(live.file.path) {
            guard case .int(let value)? = live.file.partition.first else {
                report.undatedRows += live.file.recordCount
                continue
            }
            let path = try table.location.resolve(live.file.path)
            files[Int32(clamping: value), default: []].append(
                File(
                    path: path, rows: live.file.recordCount, bytes: live.file.fileSizeBytes,
                    storageClass: tier.holds(path) ? .glacierIR : nil))
        }
        return files
    }

    private func archivedFiles(_ source: Int64) throws(LakeError) -> [Int32: [File]] {
        var files: [Int32: [File]] = [:]
        for record in try ColdFiles.list(lake.database, source: source) {
            guard let partition = record.partition else { continue }
            files[partition, default: []].append(
                File(
                    path: record.place == .cold
                        ? tier.absolute(record.path) : "\(lake.path)/\(record.path)",
                    rows: record.rowCount, bytes: record.sizeBytes,
                    storageClass: record.storageClass))
        }
        return files
    }

    /// Adds a file's rows to the rules, or the hold, that they follow.
    private func weigh(
        _ file: File, _ name: String, partition: Int32, _ verdict: Lifecycle.Verdict,
        _ table: IcebergTable, _ report: inout PolicyReport
    ) throws(LakeError) {
        if let hold = verdict.hold {
            let isDue = !unheld.verdict(partition: partition, sizeBytes: file.bytes).isEmpty
            guard isDue else {
                report.settled.add(name, rows: file.rows, bytes: file.bytes)
                return
            }
            report.keep(hold, name, rows: file.rows, bytes: file.bytes)
            return
        }
        var rows: [RetentionRule?: Int64] = [verdict.common: file.rows]
        var held: [Int64: Int64] = [:]
        if !verdict.isUniform {
            (rows, held) = try census(of: file, verdict, table.metadata.schema)
        }
        func bytes(_ count: Int64) -> Int64 {
            Int64(Double(file.bytes) * Double(count) / Double(max(1, file.rows)))
        }
        for hold in verdict.rowHolds {
            guard let count = held[hold.id], count > 0 else { continue }
            report.keep(hold, name, rows: count, bytes: bytes(count))
        }
        for (rule, count) in rows.sorted(by: { $0.key?.id ?? "" < $1.key?.id ?? "" }) {
            guard let rule, rule.action.isBelow(file.storageClass) else {
                report.settled.add(name, rows: count, bytes: bytes(count))
                continue
            }
            guard let index = report.rules.firstIndex(where: { $0.rule.id == rule.id })
            else { continue }
            report.rules[index].due.add(name, rows: count, bytes: bytes(count))
        }
    }

    /// Rows of a file by rule, and by hold those that a rule would take.
    private func census(
        of file: File, _ verdict: Lifecycle.Verdict, _ schema: Schema
    ) throws(LakeError) -> (rules: [RetentionRule?: Int64], holds: [Int64: Int64]) {
        let all = RowVerdicts(verdict, definition, schema: schema)
        let wanted = all.columns
        let verdicts = RowVerdicts(
            verdict, definition, schema: Schema(wanted.map { schema.fields[$0] }))
        var counts: [RowVerdicts.Fate: Int64] = [:]
        // Nothing to look at: no condition can be fulfilled.
        if wanted.isEmpty { return ([verdict.common: file.rows], [:]) }
        do throws(ColumnarError) {
            let scan = try ParquetScan(
                files: [ParquetScanFile(path: file.path, fileIndex: 0)], schema: schema,
                request: ScanRequest(columns: wanted.map { ScanColumn(index: $0) }), pool: pool,
                options: ParquetReadOptions(verifiesChecksums: true))
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: Limits.batchRows) {
                    var columns: [Column] = []
                    for column in batch.columns { columns.append(try column.resolved()) }
                    for fate in try verdicts.fates(of: columns, count: batch.count, pool: pool) {
                        counts[fate, default: 0] += 1
                    }
                }
            }
        } catch {
            throw .columnar(error)
        }
        var rules: [RetentionRule?: Int64] = [:]
        var holds: [Int64: Int64] = [:]
        for (fate, count) in counts {
            switch fate {
            case .common: rules[verdict.common, default: 0] += count
            case .rule(let index): rules[verdict.conditional[index], default: 0] += count
            case .held(let index): holds[verdict.rowHolds[index].id, default: 0] += count
            }
        }
        return (rules, holds)
    }

    /// Why a rule never acts, whatever comes.
    private func idleReason(_ rule: RetentionRule) -> String? {
        guard rule.isEnabled else { return "it is disabled" }
        let faster = definition.retention.first { other in
            other.isEnabled && other.id != rule.id && other.outruns(rule)
                // Of two that outrun each other the first acts.
                && (!rule.outruns(other) || precedes(other, rule))
        }
        return faster.map { "\($0.id) goes as far for all its rows, and is due no later" }
    }

    private func precedes(_ a: RetentionRule, _ b: RetentionRule) -> Bool {
        let ids = definition.retention.map(\.id)
        return ids.firstIndex(of: a.id) ?? 0 < ids.firstIndex(of: b.id) ?? 0
    }
}

extension PolicyReport {
    fileprivate mutating func keep(
        _ hold: Holds.Record, _ name: String, rows: Int64, bytes: Int64
    ) {
        guard let index = holds.firstIndex(where: { $0.hold.id == hold.id }) else { return }
        holds[index].kept.add(name, rows: rows, bytes: bytes)
    }
}
