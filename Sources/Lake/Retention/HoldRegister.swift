import Columnar

/// A hold as people see it: with the name of its table.
package struct HoldEntry: Hashable, Sendable {
    package var hold: Holds.Record
    /// nil: it holds in every table.
    package var table: String?
}

/// What is asked to be held; at least one of account, key and days.
package struct HoldRequest: Hashable, Sendable {
    package var table: String?
    package var account: String?
    package var key: String?
    /// Days since 1970, both included.
    package var firstDay: Int32?
    package var lastDay: Int32?
    package var reason: String
    package var placedBy: String
    package var endsMicros: Int64?

    package init(reason: String, placedBy: String) {
        self.reason = reason
        self.placedBy = placedBy
    }
}

extension Lake {
    /// Every hold, released and ended ones too, by number.
    package func holds() throws(LakeError) -> [HoldEntry] {
        let names = try Sources.names(database)
        return try Holds.list(database).map { hold in
            HoldEntry(hold: hold, table: hold.source.map { names[$0] ?? "table \($0)" })
        }
    }

    /// Places a hold: from now on no sweep, expiry or erasure touches what it names.
    ///
    /// Throws `invalidHold` if no table's rows can be told by what it names, and `busy` while another
    /// process writes. `holds.json` has it before the database has: it never knows of fewer holds.
    package func placeHold(
        _ request: HoldRequest, nowMicros: Int64, lock: LakeLock.Request
    ) throws(LakeError) -> HoldEntry {
        try check(request, nowMicros: nowMicros)
        let held = try takeLock(lock)
        defer { withExtendedLifetime(held) {} }
        var hold = Holds.Record(
            reason: request.reason, placedBy: request.placedBy, placedMicros: nowMicros)
        if let table = request.table {
            hold.source = try database.transaction { () throws(LakeError) in
                try Sources.id(of: table, database)
            }
        }
        hold.account = request.account
        hold.key = request.key
        hold.firstDay = request.firstDay
        hold.lastDay = request.lastDay
        hold.endsMicros = request.endsMicros
        var entries = try holds()
        hold.id = (entries.last?.hold.id ?? 0) + 1
        let entry = HoldEntry(hold: hold, table: request.table)
        entries.append(entry)
        try HoldFile.write(entries, lake: path)
        try database.transaction { () throws(LakeError) in try Holds.add(database, hold) }
        return entry
    }

    /// Releases a hold: the next sweep does what is due by then.
    ///
    /// Throws `invalidHold` for one that is not there or was released before.
    package func releaseHold(
        _ id: Int64, by: String, reason: String, nowMicros: Int64, lock: LakeLock.Request
    ) throws(LakeError) -> HoldEntry {
        let held = try takeLock(lock)
        defer { withExtendedLifetime(held) {} }
        guard let entry = try holds().first(where: { $0.hold.id == id }) else {
            throw .invalidHold(reason: "there is no hold \(id)", remedy: "see: lake hold list")
        }
        guard entry.hold.releasedMicros == nil else {
            throw .invalidHold(
                reason: "hold \(id) was released before", remedy: "see: lake hold list --all")
        }
        try database.transaction { () throws(LakeError) in
            try Holds.release(database, id: id, by: by, reason: reason, atMicros: nowMicros)
        }
        let entries = try holds()
        try HoldFile.write(entries, lake: path)
        return entries.first { $0.hold.id == id } ?? entry
    }

    private func check(_ request: HoldRequest, nowMicros: Int64) throws(LakeError) {
        guard
            request.account != nil || request.key != nil || request.firstDay != nil
                || request.lastDay != nil
        else {
            throw .invalidHold(
                reason: "a hold needs an account, a key or days",
                remedy: "to hold a whole table, hold its days from 0001-01-01 on")
        }
        if let first = request.firstDay, let last = request.lastDay, first > last {
            throw .invalidHold(reason: "its last day is before its first", remedy: "swap them")
        }
        if let ends = request.endsMicros, ends <= nowMicros {
            throw .invalidHold(
                reason: "it would have ended already", remedy: "name a day to come, or none")
        }
        let definitions = try definitions()
        guard let table = request.table else {
            if definitions.contains(where: { request.obstacle(in: $0) == nil }) { return }
            let reasons = definitions.compactMap { request.obstacle(in: $0) }
            throw .invalidHold(
                reason: "no table has such rows: " + reasons.joined(separator: "; "),
                remedy: "see: lake schema list")
        }
        guard let definition = definitions.first(where: { $0.name == table }) else {
            throw .invalidHold(
                reason: "no schema file describes a table '\(table)'",
                remedy: "see: lake schema list")
        }
        if let obstacle = request.obstacle(in: definition) {
            throw .invalidHold(
                reason: obstacle, remedy: "hold by what the table has, or by days")
        }
    }
}

extension HoldRequest {
    /// Why a table's rows cannot be told by it; nil if they can.
    fileprivate func obstacle(in definition: TableDefinition) -> String? {
        if let account {
            guard let column = definition.settings.accountColumn else {
                return "\(definition.name) has no account column"
            }
            if let problem = Self.misfit(account, definition.columns[column], definition.name) {
                return problem
            }
        }
        if let key {
            let keys = definition.keyColumns
            guard keys.count == 1 else {
                return "a key of \(definition.name) has \(keys.count) columns"
            }
            if let problem = Self.misfit(key, definition.columns[keys[0]], definition.name) {
                return problem
            }
        }
        if firstDay != nil || lastDay != nil, definition.partition == nil {
            return "\(definition.name) has no partition column, so its rows have no day"
        }
        return nil
    }

    private static func misfit(
        _ text: String, _ column: ColumnDefinition, _ table: String
    ) -> String? {
        ColumnLiteral.value(ofText: text, column.type) == nil
            ? "'\(text)' is no \(column.type), which \(table).\(column.name) is" : nil
    }
}
