import Columnar
import Foundation
import Testing

/// Patterns to files: what each form matches, in which order, and what it passes over.
@Suite struct GlobTests {
    @Test func namesAreMatchedByCharacters() throws {
        let tree = try ScratchTree()
        try tree.touch("a.parquet", "b.parquet", "ab.parquet", "é.parquet", "a.csv", "[x].parquet")
        #expect(try tree.glob("?.parquet") == ["a.parquet", "b.parquet", "é.parquet"])
        #expect(try tree.glob("[ab].parquet") == ["a.parquet", "b.parquet"])
        #expect(try tree.glob("[!a].parquet") == ["b.parquet", "é.parquet"])
        #expect(try tree.glob("[a-z]*.parquet") == ["a.parquet", "ab.parquet", "b.parquet"])
        #expect(try tree.glob("*b*") == ["ab.parquet", "b.parquet"])
        #expect(try tree.glob("a.*") == ["a.csv", "a.parquet"])
        #expect(try tree.glob("none*") == [])
        // A file of exactly this name comes before its reading as a pattern.
        #expect(try tree.glob("[x].parquet") == ["[x].parquet"])
    }

    @Test func bracesAreEachOfTheirParts() throws {
        let tree = try ScratchTree()
        try tree.touch("2023/a.parquet", "2024/a.parquet", "2025/b.parquet", "{z}.parquet")
        #expect(try tree.glob("{2025,2023}/*") == ["2023/a.parquet", "2025/b.parquet"])
        #expect(try tree.glob("202{3,{4,5}}/?.parquet").count == 3)
        #expect(try tree.glob("{2023/a,2023/a}.parquet") == ["2023/a.parquet"])
        #expect(try tree.glob("{z}.*") == ["{z}.parquet"])
        #expect(throws: ColumnarError.self) {
            try tree.glob(String(repeating: "{a,b}", count: 40))
        }
    }

    @Test func starsWalkFolders() throws {
        let tree = try ScratchTree()
        try tree.touch("x.parquet", "a/x.parquet", "a/b/x.parquet", "a/b/y.csv", "c/d/e/x.parquet")
        let all = ["a/b/x.parquet", "a/x.parquet", "c/d/e/x.parquet", "x.parquet"]
        #expect(try tree.glob("**/*.parquet") == all)
        #expect(try tree.glob("**") == all)
        #expect(try tree.glob("**/**/x.parquet") == all)
        #expect(try tree.glob("a/**/*.parquet") == ["a/b/x.parquet", "a/x.parquet"])
        #expect(try tree.glob("**/b/*") == ["a/b/x.parquet", "a/b/y.csv"])
        #expect(try tree.glob("a") == ["a/b/x.parquet", "a/x.parquet"])
        #expect(try tree.glob("a/") == ["a/b/x.parquet", "a/x.parquet"])
        #expect(try tree.glob("*/") == ["a/b/x.parquet", "a/x.parquet", "c/d/e/x.parquet"])
        let absolute = try tree.glob(tree.path + "/c/**/x.parquet")
        #expect(absolute == [tree.path + "/c/d/e/x.parquet"])
    }

    @Test func hiddenAndUnfinishedNamesAreLeftOut() throws {
        let tree = try ScratchTree()
        try tree.touch(
            ".a.parquet", "_SUCCESS", "_temporary/0/x.parquet", "_k=1/x.parquet", "b.parquet.tmp",
            "c.parquet")
        #expect(try tree.glob("**") == ["_k=1/x.parquet", "c.parquet"])
        #expect(try tree.glob("*") == ["c.parquet"])
        #expect(try tree.glob(".*") == [".a.parquet"])
        #expect(try tree.glob("_temporary/*/x.parquet") == ["_temporary/0/x.parquet"])
    }

    @Test func linksToFoldersEndNoWalk() throws {
        let tree = try ScratchTree()
        try tree.touch("a/x.parquet")
        try FileManager.default.createSymbolicLink(
            atPath: tree.path + "/a/loop", withDestinationPath: tree.path)
        try FileManager.default.createSymbolicLink(
            atPath: tree.path + "/a/y.parquet", withDestinationPath: "x.parquet")
        #expect(try tree.glob("**") == ["a/x.parquet", "a/y.parquet"])
        #expect(try tree.glob("a/loop/a/*") == ["a/loop/a/x.parquet", "a/loop/a/y.parquet"])
    }

    @Test func patternsCostNoMoreThanTheirNames() throws {
        let tree = try ScratchTree()
        try tree.touch(String(repeating: "a", count: 200) + ".parquet")
        #expect(try tree.glob(String(repeating: "*a", count: 100) + "*b") == [])
    }
}
