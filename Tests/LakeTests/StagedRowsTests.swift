import Columnar
import Foundation
import Testing

@testable import Lake

/// Which staged rows count, against a dictionary; in memory, in a file, and partly so.
struct StagedRowsTests {
    private struct Row {
        var key: ContentHash
        var modifiedNanos: Int64
        var path: String
        /// Its own, so that the counts of partitions tell which rows count.
        var partition: Int32
    }

    private let folder: TemporaryFolder
    private let pool = BufferPool()
    private let layout: StagedLayout

    init() throws {
        folder = try TemporaryFolder()
        layout = StagedLayout(
            definition: try TableDefinition.parse(
                Array(
                    """
                    { "table": "t", "raw": { "path": "t/{n}.json", "format": "json" },
                      "columns": [{ "name": "id", "type": "bigint", "class": "key" }] }
                    """.utf8), path: "t.json"),
            ingestedAtMicros: 0)
    }

    private func made(_ count: Int, keys: UInt64, _ random: inout SeededRandom) -> [Row] {
        (0..<count).map { index in
            let key = random.next() % keys
            return Row(
                key: withUnsafeBytes(of: key) { ContentHash($0, seed: 7) },
                modifiedNanos: Int64(random.next() % 3),
                path: "t/\(random.next() % 1_000)-\(index).json", partition: Int32(index))
        }
    }

    private func staged(_ rows: [Row], budgetBytes: Int, perBatch: Int) throws -> StagedRows {
        let staged = StagedRows(layout: layout, folder: folder.path, budgetBytes: budgetBytes)
        var buffer = try StagingBuffer(pool: pool)
        for (index, row) in rows.enumerated() {
            let (bytes, path) = ([UInt8](repeating: 7, count: index % 90), Array(row.path.utf8))
            let isTaken = try bytes.withUnsafeBytes { bytes in
                try path.withUnsafeBytes { path in
                    try buffer.append(
                        StagedRow(
                            key: row.key, modifiedNanos: row.modifiedNanos,
                            partition: row.partition),
                        stable: bytes, volatile: UnsafeRawBufferPointer(start: nil, count: 0),
                        path: path)
                }
            }
            #expect(isTaken)
            if index % perBatch == perBatch - 1 { try staged.add(buffer.seal(), pool: pool) }
        }
        if !buffer.isEmpty { try staged.add(buffer.seal(), pool: pool) }
        return staged
    }

    private func winners(_ rows: [Row]) -> [ContentHash: Row] {
        var winners: [ContentHash: Row] = [:]
        for row in rows {
            if let other = winners[row.key],
                (other.modifiedNanos, other.path) > (row.modifiedNanos, row.path)
            {
                continue
            }
            winners[row.key] = row
        }
        return winners
    }

    @Test func theLatestRowOfEachKeyCounts() throws {
        var random = SeededRandom(seed: 11)
        // One key for all, few, about one a row; more than a block of a file's keys.
        for (count, keys) in [(0, 1), (1, 1), (300, 1), (3_000, 40), (3_000, 1 << 40)] {
            let rows = made(count, keys: UInt64(keys), &random)
            let expected = winners(rows)
            for (budgetBytes, perBatch) in [
                (1 << 30, 4_000), (1 << 30, 70), (100_000, 70), (0, 70), (0, 1_300),
            ] {
                let all = try staged(rows, budgetBytes: budgetBytes, perBatch: perBatch)
                let resolved = try all.resolve(remembersKeys: true, pool: pool)
                #expect(resolved.count == expected.count)
                #expect(resolved.supersededCount == count - expected.count)
                #expect(resolved.partitions == expected.values.map(\.partition).sorted())
                #expect(resolved.rowCounts.values.reduce(0, +) == expected.count)
                #expect(rows.allSatisfy { resolved.replaces($0.key) })
                for other in 0..<1_000 as Range<UInt64> {
                    let key = withUnsafeBytes(of: other) { ContentHash($0, seed: 8) }
                    #expect(!resolved.replaces(key))
                }
                #expect(
                    try all.shortKeys(without: [], pool: pool) == Set(expected.keys.map(\.low)))
            }
        }
    }

    @Test func rowsOfSomePathsStandAside() throws {
        var random = SeededRandom(seed: 12)
        let rows = made(500, keys: 60, &random)
        let aside = Set(rows.indices.filter { $0 % 3 == 0 }.map { rows[$0].path })
        let kept = rows.filter { !aside.contains($0.path) }
        let expected = winners(kept)
        for budgetBytes in [1 << 30, 0] {
            let all = try staged(rows, budgetBytes: budgetBytes, perBatch: 64)
            let resolved = try all.resolve(without: aside, remembersKeys: true, pool: pool)
            #expect(resolved.count == expected.count)
            #expect(resolved.supersededCount == kept.count - expected.count)
            #expect(resolved.partitions == expected.values.map(\.partition).sorted())
            #expect(
                try all.shortKeys(without: aside, pool: pool) == Set(kept.map(\.key.low)))
        }
    }

    /// The aim of the file: once the budget is full, no batch holds memory, keys included.
    @Test func spilledBatchesHoldNothing() throws {
        var random = SeededRandom(seed: 13)
        let rows = made(2_000, keys: 1 << 40, &random)
        let all = try staged(rows, budgetBytes: 0, perBatch: 100)
        let resolved = try all.resolve(remembersKeys: false, pool: pool)
        #expect(resolved.batches.count == 20)
        #expect(resolved.batches.allSatisfy { $0.heldBytes == 0 })
    }
}
