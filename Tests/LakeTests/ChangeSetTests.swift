import Columnar
import Testing

@testable import Lake

@Suite struct ChangeSetTests {
    private func stat(_ inode: UInt64) -> FileStat {
        FileStat(sizeBytes: 1, modifiedNanos: 2, changedNanos: 3, inode: inode)
    }

    private func merge(
        _ names: [String: ChangeSet.Looked], _ known: [String: StatHint]
    ) -> [FileChange] {
        let disk = names.keys.sorted()
        let state = known.keys.sorted()
        var changes: [FileChange] = []
        ChangeSet.merge(
            nameCount: disk.count, stateCount: state.count,
            compare: { disk[$0] < state[$1] ? -1 : disk[$0] == state[$1] ? 0 : 1 },
            hint: { known[state[$0]]! }, look: { names[disk[$0]]! }, into: &changes)
        return changes
    }

    @Test func everyKindOfChange() {
        let changes = merge(
            [
                "a": .stat(stat(1)), "b": .stat(stat(2)), "c": .stat(stat(3)), "e": .gone,
                "f": .unreadable, "g": .stat(stat(7)),
            ],
            [
                "a": StatHint(stat(1)), "b": StatHint(stat(9)), "d": StatHint(stat(4)),
                "e": StatHint(stat(5)), "f": StatHint(stat(6)), "g": .none,
            ])
        #expect(
            changes == [
                .unchanged(name: 0, state: 0), .suspect(name: 1, state: 1), .new(name: 2),
                .vanished(state: 2), .vanished(state: 3), .unknown(state: 4),
                .suspect(name: 5, state: 5),
            ])
    }

    @Test func hintMovesWithEveryField() {
        let base = stat(1)
        var others: [FileStat] = []
        for field in 0..<4 {
            var other = base
            if field == 0 { other.sizeBytes += 1 }
            if field == 1 { other.modifiedNanos -= 1 }
            if field == 2 { other.changedNanos += 1 }
            if field == 3 { other.inode += 1 }
            others.append(other)
        }
        #expect(Set((others + [base]).map { StatHint($0) }).count == 5)
        #expect(StatHint(base) != .none)
    }

    @Test func chunksKeepNamesAndStates() {
        var writer = RawFileChunk.Writer()
        var expected: [(String, RawFileState)] = []
        for i in 0..<500 {
            let name = "178\(10_000_000 + i * 7).json"
            let state = RawFileState(
                flags: i % 3 == 0 ? [] : .hasRow, hint: StatHint(bits: UInt64(i) &* 0x9E37),
                content: ContentHash(low: UInt64(i), high: .max - UInt64(i)),
                rowHash: UInt64(i * 3),
                keyHash: .max, partition: i % 5 == 0 ? nil : Int32(i - 250))
            writer.append(name: Array(name.utf8), state: state)
            expected.append((name, state))
        }
        writer.endChunk()
        var entries = RawFileChunk.Entries()
        for chunk in writer.chunks {
            #expect(chunk.bytes.count + chunk.first.count < 2_000)
            let isIntact = chunk.bytes.withUnsafeBytes { entries.append(chunk: $0) }
            #expect(isIntact)
        }
        #expect(entries.count == expected.count)
        for (i, (name, state)) in expected.enumerated() {
            #expect(String(decoding: entries.name(i), as: UTF8.self) == name)
            #expect(entries.states[i] == state)
        }
        let bytes = writer.chunks.reduce(0) { $0 + $1.bytes.count + $1.first.count + 30 }
        #expect(bytes / 500 <= 80)
    }

    @Test func flippedBitIsFound() {
        var writer = RawFileChunk.Writer()
        let state = RawFileState(flags: .hasRow, hint: .none, content: .none)
        writer.append(name: Array("a.json".utf8), state: state)
        writer.endChunk()
        for position in writer.chunks[0].bytes.indices {
            var bytes = writer.chunks[0].bytes
            bytes[position] ^= 4
            var entries = RawFileChunk.Entries()
            let isIntact = bytes.withUnsafeBytes { entries.append(chunk: $0) }
            #expect(!isIntact)
        }
    }

    /// A folder's rows after edits equal the entries that were meant, for random edits.
    @Test func editsBringTheTableToTheNewState() throws {
        let folder = try TemporaryFolder()
        let database = try Database.create(
            path: folder.path + "/lake.db", tables: Migrations.all)
        let source = try Sources.id(of: "posts", database)
        let editor = try RawFiles.Editor(database)
        var generator = SeededGenerator(seed: 7)
        var truth: [String: RawFileState] = [:]
        for round in 0..<30 {
            let cursor = try RawFiles.Cursor(database, source: source)
            var known = RawFileChunk.Entries()
            while let row = try cursor.peek() {
                let isIntact = row.entries.withUnsafeBytes { known.append(chunk: $0) }
                #expect(isIntact)
                cursor.advance()
            }
            let names = (0..<known.count).map { String(decoding: known.name($0), as: UTF8.self) }
            #expect(names == truth.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            #expect(known.states == names.map { truth[$0]! })
            var next = truth
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let name = "\(Int.random(in: 0..<400, using: &generator)).json"
                let state = RawFileState(
                    flags: .hasRow, hint: StatHint(bits: UInt64(round)), content: .none)
                next[name] = Int.random(in: 0..<3, using: &generator) == 0 ? nil : state
            }
            var writer = FolderStateWriter()
            writer.begin(known: known)
            let all = Set(names).union(next.keys)
            for name in all.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                let index = names.firstIndex(of: name)
                switch (index, next[name]) {
                case (let index?, let state?): writer.keep(index, as: state, known: known)
                case (let index?, nil): writer.drop(index, known: known)
                case (nil, let state?): writer.add(Array(name.utf8), state)
                case (nil, nil): break
                }
            }
            var edits: [RawFileEdit] = []
            writer.finish(folder: Array("p/1".utf8), known: known, into: &edits)
            try database.transaction { () throws(LakeError) in
                for edit in edits { try editor.apply(edit, source: source) }
            }
            truth = next
        }
        #expect(truth.count > 100)
    }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
