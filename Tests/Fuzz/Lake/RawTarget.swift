import Columnar
import Glibc

/// One raw JSON document into one row of a table; the first byte says which of `schemas/`.
enum RawTarget: FuzzTarget {
    /// Tables with the path of a file of theirs.
    nonisolated(unsafe) static let tables: [(flattener: Flattener, path: String)] = {
        var tables: [(flattener: Flattener, path: String)] = []
        for name in [
            "posts", "stats", "tweets", "tweets_v2", "comments", "insights", "graph_media",
            "pinterest_pins", "pinterest_geo", "pinterest_users",
        ] {
            let path = "schemas/\(name).json"
            do throws(LakeError) {
                guard let bytes = InputFiles.read(path) else { fatalError("\(path) is missing") }
                let definition = try TableDefinition.parse(bytes, path: path)
                tables.append(
                    (
                        try Flattener(definition: definition, pool: BufferPool()),
                        example(definition.raw.pattern)
                    ))
            } catch { fatalError("\(path): \(error)") }
        }
        return tables
    }()

    /// A path that follows a pattern, each capture a date.
    private static func example(_ pattern: String) -> String {
        var path = ""
        var isCapture = false
        for character in pattern {
            switch character {
            case "{":
                path += "2026-01-05"
                isCapture = true
            case "}": isCapture = false
            default: if !isCapture { path.append(character) }
            }
        }
        return path
    }

    static func run(_ input: UnsafeRawBufferPointer) {
        guard let kind = input.first else { return }
        let (flattener, path) = tables[Int(kind) % tables.count]
        do throws(LakeError) {
            try flatten(Array(input.dropFirst()), path: path, flattener)
        } catch { return }
    }

    /// The row is the same each time, and can be read back.
    static func flatten(
        _ bytes: [UInt8], path: String, _ flattener: Flattener
    ) throws(LakeError) {
        guard let hash = try stage(bytes, path: path, flattener),
            let again = try stage(bytes, path: path, flattener)
        else { return }
        precondition(hash == again)
        try flattener.commit()
        let batch = try flattener.finishBatch()
        precondition(batch.count == 1)
        do throws(ColumnarError) {
            for (column, field) in zip(batch.columns, flattener.definition.schema.fields) {
                let value = try column.value(at: 0, type: field.type)
                guard field.type == .json, case .text(let text) = value else { continue }
                precondition((try? JSONValue.parse(Array(text.utf8))) != nil, "\(text) is no JSON")
            }
        } catch { preconditionFailure("a row cannot be read: \(error)") }
    }

    private static func stage(
        _ bytes: [UInt8], path: String, _ flattener: Flattener
    ) throws(LakeError) -> UInt64? {
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: bytes.count + JSONParser.paddingBytes, alignment: 16)
        defer { room.deallocate() }
        room.copyBytes(from: bytes)
        let text = UnsafeRawBufferPointer(rebasing: room[..<bytes.count])
        switch try flattener.stage(bytes: text, path: path, ingestedAtMicros: 0) {
        case .row(let identity): return identity.rowHash
        case .rejected: return nil
        }
    }
}
