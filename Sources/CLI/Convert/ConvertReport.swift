import Columnar
import Query

/// What a conversion did.
struct ConvertReport {
    var input: String
    var output: String
    var files: Int
    var rows: Int
    var bytesRead: Int
    /// nil: to standard output, which counts nothing.
    var bytesWritten: Int?
    var nanos: UInt64
    var isVerified: Bool
    var columns: [OutputColumn]

    /// The line for people.
    var text: String {
        var parts = [Amount.count(rows, "row"), "\(Amount.bytes(bytesRead)) in"]
        if let bytesWritten {
            parts.append("\(Amount.bytes(bytesWritten)) out")
            if bytesWritten > 0, bytesRead > 0 { parts.append(ratio(bytesWritten)) }
        }
        parts.append(Amount.duration(nanos: nanos))
        if isVerified { parts.append("verified") }
        return "\(input) → \(output): " + parts.joined(separator: ", ")
    }

    private func ratio(_ bytesWritten: Int) -> String {
        let isSmaller = bytesWritten <= bytesRead
        let factor =
            isSmaller
            ? Double(bytesRead) / Double(bytesWritten) : Double(bytesWritten) / Double(bytesRead)
        let tenths = Int((factor * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)x \(isSmaller ? "smaller" : "larger")"
    }

    /// The report for machines.
    func json() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("input")
        writer.string(input)
        writer.key("output")
        writer.string(output)
        for (key, number) in [
            ("files_read", files), ("rows", rows), ("bytes_read", bytesRead),
            ("bytes_written", bytesWritten ?? 0), ("elapsed_nanos", Int(clamping: nanos)),
        ] {
            writer.key(key)
            writer.integer(number)
        }
        writer.key("verified")
        writer.boolean(isVerified)
        writer.objects("columns", columns) { writer, column in
            writer.key("name")
            writer.string(column.name)
            writer.key("type")
            writer.string(column.type.description)
        }
        writer.endObject()
        return writer.bytes + [0x0A]
    }
}
