import Columnar
import Glibc

/// Examines a lake without changing it.
///
/// ```
///  lake.db ─► settings, raw root, schemas, runs ─► remembered files ─► each table: metadata, manifests, files
///          ─► orphans, disk      full: integrity of the whole database, every page of every file, state ⟷ rows
/// ```
/// It takes no lock. If a run commits meanwhile, what was seen before and after may not fit together: then
/// everything is looked at again.
package struct Doctor {
    package enum Severity: String, Hashable, Sendable {
        /// Something is lost or wrong.
        case damage
        /// Nothing is lost, but somebody should look.
        case warning
    }

    /// One thing that is not as it should be.
    package struct Finding: Hashable, Sendable {
        package var severity: Severity
        /// A path, or a table's name.
        package var place: String
        package var what: String
        /// What to do.
        package var advice: String
    }

    /// What was looked at.
    package struct Facts: Hashable, Sendable {
        package var tables = 0
        package var snapshots = 0
        package var dataFiles = 0
        package var dataBytes: Int64 = 0
        package var rows: Int64 = 0
        /// Raw files that are remembered, each in at least one of the classes below.
        package var remembered = 0
        package var withRow = 0
        package var quarantined = 0
        package var vanished = 0
        /// Packed by a sweep, and not in the raw folder.
        package var packed = 0
        /// Parquet outside of the snapshots, and packs of raw files.
        package var coldFiles = 0
        package var coldRows: Int64 = 0
        package var packs = 0
        package var coldBytes: Int64 = 0
        package var freeBytes: Int64 = 0
        /// What the present writer says of itself; nil if there is none.
        package var writer: String?

        package init() {}
    }

    /// The outcome.
    package struct Diagnosis: Hashable, Sendable {
        package var findings: [Finding] = []
        /// Findings beyond `Limits.doctorFindings`.
        package var omittedFindings = 0
        package var facts = Facts()
        /// Absolute paths of all files that the tables' snapshots name.
        var reachable = Set<String>()
        /// Files of a snapshot lie on the cold tier.
        var isColdTierNeeded = false

        package var isDamaged: Bool { findings.contains { $0.severity == .damage } }
        package var isClean: Bool { findings.isEmpty }

        mutating func add(
            _ severity: Severity, _ place: String, _ what: String, advice: String
        ) {
            guard findings.count < Limits.doctorFindings else {
                omittedFindings += 1
                return
            }
            findings.append(
                Finding(severity: severity, place: place, what: what, advice: advice))
        }
    }

    package struct Options: Sendable {
        /// Also reads every data file and holds the state against the rows.
        package var isFull = false
        package var nowMicros: Int64
        /// Files that nothing names are mentioned when they are older.
        package var graceMicros: Int64 = 86_400 * 1_000_000
        package var workers = 1
        package var errorText: @Sendable (LakeError) -> String = { "\($0)" }
        package var isCancelled: @Sendable () -> Bool = { false }

        package init(nowMicros: Int64) {
            self.nowMicros = nowMicros
        }
    }

    let lake: String
    let options: Options
    let pool: BufferPool

    /// Times that a lake is examined anew because a run committed meanwhile.
    private static let attempts = 3

    /// Examines the lake in a folder; throws only when cancelled, or if memory ends.
    package static func examine(
        _ lake: String, options: Options, pool: BufferPool
    ) throws(LakeError) -> Diagnosis {
        let doctor = Doctor(lake: lake, options: options, pool: pool)
        var diagnosis = Diagnosis()
        for _ in 0..<attempts {
            diagnosis = Diagnosis()
            guard let database = try doctor.openDatabase(&diagnosis) else { break }
            let version = try? database.integer("PRAGMA data_version")
            try doctor.examine(database, &diagnosis)
            if version == (try? database.integer("PRAGMA data_version")) { break }
        }
        doctor.examineDisk(&diagnosis)
        return diagnosis
    }

    static let rebuildAdvice = "lake rebuild makes a new one from the tables and the raw files"

    /// The database, if it is one of ours and sound enough to be asked.
    private func openDatabase(_ diagnosis: inout Diagnosis) throws(LakeError) -> Database? {
        let path = "\(lake)/\(Lake.databaseName)"
        guard DurableFile.exists(path) else {
            diagnosis.add(.damage, path, "the file is missing", advice: Self.rebuildAdvice)
            return nil
        }
        do throws(LakeError) {
            let database = try Database.open(path: path, access: .readOnly)
            database.interrupt(when: options.isCancelled)
            let findings = try database.integrityFindings(isFull: options.isFull)
            for finding in findings {
                diagnosis.add(.damage, path, finding, advice: Self.rebuildAdvice)
            }
            return findings.isEmpty ? database : nil
        } catch {
            let advice: String
            switch error {
            case .columnar(.cancelled): throw error
            case .newerLake: advice = "use the newer lake"
            case .busy: advice = "try again: another process is writing"
            default: advice = Self.rebuildAdvice
            }
            diagnosis.add(.damage, path, options.errorText(error), advice: advice)
            return nil
        }
    }

    private func examine(
        _ database: Database, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let steps: [(Database, inout Diagnosis) throws(LakeError) -> Void] = [
            examineSettings, examineRuns, examineState, examinePacks, examineTables, examineCold,
        ]
        for step in steps {
            do throws(LakeError) {
                if options.isCancelled() { throw .columnar(.cancelled) }
                try step(database, &diagnosis)
            } catch {
                try report(error, at: lake, advice: Self.rebuildAdvice, &diagnosis)
            }
        }
    }

    /// Turns an error into a finding; those that say nothing about the lake go on.
    func report(
        _ error: LakeError, at place: String, advice: String, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        switch error {
        case .columnar(.cancelled), .columnar(.memoryLimit): throw error
        default: diagnosis.add(.damage, place, options.errorText(error), advice: advice)
        }
    }
}
