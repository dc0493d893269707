import Glibc
import Testing

import Columnar

/// Other people's JSON test files, where the developer has them beside the package.
@Suite struct JSONCorpusTests {
    static let folder = corpusFolder()

    @Test(.enabled(if: folder != nil, "no ../shared/data/json_examples beside the package"))
    func jsonCheckerFilesPassAndFail() throws {
        let folder = try #require(Self.folder)
        let parser = try JSONParser()
        var seen = 0
        for name in files(in: folder + "/jsonchecker") where name.hasSuffix(".json") {
            // json.org's fail01 (a scalar document) and fail18 (21 levels) are allowed by RFC 8259.
            if name.hasSuffix("_EXCLUDE.json") { continue }
            let bytes = try #require(contents(folder + "/jsonchecker/" + name))
            seen += 1
            if name.hasPrefix("pass") {
                _ = try parser.parse(copyOf: bytes)
                _ = try JSONValue.parse(bytes)
            } else {
                #expect(throws: ColumnarError.self, "\(name)") { try parser.parse(copyOf: bytes) }
                #expect(throws: ColumnarError.self, "\(name)") { try JSONValue.parse(bytes) }
            }
        }
        #expect(seen == 34)
    }

    @Test(.enabled(if: folder != nil, "no ../shared/data/json_examples beside the package"))
    func roundTripFilesPrintBack() throws {
        let folder = try #require(Self.folder)
        let parser = try JSONParser()
        for name in files(in: folder + "/roundtrip") where name.hasSuffix(".json") {
            let bytes = try #require(contents(folder + "/roundtrip/" + name))
            var text = String(decoding: bytes, as: UTF8.self)
            // The exponent's sign is ours, as in ECMAScript.
            if text == "[1.7976931348623157e308]" { text = "[1.7976931348623157e+308]" }
            let printed = try parser.parse(copyOf: bytes).jsonText()
            #expect(String(decoding: printed, as: UTF8.self) == text, "\(name)")
            var writer = JSONWriter()
            writer.value(try JSONValue.parse(bytes))
            #expect(writer.text == text, "\(name)")
        }
    }

    @Test(.enabled(if: folder != nil, "no ../shared/data/json_examples beside the package"))
    func tapeAndTreeAgreeOnTweets() throws {
        let folder = try #require(Self.folder)
        let bytes = try #require(contents(folder + "/twitter.json"))
        let parser = try JSONParser()
        var writer = JSONWriter()
        writer.value(try JSONValue.parse(bytes))
        #expect(try parser.parse(copyOf: bytes).jsonText() == writer.bytes)
        #expect(try JSONValue.parse(bytes).array(at: "statuses").count == 100)
    }
}

/// The folder of examples, found from this file's place in the package.
private func corpusFolder() -> String? {
    var parts = #filePath.split(separator: "/").dropLast(3)
    while !parts.isEmpty {
        let path = "/" + parts.joined(separator: "/") + "/../shared/data/json_examples"
        if access(path, R_OK) == 0 { return path }
        parts = parts.dropLast()
    }
    return nil
}

private func files(in folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
    }
    return names.sorted()
}

private func contents(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}
