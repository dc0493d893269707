import Columnar
import Lake

/// `lake restore --raw`: swept raw files as files again.
enum RestoreRaw {
    /// Options that only this form has.
    static let options = [
        Option("raw", "Bring raw files back as files, instead of rows into the table"),
        Option("to", value: "DIR", "With --raw: the folder that gets them, by their raw paths"),
        Option("force", "With --raw: replace files that are there with other bytes"),
    ]

    /// What `--raw` has nothing to do with.
    private static let others = ["tier", "days", "dry-run", "wait"]

    /// - ask: the scope that every restore has.
    static func run(
        _ ask: RestoreAsk, lake path: String, _ arguments: Arguments,
        _ surroundings: Surroundings, command: String
    ) throws(CommandError) -> Int32 {
        guard let folder = arguments.value("to") else {
            throw .usage("--raw needs the folder that gets the files: --to DIR", command: command)
        }
        for name in others where arguments.has(name) || arguments.value(name) != nil {
            throw .usage("--raw and --\(name) exclude each other", command: command)
        }
        var request = RawRestore.Request(folder: LakeLocation.absolute(folder, surroundings))
        request.table = ask.table
        request.account = ask.account
        request.key = ask.key
        request.pack = ask.pack
        request.firstDay = ask.firstDay
        request.lastDay = ask.lastDay
        request.isForced = arguments.has("force")
        let pool = try RestoreContext(arguments, surroundings, command: command).pool
        let isJSON = arguments.has("json")
        Interruption.install()
        let report = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path, access: .readOnly).restoreRaw(
                request, pool: pool, isCancelled: { Interruption.isRequested })
        }
        let output = StandardOutput()
        output.write(isJSON ? json(report) : Array(text(report, request.folder).utf8))
        output.flush()
        return ExitCode.done
    }

    private static func text(_ report: RawRestore.Report, _ folder: String) -> String {
        var text = "\(Amount.count(report.restored, "raw file")) "
        text += "(\(Amount.bytes(Int(clamping: report.restoredBytes)))) restored to \(folder) "
        text += "from \(Amount.count(report.packs, "pack"))\n"
        if report.present > 0 {
            text += "\(Amount.count(report.present)) were there already, with the same bytes\n"
        }
        if report.restored + report.present == 0 {
            text += "no swept raw file is in this scope\n"
        }
        return text
    }

    private static func json(_ report: RawRestore.Report) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        for (key, number) in [
            ("restored", Int64(report.restored)), ("restored_bytes", report.restoredBytes),
            ("present", Int64(report.present)), ("packs", Int64(report.packs)),
        ] {
            json.key(key)
            json.integer(number)
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}
