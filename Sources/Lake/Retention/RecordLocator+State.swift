import Columnar
import Glibc

/// What lies beside a record's rows: its raw file, what is remembered of it, packs, quarantine, requests.
extension RecordLocator {
    /// What is remembered of a raw file.
    func state(ofPath path: String) throws(LakeError) -> RawFileState? {
        guard let source else { return nil }
        let (folder, name) = RowLedger.parts(of: path)
        let finder = try RawFiles.Finder(lake.database, source: source)
        guard let row = try finder.chunk(of: Array(folder.utf8), owning: Array(name.utf8))
        else { return nil }
        var entries = RawFileChunk.Entries()
        guard row.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
            throw RawFileChunk.damaged(folder: row.folder)
        }
        for index in 0..<entries.count where entries.name(index).elementsEqual(name.utf8) {
            return entries.states[index]
        }
        return nil
    }

    /// The raw file whose row has a key, from a pass over all that is remembered; nil if none has.
    func rawPath(ofKey hash: UInt64) throws(LakeError) -> String? {
        guard let source else { return nil }
        if definition.raw.format.holdsMany {
            let reader = RecordFiles.Reader(lake.database.path, source: source)
            var path = ""
            while let next = try reader.next(after: path) {
                if next.entries.find(hash) != nil { return next.path }
                path = next.path
            }
            return nil
        }
        let cursor = try RawFiles.Cursor(lake.database, source: source)
        var entries = RawFileChunk.Entries()
        while let row = try cursor.peek() {
            cursor.advance()
            entries.removeAll()
            guard row.entries.withUnsafeBytes({ entries.append(chunk: $0) }) else {
                throw RawFileChunk.damaged(folder: row.folder)
            }
            for index in 0..<entries.count
            where entries.states[index].flags.contains(.hasRow)
                && entries.states[index].keyHash == hash
            {
                return String(decoding: row.folder + entries.name(index), as: UTF8.self)
            }
        }
        return nil
    }

    /// Records of a file that holds many; nil of one that holds one.
    func recordCount(_ path: String) throws(LakeError) -> Int? {
        guard let source, definition.raw.format.holdsMany else { return nil }
        return try RecordFiles.Reader(lake.database.path, source: source)
            .entries(of: path).entries.count
    }

    /// The raw file as it is now.
    func raw(_ path: String, _ state: RawFileState?) throws(LakeError) -> RecordPlaces.Raw {
        guard let raw = try lake.rawRoot() else {
            return .unreachable(reason: "the lake has no raw folder")
        }
        let isMarked = try Settings.get(.rawIsMarked, lake.database) == "1"
        let root: RawRootHandle
        do throws(LakeError) {
            root = try RawRoot.open(raw, isMarked: isMarked)
        } catch .invalidLocation(_, let reason) {
            return .unreachable(reason: reason)
        } catch .io(_, _, let number) {
            return .unreachable(reason: String(cString: strerror(number)))
        }
        var status = Glibc.stat()
        guard fstatat(root.descriptor, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            let number = errno
            if number == ENOENT || number == ENOTDIR { return .absent(Self.absence(state)) }
            return .unreachable(reason: String(cString: strerror(number)))
        }
        let stat = FileStat(status)
        return .present(
            sizeBytes: stat.sizeBytes, modifiedMicros: stat.modifiedNanos / 1_000,
            rawState(stat, state))
    }

    private static func absence(_ state: RawFileState?) -> RecordPlaces.Absence {
        guard let flags = state?.flags else { return .unknown }
        if flags.contains(.isExpired) { return .expired }
        if flags.contains(.isCold) { return .packed }
        return flags.contains(.isVanished) ? .vanished : .missing
    }

    private func rawState(
        _ stat: FileStat, _ state: RawFileState?
    ) -> RecordPlaces.RawState {
        guard let state else {
            let isSettled = stat.isSettled(
                nowNanos: nowMicros.multipliedReportingOverflow(by: 1_000).partialValue,
                windowNanos: CompactionOptions.standardInFlightNanos)
            return isSettled ? .untaken : .inFlight
        }
        if state.flags.contains(.isReturned) { return .returned }
        if state.hint == .none { return .unsettled }
        guard state.hint == StatHint(stat) else { return .changed }
        return state.flags.contains(.isCold) ? .returned : .taken
    }

    /// When a raw file will have been left alone for the table's quiet days.
    func quietUntil(_ raw: RecordPlaces.Raw?) -> Int64? {
        guard case .present(_, let modified, _)? = raw else { return nil }
        let days = Int64(definition.settings.quietDays) * CivilTime.microsPerDay
        let (until, overflow) = modified.addingReportingOverflow(days)
        return overflow ? nil : until
    }

    func quarantineReason(_ path: String) throws(LakeError) -> String? {
        guard let source else { return nil }
        let statement = try lake.database.prepare(
            "SELECT reason FROM quarantine WHERE source = ?1 AND path = ?2")
        try statement.bind([.integer(source), .text(path)])
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return statement.text(0)
    }

    /// Whether a path belongs to an account that was erased.
    func isErased(_ path: String) throws(LakeError) -> Bool {
        guard let column = definition.settings.accountColumn,
            case .capture(let number) = definition.columns[column].source
        else { return false }
        let bytes = Array(path.utf8)
        guard let ranges = bytes.withUnsafeBytes({ definition.raw.captures(in: $0) }) else {
            return false
        }
        let account = String(decoding: bytes[ranges[number]], as: UTF8.self)
        return try lake.isErased(account: account)
    }

    /// Restores that were asked for and are to bring a row back.
    func restores(
        _ row: RowSearch.Hit, _ places: RecordPlaces
    ) throws(LakeError) -> [RecordPlaces.Restore] {
        guard let source else { return [] }
        return try Restores.list(lake.database, source: source).filter { request in
            let scope = request.scope
            let isOfPack = scope.pack.map { pack in places.packs.contains { $0.id == pack.id } }
            return request.state == .inProgress && isOfPack ?? true
                && scope.covers(row.file.partition)
                && scope.account.map { $0 == places.account } ?? true
                && scope.key.map { $0 == places.key } ?? true
        }.map { request in
            RecordPlaces.Restore(
                id: request.id, tier: request.tier.rawValue,
                availableMicros: request.availableMicros)
        }
    }

    /// The packs that hold a raw file, the latest first.
    ///
    /// Without the cold tier: those that must hold it, because the state says that it was packed.
    func packs(_ path: String, _ state: RawFileState) throws(LakeError) -> [RecordPlaces.Pack] {
        guard let source else { return [] }
        let hash = PackBucket.hash(ofPath: path)
        let month = RawPacking.month(of: state.partition, definition)
        var found: [RecordPlaces.Pack] = []
        for pack in try Packs.list(lake.database, source: source).reversed()
        where pack.mayHold(folderHash: hash) {
            var place = RecordPlaces.Pack(
                id: pack.id, path: tier.absolute(pack.path), storageClass: pack.storageClass,
                packedMicros: pack.packedMicros)
            do throws(LakeError) {
                let reader = try PackReader(path: place.path)
                guard let position = reader.find(path) else { continue }
                place.isCurrent = reader.entry(position).content == state.content
            } catch {
                // Not there, or damaged: what it holds is not known.
                guard state.flags.contains(.isCold), pack.month == month else { continue }
            }
            found.append(place)
        }
        return found
    }
}
