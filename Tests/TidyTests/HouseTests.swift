import Testing

/// The style of the house, held by reading the sources.
@Suite struct HouseTests {
    @Test func importsFollowTheArrows() throws { try check(Rule.imports) }
    @Test func filesHaveTellingNames() throws { try check(Rule.vagueName) }
    @Test func filesAreOneIdeaLong() throws { try check(Rule.length) }
    @Test func libraryKeepsToItself() throws { try check(Rule.surroundings) }
    @Test func nothingIsUnfinished() throws { try check(Rule.unfinished) }

    @Test func everyFolderIsOnTheMap() throws {
        let map = try SourceTree.text(of: "ARCHITECTURE.md")
        for folder in try SourceTree.sourceFolders() {
            let name = folder.split(separator: "/").dropFirst().joined(separator: "/")
            let isFamily = name.hasPrefix("Query/Functions/")
            let isNamed = isFamily || map.contains("`\(name)`")
            #expect(isNamed, "ARCHITECTURE.md does not name `\(name)`")
        }
    }

    @Test func lakeAndQueryMeetOnlyInTheCommandLine() throws {
        let rooms = Set(
            try SourceTree.swiftFiles(in: "Sources")
                .filter { $0.text.contains("import Lake\n") && $0.text.contains("import Query\n") }
                .compactMap(\.room))
        #expect(rooms.isSubset(of: ["CLI"]))
    }

    private func check(_ rule: (SourceFile) -> [Finding]) throws {
        for finding in try SourceTree.swiftFiles(in: "Sources").flatMap(rule) {
            Issue.record("\(finding)")
        }
    }
}

/// Each rule must fire where it should, and only there.
@Suite struct RuleTests {
    private func file(_ text: String, path: String = "Sources/Query/Execute/A.swift") -> SourceFile
    {
        SourceFile(path: path, text: text)
    }

    @Test func imports() {
        #expect(Rule.imports(file("import Columnar\nimport Lake")).map(\.line) == [2])
        #expect(Rule.imports(file("package import Lake")).count == 1)
        #expect(Rule.imports(file("import Lake", path: "Sources/CLI/A.swift")).isEmpty)
    }

    @Test func names() {
        #expect(Rule.vagueName(file("", path: "Sources/Lake/FileUtils.swift")).count == 1)
        #expect(Rule.vagueName(file("", path: "Sources/Lake/Futile.swift")).isEmpty)
    }

    @Test func surroundings() {
        #expect(Rule.surroundings(file("    print(1)")).count == 1)
        #expect(Rule.surroundings(file("    footprint(1)")).isEmpty)
        #expect(Rule.surroundings(file("    // print(1)")).isEmpty)
        #expect(Rule.surroundings(file("print(1)", path: "Sources/CLI/A.swift")).isEmpty)
    }

    @Test func unfinished() {
        #expect(Rule.unfinished(file("// TODO later")).count == 1)
        #expect(Rule.unfinished(file("let total = 1")).isEmpty)
    }

    @Test func length() {
        let long = String(repeating: "\n", count: 600)
        #expect(Rule.length(file(long)).count == 1)
        #expect(Rule.length(file("let a = 1")).isEmpty)
    }
}
