import Foundation
import Testing

/// Other programs read a lake and must find the rows that `lake query` finds.
@Suite struct InteropTests {
    @Test(.enabled(if: BuiltProgram.peersPython != nil, "skipped: no peers, see `make peers`"))
    func pyicebergAndDuckDBReadTheSameRows() throws {
        let python = try #require(BuiltProgram.peersPython)
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = BuiltProgram.package.appending(path: "Tests/interop/read_lake.py").path
        let size = "--accounts 40 --posts 25 --days 4"
        for command in [
            "lake-sample create raw \(size)", "lake init mylake --raw raw",
            "lake compact --lake mylake", "lake-sample night raw \(size)",
            "lake compact --lake mylake",
            "\(python) \(script) \(BuiltProgram.folder)/lake \(folder.path)/mylake",
        ] {
            let (status, text) = try BuiltProgram.run(command, in: folder)
            #expect(status == 0, "\(command): \(text)")
            if status != 0 { return }
        }
    }

    /// What is archived is no part of a snapshot; GLACIER_IR is, wherever its files lie.
    @Test(.enabled(if: BuiltProgram.peersPython != nil, "skipped: no peers, see `make peers`"))
    func othersPassOverWhatIsArchivedToo() throws {
        let python = try #require(BuiltProgram.peersPython)
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = BuiltProgram.package.appending(path: "Tests/interop/read_lake.py").path
        let warmer = #"{ "after_days": 150, "transition": "GLACIER_IR" }, "#
        for (command, words) in [
            ("lake-sample create raw --accounts 5 --posts 20 --days 2", ""),
            ("lake init mylake --raw raw", ""),
            (#"sed -i 's/"retention": \[/&\#(warmer)/' mylake/schemas/posts.json"#, ""),
            ("lake compact --lake mylake", ""),
            ("LAKE_NOW=2025-11-25 lake sweep --force --lake mylake", ""),
            ("lake query --lake mylake 'select count(*) from posts'", "of GLACIER,"),
            (
                #"lake query --lake mylake 'select storage_class from "posts$archive"'"#,
                "GLACIER_IR"
            ),
            ("\(python) \(script) \(BuiltProgram.folder)/lake \(folder.path)/mylake", "the same"),
        ] {
            let (status, text) = try BuiltProgram.run(command, in: folder)
            #expect(status == 0 && (words.isEmpty || text.contains(words)), "\(command): \(text)")
            if status != 0 { return }
        }
    }

    @Test(.enabled(if: BuiltProgram.peersPython != nil, "skipped: no peers, see `make peers`"))
    func duckDBReadsTheSameRowsOfDatasets() throws {
        let python = try #require(BuiltProgram.peersPython)
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = BuiltProgram.package.appending(path: "Tests/interop/datasets.py").path
        let (status, text) = try BuiltProgram.run(
            "\(python) \(script) \(BuiltProgram.folder)/lake \(folder.path)", in: folder)
        #expect(status == 0, "\(text)")
    }

    @Test(.enabled(if: BuiltProgram.peersPython != nil, "skipped: no peers, see `make peers`"))
    func peersReadOurTextFilesAndWeTheirs() throws {
        let python = try #require(BuiltProgram.peersPython)
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = BuiltProgram.package.appending(path: "Tests/interop/text_files.py").path
        let (status, text) = try BuiltProgram.run(
            "\(python) \(script) \(BuiltProgram.folder)/lake \(folder.path)", in: folder)
        #expect(status == 0, "\(text)")
    }
}
