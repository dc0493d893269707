import Testing

@testable import Lake

@Suite struct RecordEntriesTests {
    private func entries(_ keys: [UInt64], row: UInt64 = 1) -> [RecordEntries.Entry] {
        keys.map { .init(key: $0, row: row, partition: Int32(truncatingIfNeeded: $0)) }
    }

    @Test(arguments: [0, 1, 1_000])
    func roundTrip(count: Int) throws {
        let keys = (0..<count).map { UInt64($0) << 54 }
        for hasPartitions in [false, true] {
            let written = RecordEntries(entries(keys), hasPartitions: hasPartitions)
            let bytes = written.encoded()
            #expect(bytes.count == 16 + 20 * count)
            #expect(bytes.withUnsafeBytes { RecordEntries(decoding: $0) } == written)
            for position in stride(from: 0, to: bytes.count, by: 13) {
                var damaged = bytes
                damaged[position] ^= 1
                #expect(damaged.withUnsafeBytes { RecordEntries(decoding: $0) } == nil)
            }
            #expect(bytes.dropLast().withUnsafeBytes { RecordEntries(decoding: $0) } == nil)
        }
    }

    @Test func findsAndMerges() {
        let known = RecordEntries(entries([2, 4, 6, .max]))
        #expect(known.find(4)?.key == 4)
        #expect(known.find(.max)?.key == .max)
        #expect(known.find(0) == nil && known.find(5) == nil)
        #expect(known.hits([6, 2, 3]).map(\.key) == [2, 6])
        let many = RecordEntries(entries((0..<1_000).map { UInt64($0) * 2 }))
        #expect(many.hits([7, 998, 10]).map(\.key) == [10, 998])
        let merged = known.merged(with: entries([1, 4, 7], row: 9))
        #expect(merged.map(\.key) == [1, 2, 4, 6, 7, .max])
        #expect(merged.map(\.row) == [9, 1, 9, 1, 9, 1])
    }

    @Test func theLastRecordOfAKeyDecides() {
        var taking = RecordTaking(known: RecordEntries(entries([1, 2, 3])))
        let (old, other) = (entries([1, 2]), entries([1, 2, 4], row: 5))
        let records = [other[0], old[0], old[1], other[1], other[2]]
        let staged = records.map { taking.takes($0) }
        #expect(staged == [true, false, false, true, true])
        let outcome = taking.finish()
        #expect(outcome.last.map(\.row) == [1, 5, 5])
        #expect(outcome.withdrawn == [1])
        #expect(outcome.changedCount == 2)
        #expect(outcome.replaced.map(\.key) == [2])
        #expect(outcome.missing.map(\.key) == [3])
    }
}
