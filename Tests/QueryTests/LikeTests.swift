import Testing

@testable import Query

/// LIKE against a slow matcher over characters.
@Suite struct LikeTests {
    @Test func agreesWithABacktrackingMatcher() throws {
        let alphabet = ["a", "b", "é", "%", "_"]
        var seed: UInt64 = 7
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        for _ in 0..<20_000 {
            let pattern = (0..<next(7)).map { _ in alphabet[next(5)] }.joined()
            let text = (0..<next(9)).map { _ in alphabet[next(3)] }.joined()
            #expect(
                try matches(text, pattern) == slow(Array(text)[...], Array(pattern)[...]),
                "\(text) LIKE \(pattern)")
        }
    }

    @Test(arguments: [
        ("", LikePattern.Class.equal), ("abc", .equal), ("%", .any), ("%%", .any),
        ("a%", .prefix), ("%a", .suffix), ("%a%", .contains), ("%a%b%", .multiContains),
        ("a%b", .multiContains), ("a_c", .general), ("_", .general),
    ])
    func patternsAreClassified(pattern: String, kind: LikePattern.Class) throws {
        let bytes = Array(pattern.utf8)
        let compiled = try bytes.withUnsafeBytes { p in
            try LikePattern(pattern: p, escape: nil)
        }
        #expect(compiled.kind == kind)
    }

    @Test func escapes() throws {
        #expect(try matches("10%", "10#%", escape: "#"))
        #expect(try !matches("10x", "10#%", escape: "#"))
        #expect(try matches("a#b", "a##b", escape: "#"))
        #expect(throws: QueryError.self) { try matches("a", "#a", escape: "#") }
        #expect(throws: QueryError.self) { try matches("a", "a#", escape: "#") }
        #expect(throws: QueryError.self) { try matches("a", "a", escape: "##") }
        #expect(throws: QueryError.self) { try matches("a", "a", escape: "") }
    }

    private func matches(_ text: String, _ pattern: String, escape: String? = nil) throws -> Bool {
        let patternBytes = Array(pattern.utf8)
        let escapeBytes = escape.map { Array($0.utf8) }
        let compiled = try patternBytes.withUnsafeBytes { p in
            guard let escapeBytes else { return try LikePattern(pattern: p, escape: nil) }
            return try escapeBytes.withUnsafeBytes { e in
                try LikePattern(pattern: p, escape: e)
            }
        }
        return Array(text.utf8).withUnsafeBytes { compiled.matches($0) }
    }

    private func slow(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "%" {
            return slow(text, pattern.dropFirst())
                || !text.isEmpty && slow(text.dropFirst(), pattern)
        }
        guard let head = text.first, first == "_" || head == first else { return false }
        return slow(text.dropFirst(), pattern.dropFirst())
    }
}
