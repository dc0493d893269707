import Columnar
import Lake

/// `lake hold …`: legal holds, which neither sweep nor expiry nor erasure may pass.
enum HoldCommands {
    static let group = CommandGroup(
        name: "hold", summary: "Keep records from sweep, expiry and erasure: legal holds",
        commands: [HoldAddCommand.self, HoldListCommand.self, HoldReleaseCommand.self],
        examples: [
            "lake hold add --account 17841400000000000 --reason 'case 12' --by ann",
            "lake hold list", "lake hold release 1 --reason 'case 12 is closed'",
        ])

    static let by = Option("by", value: "WHO", "Who says so (default: $USER)")
    static let wait = Option(
        "wait", value: "SECONDS", isValueOptional: true,
        "Wait for a run to end, at most so long (default: for ever)")

    /// Who places or releases: what is said, else the user's name.
    static func who(
        _ arguments: Arguments, _ surroundings: Surroundings, command: String
    ) throws(CommandError) -> String {
        let environment = surroundings.environment
        let who = arguments.value("by") ?? environment["USER"] ?? environment["LOGNAME"]
        guard let who, !who.isEmpty else {
            throw .usage("who says so? give --by WHO", command: command)
        }
        return who
    }

    static func reason(
        _ arguments: Arguments, command: String
    ) throws(CommandError) -> String {
        guard let reason = arguments.value("reason"), !reason.isEmpty else {
            throw .usage("why? give --reason TEXT", command: command)
        }
        return reason
    }

    static func day(
        _ arguments: Arguments, _ name: String, command: String
    ) throws(CommandError) -> Int32? {
        guard let text = arguments.value(name) else { return nil }
        guard text.utf8.count == 10, let micros = Instant.micros(text) else {
            throw .usage("--\(name) is a day like 2026-01-31, not '\(text)'", command: command)
        }
        return Int32(clamping: micros / CivilTime.microsPerDay)
    }

    static func lock(
        _ arguments: Arguments, _ surroundings: Surroundings, command: String
    ) throws(CommandError) -> LakeLock.Request {
        let wait = try arguments.integer("wait", minimum: 0, command: command)
        var lock = LakeLock.Request()
        lock.note = "lake \(command), since \(Instant.text(micros: surroundings.nowMicros()))"
        lock.waitMilliseconds =
            arguments.has("wait") ? nil : (wait ?? 0).multipliedReportingOverflow(by: 1_000).0
        lock.isCancelled = { Interruption.isRequested }
        Interruption.install()
        return lock
    }

    static func json(_ entry: HoldEntry, nowMicros: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.hold(entry)
        json.key("active")
        json.boolean(entry.hold.isActive(atMicros: nowMicros))
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    /// What a hold names: `account 1784 of posts, 2026-01-01 to 2026-03-31`.
    static func scope(_ entry: HoldEntry) -> String {
        let hold = entry.hold
        var parts: [String] = []
        if let account = hold.account { parts.append("account \(account)") }
        if let key = hold.key { parts.append("key \(key)") }
        var text = parts.joined(separator: ", ")
        if text.isEmpty { text = "every row" }
        text += " of \(entry.table ?? "every table")"
        let (first, last) = (hold.firstDay, hold.lastDay)
        switch (first.map { CivilTime.text(ofDay: $0) }, last.map { CivilTime.text(ofDay: $0) }) {
        case (let first?, let last?): text += ", \(first) to \(last)"
        case (let first?, nil): text += ", from \(first) on"
        case (nil, let last?): text += ", until \(last)"
        case (nil, nil): break
        }
        return text
    }
}

/// `lake hold add`: keep what belongs to an account, a post, some days.
enum HoldAddCommand: Command {
    static let syntax = CommandSyntax(
        name: "hold add", summary: "Place a hold on an account, a post, or days",
        operands: "", maximumOperands: 0,
        options: [
            Option("account", value: "ID", "Rows of this account (the table's account column)"),
            Option("post", value: "KEY", "The row with this key"),
            Option("from", value: "DATE", "Rows of this day and later"),
            Option("until", value: "DATE", "Rows of this day and earlier"),
            Option("table", value: "NAME", "Only of this table (default: every table)"),
            Option("reason", value: "TEXT", "Why; needed"),
            HoldCommands.by,
            Option("ends", value: "DATE", "When it ends by itself, at midnight UTC"),
            HoldCommands.wait, .json,
        ],
        discussion: """
            What is said together must all be true of a row. A held row is neither archived nor deleted,
            nor are its raw file and its archived copies; what is archived already stays archived. Queries
            and compactions do not care. Days are those of the table's partition column, UTC.
            """,
        examples: [
            "lake hold add --account 17841400000000000 --reason 'case 12' --by ann",
            "lake hold add --post 17900000000000001 --table posts --reason audit",
            "lake hold add --from 2025-01-01 --until 2025-03-31 --reason audit --ends 2027-01-01",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let name = syntax.name
        let reason = try HoldCommands.reason(arguments, command: name)
        let who = try HoldCommands.who(arguments, surroundings, command: name)
        var request = HoldRequest(reason: reason, placedBy: who)
        request.table = arguments.value("table")
        request.account = arguments.value("account")
        request.key = arguments.value("post")
        request.firstDay = try HoldCommands.day(arguments, "from", command: name)
        request.lastDay = try HoldCommands.day(arguments, "until", command: name)
        request.endsMicros = try HoldCommands.day(arguments, "ends", command: name)
            .map { Int64($0) * CivilTime.microsPerDay }
        let path = try LakeLocation.require(arguments, surroundings)
        let lock = try HoldCommands.lock(arguments, surroundings, command: name)
        let now = surroundings.nowMicros()
        let asked = request
        let entry = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path).placeHold(asked, nowMicros: now, lock: lock)
        }
        let output = StandardOutput()
        if arguments.has("json") {
            output.write(HoldCommands.json(entry, nowMicros: now))
        } else {
            output.write("hold \(entry.hold.id): \(HoldCommands.scope(entry))\n")
            let lake = arguments.value("lake").map { " --lake " + PrintedName.word($0) } ?? ""
            output.write(
                "release it with: lake hold release \(entry.hold.id) --reason TEXT\(lake)\n")
        }
        output.flush()
        return ExitCode.done
    }
}

