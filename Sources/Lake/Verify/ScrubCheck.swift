import Columnar
import Glibc

/// Reads one file and holds it against what is known of it.
struct ScrubCheck: Sendable {
    let pool: BufferPool
    let errorText: @Sendable (LakeError) -> String
    let isCancelled: @Sendable () -> Bool

    /// What is wrong with a file; nil if it is whole.
    ///
    /// Throws only when cancelled, or if memory ends.
    func reason(_ target: ScrubTarget) throws(LakeError) -> String? {
        do throws(LakeError) {
            if let wanted = target.sizeBytes {
                var status = stat()
                guard stat(target.path, &status) == 0 else {
                    return errno == ENOENT ? "the file is missing" : "errno \(errno)"
                }
                guard Int64(status.st_size) == wanted else {
                    return "it has \(status.st_size) bytes instead of \(wanted)"
                }
            }
            FileDigest.dropCached(target.path)
            return try read(target)
        } catch {
            switch error {
            case .columnar(.cancelled), .columnar(.memoryLimit): throw error
            default: return errorText(error)
            }
        }
    }

    private func read(_ target: ScrubTarget) throws(LakeError) -> String? {
        let path = target.path
        switch target.expectation {
        case .database:
            let database = try Database.open(path: path, access: .readOnly)
            database.interrupt(when: isCancelled)
            let findings = try database.integrityFindings(isFull: true)
            return findings.isEmpty ? nil : findings.joined(separator: "; ")
        case .catalog:
            _ = try ColdCatalog.read(path)
            return nil
        case .metadata:
            _ = try MetadataFile.read(path)
            return nil
        case .manifestList:
            _ = try ManifestList.read(DurableFile.read(path), path: path)
            return nil
        case .manifest(let manifest, let table):
            let live = try table.entries(of: manifest).count(where: \.isLive)
            let said = manifest.added.files + manifest.existing.files
            guard !manifest.hasCounts || Int64(live) == said else {
                return "it holds \(live) live files, its list says \(said)"
            }
            return nil
        case .data(let rowCount): return try parquet(path, rowCount: rowCount)
        case .cold(let sha256, let rowCount):
            guard try FileDigest.ofFile(path, isCancelled: isCancelled).sha256 == sha256 else {
                return "its bytes do not match their SHA-256"
            }
            return try parquet(path, rowCount: rowCount)
        case .pack(let sha256):
            let reader = try PackReader(path: path, isFresh: true)
            guard try reader.verify(pool: pool, isCancelled: isCancelled) == sha256 else {
                return "it is another pack than was filed"
            }
            return nil
        }
    }

    private func parquet(_ path: String, rowCount: Int64) throws(LakeError) -> String? {
        let verdict: ParquetVerdict
        do throws(ColumnarError) {
            verdict = try ParquetVerification.verify(path: path, pool: pool)
        } catch {
            throw .columnar(error)
        }
        if let finding = verdict.findings.first(where: { $0.kind != .unsupported }) {
            let more = verdict.findings.count + verdict.omittedFindings - 1
            return "\(finding.location): \(finding.message)"
                + (more > 0 ? ", and \(more) more" : "")
        }
        guard Int64(verdict.rowCount) == rowCount else {
            return "it has \(verdict.rowCount) rows instead of \(rowCount)"
        }
        return nil
    }
}
