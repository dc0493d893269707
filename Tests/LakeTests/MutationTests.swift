import CXXHash
import Columnar
import Foundation
import Testing

@testable import Lake

/// Random damage to what is read: nothing may end the program, and what is accepted must be sound.
///
/// More seeds: `LAKE_TORTURE=1`.
@Suite struct MutationTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["LAKE_TORTURE"] == nil ? 50 : 5_000

    /// What a hostile hand would put in.
    private static let tokens = [
        "null", "true", "-0", "1e309", "9223372036854775808", "-9223372036854775809", "0.1e-400",
        "1.", "01", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "[]", "{}",
        "[[[[[[[[",
        "}}}}", ",", ":", "\"", "\\", "\u{FEFF}", "\"2026-02-29\"", "\"9999-12-31T23:59:60Z\"",
        "\"-0001-01-01\"", "\"71k\"", "\"1.2.3M\"", "\"NaN\"", "123456789012345678901234567890",
        "\"id\":\"id\",", "\u{0}", "\u{7F}", "/**/",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int(random.next() % 3) {
            let count = bytes.count
            let place = count == 0 ? 0 : Int(random.next() % UInt64(count))
            let length = min(count - place, Int(random.next() % 24))
            switch random.next() % 7 {
            case 0 where count > 0: bytes[place] ^= UInt8(1) << UInt8(random.next() % 8)
            case 1 where count > 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 2: bytes.removeSubrange(place..<place + length)
            case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
            case 4: bytes.removeLast(count - place)
            default:
                let token = tokens[Int(random.next() % UInt64(tokens.count))]
                bytes.replaceSubrange(place..<place + length, with: token)
            }
        }
        return bytes
    }

    /// Raw JSON: either a row, the same each time, whose texts are UTF-8 and JSON where they say so, or a reason.
    @Test(arguments: [
        "posts", "stats", "tweets", "drift", "rules", "comments", "insights", "tweets_v2",
        "pinterest_pins", "pinterest_geo", "pinterest_users",
    ])
    func rawFiles(name: String) throws {
        let definition =
            switch name {
            case "drift": try FlattenTests.drift()
            case "rules": try FlattenTests.rules()
            default: try schemaFile(name)
            }
        let bytes = try #require(fileBytes("\(packageFolder)/Tests/LakeTests/flatten/\(name).txt"))
        let cases = try #require(FlattenCase.parse(String(decoding: bytes, as: UTF8.self)))
        let flattener = try Flattener(definition: definition, pool: BufferPool())
        let schema = definition.schema
        var random = SeededRandom(seed: 1)
        var (rows, rejected) = (0, 0)
        for sample in cases {
            for round in 0..<Self.rounds {
                // The first time as it is: some cases are so short that hardly any damage is taken.
                let input = round == 0 ? sample.bytes : Self.mutate(sample.bytes, &random)
                let shown = String(decoding: input, as: UTF8.self)
                switch try flattener.stage(copyOf: input, path: sample.path) {
                case .rejected(let reason):
                    #expect(!"\(reason)".isEmpty, "round \(round): \(shown)")
                    rejected += 1
                case .row(let identity):
                    let hash = identity.rowHash
                    guard
                        case .row(let again) = try flattener.stage(
                            copyOf: input, path: sample.path)
                    else {
                        Issue.record("rejected the second time: \(shown)")
                        continue
                    }
                    #expect(again.rowHash == hash, "round \(round): \(shown)")
                    try flattener.commit()
                    let batch = try flattener.finishBatch()
                    for (column, field) in zip(batch.columns, schema.fields) {
                        let value = try column.value(at: 0, type: field.type)
                        guard field.type == .json, case .text(let text) = value else { continue }
                        #expect(
                            (try? JSONValue.parse(Array(text.utf8))) != nil,
                            "\(field.name) is no JSON: \(text), of \(shown)")
                    }
                    rows += 1
                }
            }
        }
        #expect(rows > 0 && rejected > 0)
    }

    /// Remembered state behind a right checksum: decoded as far as it goes, never beyond.
    @Test func stateBehindARightChecksum() throws {
        var random = SeededRandom(seed: 2)
        var writer = RawFileChunk.Writer()
        for number in 0..<20 {
            writer.append(
                name: Array("file-\(number + 10).json".utf8),
                state: RawFileState(
                    flags: .hasRow, hint: StatHint(bits: random.next()),
                    content: ContentHash(low: random.next(), high: random.next()),
                    rowHash: random.next(), keyHash: random.next(), partition: 7))
        }
        writer.endChunk()
        let chunk = try #require(writer.chunks.first).bytes
        let entries = RecordEntries(
            (0..<20).map { RecordEntries.Entry(key: $0 * 5, row: random.next(), partition: 3) },
            hasPartitions: true
        ).encoded()
        var accepted = 0
        for _ in 0..<Self.rounds * 200 {
            for original in [chunk, entries] {
                var bytes =
                    Array(original.prefix(8)) + Self.mutate(Array(original.dropFirst(8)), &random)
                let sum = bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress! + 8, $0.count - 8) }
                withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
                var known = RawFileChunk.Entries()
                let isChunk = bytes.withUnsafeBytes { known.append(chunk: $0) }
                if isChunk {
                    accepted += 1
                    for index in 0..<known.count { _ = Array(known.name(index)) }
                }
                _ = bytes.withUnsafeBytes { RecordEntries(decoding: $0) }.map { $0.find(5) }
            }
        }
        #expect(accepted > 0)
    }
}