/// `lake hold list`: number, what, why, by whom.
enum HoldListCommand: Command {
    static let syntax = CommandSyntax(
        name: "hold list", summary: "List holds",
        operands: "", maximumOperands: 0,
        options: [
            Option("all", "Released and ended ones too"),
            Option("json", "Print JSON, one hold a line"),
        ],
        discussion: "",
        examples: ["lake hold list", "lake hold list --all --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let lake = try LakeLocation.open(arguments, surroundings)
        let now = surroundings.nowMicros()
        let all = try lakeCall { () throws(LakeError) in try lake.holds() }
        let entries = all.filter { arguments.has("all") || $0.hold.isActive(atMicros: now) }
        let output = StandardOutput()
        defer { output.flush() }
        if arguments.has("json") {
            for entry in entries { output.write(HoldCommands.json(entry, nowMicros: now)) }
            return ExitCode.done
        }
        for entry in entries { output.write(text(entry, nowMicros: now)) }
        let word = arguments.has("all") ? "hold" : "active hold"
        output.write(Amount.count(entries.count, word) + "\n")
        return ExitCode.done
    }

    private static func text(_ entry: HoldEntry, nowMicros: Int64) -> String {
        let hold = entry.hold
        var text = "hold \(hold.id): \(HoldCommands.scope(entry))\n"
        text += "  \(hold.reason)\n"
        text += "  placed \(Instant.text(micros: hold.placedMicros)) by \(hold.placedBy)"
        if let ends = hold.endsMicros {
            let word = ends <= nowMicros ? "ended" : "ends"
            text += ", \(word) \(Instant.text(micros: ends))"
        }
        text += "\n"
        if let released = hold.releasedMicros {
            text += "  released \(Instant.text(micros: released))"
            text += hold.releasedBy.map { " by \($0)" } ?? ""
            text += hold.releaseReason.map { ": \($0)" } ?? ""
            text += "\n"
        }
        return text
    }
}

/// `lake hold release`: let a hold go.
enum HoldReleaseCommand: Command {
    static let syntax = CommandSyntax(
        name: "hold release", summary: "Release a hold",
        operands: "N", maximumOperands: 1,
        options: [
            Option("reason", value: "TEXT", "Why; needed"), HoldCommands.by, HoldCommands.wait,
            .json,
        ],
        discussion:
            "The next sweep does what is due by then. The hold stays in: lake hold list --all",
        examples: ["lake hold release 1 --reason 'case 12 is closed' --by ann"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let name = syntax.name
        guard let number = arguments.operands.first else {
            throw .usage("which hold? give its number", command: name)
        }
        guard let id = Int64(number), id > 0 else {
            throw .usage("'\(number)' is no number of a hold", command: name)
        }
        let reason = try HoldCommands.reason(arguments, command: name)
        let who = try HoldCommands.who(arguments, surroundings, command: name)
        let path = try LakeLocation.require(arguments, surroundings)
        let lock = try HoldCommands.lock(arguments, surroundings, command: name)
        let now = surroundings.nowMicros()
        let entry = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path).releaseHold(
                id, by: who, reason: reason, nowMicros: now, lock: lock)
        }
        let output = StandardOutput()
        output.write(
            arguments.has("json")
                ? HoldCommands.json(entry, nowMicros: now)
                : Array("released hold \(id): \(HoldCommands.scope(entry))\n".utf8))
        output.flush()
        return ExitCode.done
    }
}
