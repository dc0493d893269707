import Columnar

/// The packs that hold raw files of an account: written anew without them.
struct ErasedPacks {
    let erasure: AccountErasure

    /// Copies what stays; nothing points to the copies yet.
    ///
    /// All packs of a table are looked into: one may hold a version, or a file, that nobody remembers any
    /// more. A pack that cannot be read is told as left.
    func prepare(
        _ tables: [ErasureSurvey.Table], _ receipt: inout ErasureReceipt
    ) throws(LakeError) -> [PackRewrite.Prepared] {
        let captures = Suppressions.captures(of: erasure.definitions)
        let rewrite = PackRewrite(
            database: erasure.database, tier: erasure.cold, identity: erasure.identity,
            pool: erasure.pool, isCancelled: erasure.options.isCancelled)
        var prepared: [PackRewrite.Prepared] = []
        for table in tables where !table.isMetrics {
            let paths = AccountPaths(
                table.definition.raw, captures: captures, account: erasure.account)
            let own = Set(table.state.contents.keys)
            guard !paths.captures.isEmpty || !own.isEmpty else { continue }
            for pack in try Packs.list(erasure.database, source: table.source) {
                do throws(LakeError) {
                    let changed = try rewrite.prepare(pack) {
                        paths.contains($0.path) || own.contains($0.path)
                    }
                    guard let changed else { continue }
                    prepared.append(changed)
                } catch {
                    guard rewrite.isDamage(error, of: pack) else { throw error }
                    receipt.left.append(
                        .init(path: pack.path, reason: "the pack cannot be read"))
                }
            }
        }
        return prepared
    }

    /// Puts the new packs in the old ones' places; inside the erasure's transaction.
    func publish(
        _ prepared: [PackRewrite.Prepared], _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        for pack in prepared {
            try pack.publish(erasure.database)
            receipt.add(.packsRewritten, 1)
            receipt.add(.packedFilesRemoved, pack.droppedFiles)
            guard let new = pack.new else { continue }
            receipt.written.append(.init(path: new.path, sha256: SuppressionFile.hex(new.sha256)))
        }
    }
}
