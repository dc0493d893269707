import Columnar
import Glibc

/// Packs: there, with their size; if everything is read, whole, and with all that is said to be in them.
extension Doctor {
    func examinePacks(_ database: Database, _ diagnosis: inout Diagnosis) throws(LakeError) {
        let packs = try Packs.list(database)
        guard !packs.isEmpty else { return }
        let tier = try ColdTier(lake: lake, database: database)
        guard try tier.isMounted() else {
            return diagnosis.add(
                .warning, tier.path, "the cold tier is not there, with \(packs.count) packs",
                advice: "mount it; swept raw files cannot be read until then")
        }
        for pack in packs {
            if options.isCancelled() { throw .columnar(.cancelled) }
            try examine(pack, at: tier.absolute(pack.path), &diagnosis)
        }
        guard options.isFull else { return }
        for source in Set(packs.map(\.source)).sorted() {
            try examineSwept(
                database, source, packs.filter { $0.source == source }, tier, &diagnosis)
        }
    }

    private static let packAdvice = "bring the file back from another copy; its raw files are gone"

    private func examine(
        _ pack: Packs.Record, at path: String, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            return diagnosis.add(
                .damage, path, String(cString: strerror(errno)), advice: Self.packAdvice)
        }
        guard Int64(status.st_size) == pack.sizeBytes else {
            return diagnosis.add(
                .damage, path, "it has \(status.st_size) bytes instead of \(pack.sizeBytes)",
                advice: Self.packAdvice)
        }
        guard options.isFull else { return }
        do throws(LakeError) {
            let digest = try PackReader(path: path).verify(
                pool: pool, isCancelled: options.isCancelled)
            guard digest != pack.sha256 else { return }
            diagnosis.add(
                .damage, path, "it is another pack than was filed", advice: Self.packAdvice)
        } catch {
            try report(error, at: path, advice: Self.packAdvice, &diagnosis)
        }
    }

    /// Holds each swept file against the packs: the version that is remembered must be in one.
    private func examineSwept(
        _ database: Database, _ source: Int64, _ packs: [Packs.Record], _ tier: ColdTier,
        _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let packed = try PackedPaths(packs, tier, isCancelled: options.isCancelled)
        // What a damaged pack held is told once, with the pack.
        guard packed.damaged.isEmpty else { return }
        let walk = try RememberedFiles(database, source: source)
        while let file = try walk.next() {
            if options.isCancelled() { throw .columnar(.cancelled) }
            let path = file.folder + file.name
            guard file.state.flags.contains(.isCold), !file.state.flags.contains(.isExpired),
                try !packed.holds(path, file.state.content)
            else { continue }
            diagnosis.add(
                .damage, path, "it was swept, and no pack has its bytes",
                advice: "bring the file back into the raw folder")
        }
    }
}
