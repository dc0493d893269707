import Columnar

/// What would be erased, or why it may not be.
package struct ErasurePreview: Hashable, Sendable {
    /// Rows, those of archived files among them, by table.
    package var rows: [String: Int] = [:]
    package var dataFiles = 0
    package var archivedFiles = 0
    package var rawFiles = 0
}

extension Lake {
    /// Forgets an account everywhere, and proves it; goes on where an erasure of it was ended.
    ///
    /// Throws `busy` while another process writes, `held` if a legal hold is in the way, `unknownAccount` if the
    /// lake knows nothing of it. After an error the account stays hidden, if it was hidden before.
    package func erase(
        account: String, identity: RunIdentity, options: ErasureOptions, pool: BufferPool
    ) throws(LakeError) -> ErasureReceipt {
        let lock = try takeLock(options.lock, makesRoom: true)
        defer { withExtendedLifetime(lock) {} }
        var identity = identity
        var retries = 0
        while true {
            do throws(LakeError) {
                return try erasure(of: account, identity, options, pool).run()
            } catch .conflict(let table) {
                // Another client was first: all is done again on what it left.
                guard retries < Limits.commitRetries else { throw .conflict(table: table) }
                identity = identity.next
                retries += 1
            }
        }
    }

    /// What an erasure would find; changes nothing but a database of an older version.
    package func previewErasure(
        of account: String, identity: RunIdentity, options: ErasureOptions, pool: BufferPool
    ) throws(LakeError) -> ErasurePreview {
        let lock = try takeLock(options.lock)
        defer { withExtendedLifetime(lock) {} }
        let plan = try erasure(of: account, identity, options, pool).plan()
        var preview = ErasurePreview()
        for table in plan.tables {
            if table.rowCount > 0 { preview.rows[table.iceberg.name] = table.rowCount }
            for file in table.files {
                switch file.origin {
                case .live: preview.dataFiles += 1
                case .cold: preview.archivedFiles += 1
                case .past: continue
                }
            }
            preview.rawFiles += table.state.contents.count
        }
        preview.rawFiles += plan.raw.captured.count
        return preview
    }

    private func erasure(
        of account: String, _ identity: RunIdentity, _ options: ErasureOptions, _ pool: BufferPool
    ) throws(LakeError) -> AccountErasure {
        let seed = try Settings.get(.keySeed, database).flatMap { UInt64($0, radix: 16) }
        guard let seed else { throw .notALake(path: path, reason: "its key seed is missing") }
        let isMarked = try Settings.get(.rawIsMarked, database) == "1"
        return AccountErasure(
            lake: path, database: database, definitions: try definitions(), account: account,
            root: try rawRoot().map { (raw) throws(LakeError) in
                try RawRoot.open(raw, isMarked: isMarked)
            },
            cold: try ColdTier(lake: path, database: database), keySeed: seed,
            identity: identity, options: options, pool: pool, search: AccountSearch(account))
    }
}
