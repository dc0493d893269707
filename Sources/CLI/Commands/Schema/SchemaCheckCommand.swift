import Columnar
import Lake
import Query

/// `lake schema check`: every mistake of schema files, and whether their tables can follow them.
enum SchemaCheckCommand: Command {
    static let syntax = CommandSyntax(
        name: "schema check",
        summary: "Check schema files, and whether the lake's tables can follow them",
        operands: "[FILE...]", maximumOperands: .max, options: [SchemaCommands.schemas],
        discussion: """
            Without files, the lake's own; without a lake, those that come with the program. Every
            mistake is shown at its place. Where the lake has the table already, the check says what the
            next `lake compact` will change of it, and refuses what the table's files cannot follow.
            Exit code 1 if anything is wrong.
            """,
        examples: ["lake schema check", "lake schema check likes.json --lake posts-lake"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let files = try SchemaCommands.files(arguments.operands, arguments, surroundings)
        var lake: Lake?
        if let folder = LakeLocation.find(arguments, surroundings) {
            lake = try lakeCall { () throws(LakeError) in
                try Lake.open(at: folder, access: .readOnly)
            }
        }
        let output = StandardOutput()
        defer { output.flush() }
        var isSound = true
        var names: [String: String] = [:]
        for file in files {
            let report = try SchemaFileReport(file, lake: lake, known: &names, surroundings)
            output.write(report.text)
            isSound = isSound && report.isSound
        }
        if files.isEmpty { output.write("no schema files\n") }
        return isSound ? ExitCode.done : ExitCode.userError
    }
}

/// What there is to say of one schema file.
private struct SchemaFileReport {
    private(set) var text = ""
    private(set) var isSound = true
    private let name: String
    private let source: String

    /// - known: tables described by files before, with their files' names.
    init(
        _ file: SchemaCommands.File, lake: Lake?, known: inout [String: String],
        _ surroundings: Surroundings
    ) throws(CommandError) {
        let folder = surroundings.workingDirectory + "/"
        name =
            file.path.hasPrefix(folder)
            ? String(file.path.dropFirst(folder.count)) : file.path
        source = String(decoding: file.bytes, as: UTF8.self)
        let definition: TableDefinition
        do throws(LakeError) {
            definition = try TableDefinition.parse(file.bytes, path: file.path)
        } catch {
            guard case .schemaFile(_, let mistakes) = error else {
                let (message, hint) = LakeErrorText.text(of: error)
                throw .user(message, hint: hint)
            }
            for mistake in mistakes {
                add(mistake.position, mistake.problem, mistake.remedy)
            }
            return
        }
        if let other = known[definition.name] {
            add(
                position(of: ["table"]), "\(other) describes the table \(definition.name) too",
                "remove one of them")
        }
        known[definition.name] = name
        let change = try lakeCall { () throws(LakeError) in try lake?.change(to: definition) }
        for obstacle in change?.obstacles ?? [] {
            let place = obstacle.column.map { ["columns", $0] } ?? ["partition"]
            add(position(of: place), obstacle.problem, obstacle.remedy)
        }
        guard isSound else { return }
        text =
            "\(name): \(definition.name), \(Amount.count(definition.columns.count, "column")): ok\n"
        if let change, !change.newColumns.isEmpty {
            text += "  new in the table: \(change.newColumns.joined(separator: ", "))\n"
        }
        if let change, !change.droppedColumns.isEmpty {
            let columns = change.droppedColumns.joined(separator: ", ")
            text += "  stays in the table, NULL in new rows: \(columns)\n"
        }
    }

    /// Where a column, or a key of the table, stands in the file.
    private func position(of place: [String]) -> JSONPosition? {
        guard let root = try? JSONValue.parse(Array(source.utf8)) else { return nil }
        guard place.count == 2 else { return root[place[0]]?.position ?? root.position }
        return root["columns"]?.array?.first { $0["name"]?.string == place[1] }?.position
            ?? root["columns"]?.position
    }

    private mutating func add(_ position: JSONPosition?, _ problem: String, _ remedy: String?) {
        isSound = false
        let place = position.map { ":\($0.line):\($0.column)" } ?? ""
        text += "\(name)\(place): \(problem)\n"
        if let position, let range = range(at: position) {
            for line in SourceText(source).excerpt(range) { text += line + "\n" }
        }
        if let remedy { text += "  \(remedy)\n" }
    }

    /// The bytes of the value at a position: a text with its quotes, a word, or one character.
    private func range(at position: JSONPosition) -> SourceRange? {
        let bytes = Array(source.utf8)
        var start = 0
        for _ in 1..<max(position.line, 1) {
            guard let end = bytes[start...].firstIndex(of: 0x0A) else { return nil }
            start = end + 1
        }
        start += position.column - 1
        guard start < bytes.count else { return nil }
        var end = start + 1
        if bytes[start] == UInt8(ascii: "\"") {
            while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
                end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
            }
            end += 1
        } else {
            let isWord: (UInt8) -> Bool = { byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || Character(Unicode.Scalar(byte)).isLetter
                    || Character(Unicode.Scalar(byte)).isNumber
            }
            while isWord(bytes[start]), end < bytes.count, isWord(bytes[end]) { end += 1 }
        }
        return SourceRange(start: start, end: min(end, bytes.count))
    }
}
