import Foundation
import Testing

/// Fault 24: a byte of a table's files flips; queries must say so or be right, and so must the next run.
@Suite struct BitRotTests {
    /// All rows and columns, then what pruning by partitions, bounds, pages and Bloom filters leaves.
    private static let queries = [
        "select * from posts order by id",
        "select id, likes from posts where likes >= 10 and caption = 'hello' order by id",
        "select id, posted_at from posts where posted_at >= timestamp '2026-01-02 00:00:00' order by 1",
        "select id, likes from posts where id = 8",
    ]

    /// The files of the table `posts` that a query needs: names by kind.
    private func files(_ lake: String, _ ending: String) -> [String] {
        LakeContent.files(below: lake + "/tables/posts").filter { $0.hasSuffix(ending) }
    }

    /// The answers to all queries, or the first that failed.
    private func ask(_ lake: String) throws -> ChildProcess.Ended {
        var answers: ChildProcess.Ended?
        for query in Self.queries {
            let ended = try BuiltLake.run(
                ["query", "--quiet", "--format", "csv", "--lake", lake, query])
            guard ended.code == 0 else { return ended }
            answers = ended.joined(behind: answers)
        }
        return try #require(answers)
    }

    /// Flips every `step`th byte of a file in turn; gives how many flips were told, and which were not.
    private func flip(_ file: String, in lake: String, step: Int, truth: String) throws -> (
        told: Int, harmless: Int, silent: [String]
    ) {
        let whole = try Data(contentsOf: URL(filePath: file))
        var (told, harmless) = (0, 0)
        var silent: [String] = []
        defer { try? whole.write(to: URL(filePath: file)) }
        for offset in stride(from: 0, to: whole.count, by: step) {
            for mask: UInt8 in BuiltLake.isFull ? [0x01, 0x90] : [0x11] {
                var damaged = whole
                damaged[offset] ^= mask
                try damaged.write(to: URL(filePath: file))
                let asked = try ask(lake)
                #expect(asked.signal == nil, "byte \(offset) of \(file): \(asked.text)")
                switch asked.code {
                case 0 where asked.output == truth: harmless += 1
                case 0:
                    silent.append(
                        "byte \(offset) ^ \(mask) of \(file): \(asked.output.prefix(200))")
                default:
                    #expect(asked.errors.hasPrefix("error: "), "byte \(offset): \(asked.text)")
                    told += 1
                }
            }
        }
        return (told, harmless, silent)
    }

    @Test(arguments: [(".parquet", 7), (".metadata.json", 3), (".avro", 7)])
    func flippedBytes(ending: String, fullStep: Int) throws {
        let scene = try Scene.shared.get()
        try scene.play { lake in
            let truth = try ask(lake).output
            var sum = (told: 0, harmless: 0)
            for file in files(lake, ending) {
                let found = try flip(
                    file, in: lake, step: BuiltLake.isFull ? fullStep : 199, truth: truth)
                sum.told += found.told
                sum.harmless += found.harmless
                #expect(found.silent == [], "silently wrong rows")
            }
            #expect(sum.told > 0)
            print(
                "\(ending): \(sum.told) of \(sum.told + sum.harmless) flips told, the rest harmless"
            )
        }
    }

    /// Where a file says whose it is: without these bytes it is any other program's.
    private func writerBytes(_ whole: Data) throws -> Range<Int> {
        let name = try #require(whole.range(of: Data("lake version".utf8), options: .backwards))
        return name.lowerBound - 3..<name.lowerBound + 5
    }

    /// What no query happens to read is found all the same: page indexes and Bloom filters among it.
    @Test func doctorFindsEveryFlip() throws {
        let scene = try Scene.shared.get()
        try scene.play { lake in
            for file in files(lake, ".parquet") {
                let whole = try Data(contentsOf: URL(filePath: file))
                let writer = try writerBytes(whole)
                defer { try? whole.write(to: URL(filePath: file)) }
                for offset in stride(from: 1, to: whole.count, by: BuiltLake.isFull ? 5 : 307)
                where !writer.contains(offset) {
                    var damaged = whole
                    damaged[offset] ^= 0x11
                    try damaged.write(to: URL(filePath: file))
                    let ended = try BuiltLake.run(["doctor", "--full", "--lake", lake])
                    #expect(
                        ended.code == 3 || ended.code == 1,
                        "byte \(offset) of \(file): \(ended.text)")
                }
            }
        }
    }

    /// A run must not write damaged rows into new, sound files.
    @Test func runsDoNotLaunderDamage() throws {
        let scene = try Scene.shared.get()
        for file in files(scene.lake, ".parquet") {
            let size = try Data(contentsOf: URL(filePath: file)).count
            for offset in stride(from: 4, to: size, by: BuiltLake.isFull ? 13 : 399) {
                try scene.play { copy in
                    let name = copy + file.dropFirst(scene.lake.count)
                    var damaged = try Data(contentsOf: URL(filePath: name))
                    damaged[offset] ^= 0x11
                    try damaged.write(to: URL(filePath: name))
                    let what = Comment(rawValue: "byte \(offset) of \(file)")
                    let ended = try BuiltLake.run(Scene.compact(copy))
                    #expect(ended.signal == nil, "\(ended.text); \(what)")
                    do {
                        // The damage undone, whatever is wrong now was written by the run.
                        damaged[offset] ^= 0x11
                        try damaged.write(to: URL(filePath: name))
                    }
                    try scene.expectWhole(copy, what)
                    #expect(ended.code == 1 || ended.code == 3, "\(ended.text); \(what)")
                }
            }
        }
    }
}
