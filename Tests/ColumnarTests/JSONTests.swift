import Testing

import Columnar

/// The tape parser, the positioned reader and the writer, against each other and against bad text.
@Suite struct JSONTests {
    @Test func walksEveryKind() throws {
        let parser = try JSONParser()
        let text =
            #"{"a":[1,-2,9223372036854775808,1.5e3,true,false,null],"b":{"c":"x\u00e9\ud83d\ude00"},"b":7}"#
        let root = try parser.parse(copyOf: Array(text.utf8))
        #expect(root.kind == .object)
        let a = try #require(root["a"])
        #expect(a[0]?.int64 == 1)
        #expect(a[1]?.int64 == -2)
        #expect(a[1]?.uint64 == nil)
        #expect(a[2]?.int64 == nil)
        #expect(a[2]?.uint64 == 1 << 63)
        #expect(a[3]?.double == 1500)
        #expect(a[4]?.boolean == true)
        #expect(a[5]?.boolean == false)
        #expect(a[6]?.isNull == true)
        #expect(a[7] == nil)
        #expect(root["b"]?.int64 == 7, "the last of equal keys wins")
        #expect(root["z"] == nil)
        var members = root.members
        _ = members.next()
        let b = try #require(members.next()?.value)
        #expect(b["c"]?.string == "xé😀")
    }

    @Test func scalarsHaveNoChildren() throws {
        let parser = try JSONParser()
        let root = try parser.parse(copyOf: Array("12".utf8))
        var members = root.members
        var elements = root.elements
        #expect(members.next() == nil)
        #expect(elements.next() == nil)
        #expect(root["a"] == nil)
    }

    @Test(arguments: [
        (#"{"b":1,"a":{"z":[],"y":{}}}"#, #"{"a":{"y":{},"z":[]},"b":1}"#),
        (#"{"a":1, "a" : 2}"#, #"{"a":2}"#),
        (#"[1.0,1e2,1E400,0.1]"#, ""),
        (
            #"[1.0,1e2,0.1,5e-324,-0.0,123456789012345678]"#,
            "[1.0,100.0,0.1,5e-324,-0.0,123456789012345678]"
        ),
        (#"["\/\b\f\n\r\t\"\\\u0001\u007f\u20ac"]"#, #"["/\b\f\n\r\t\"\\\u0001"# + "\u{7f}€\"]"),
        ("\u{FEFF}[18446744073709551615]", "[18446744073709551615]"),
    ])
    func canonicalText(text: String, expected: String) throws {
        let parser = try JSONParser()
        if expected.isEmpty {
            #expect(throws: ColumnarError.self) { try parser.parse(copyOf: Array(text.utf8)) }
            return
        }
        let root = try parser.parse(copyOf: Array(text.utf8))
        #expect(String(decoding: root.jsonText(canonical: true), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        ("", "there is no JSON value", 1, 1),
        ("  ", "there is no JSON value", 1, 3),
        (#"{"a":1,}"#, "a comma too many before }", 1, 8),
        ("[1,\n 2,\n]", "a comma too many before ]", 3, 1),
        (#"{"a" 1}"#, "a colon should be here", 1, 6),
        (#"{"a":1 "b":2}"#, "a comma or } should be here", 1, 8),
        (#"{a:1}"#, "a key in double quotes should be here", 1, 2),
        ("[01]", "a number cannot start with 0", 1, 4),
        (
            "[18446744073709551616]", "the integer 18446744073709551616 does not fit in 64 bits", 1,
            22
        ),
        ("[1e999]", "the number 1e999 does not fit a double", 1, 7),
        (#"["\ud800"]"#, "half of a surrogate pair before this stands alone", 1, 9),
        (#"["\x"]"#, "'x' after a backslash means nothing", 1, 4),
        ("[\"a\tb\"]", "byte 0x09 inside a string must be escaped", 1, 4),
        ("[1] x", "text after the end of the document", 1, 5),
        ("[\"a", "the text ends inside a string", 1, 4),
        ("[nul]", "an unknown word; true, false and null are the only ones", 1, 2),
        ("[1", "a comma or ] should be here", 1, 3),
        ("\u{0}", "byte 0x00 cannot start a value", 1, 1),
    ])
    func tellsWhatAndWhere(text: String, reason: String, line: Int, column: Int) throws {
        let expected = ColumnarError.json(
            reason: reason, position: JSONPosition(line: line, column: column), path: nil)
        #expect(throws: expected) { try JSONValue.parse(Array(text.utf8)) }
        let parser = try JSONParser()
        #expect(throws: ColumnarError.self) { try parser.parse(copyOf: Array(text.utf8)) }
    }

    @Test func invalidUTF8IsRefused() throws {
        let bytes: [UInt8] = [0x22, 0xC3, 0x28, 0x22]
        let parser = try JSONParser()
        #expect(throws: ColumnarError.self) { try parser.parse(copyOf: bytes) }
        #expect(throws: ColumnarError.self) { try JSONValue.parse(bytes) }
    }

    @Test func depthIsBoundedEvenAfterGrowth() throws {
        let parser = try JSONParser()
        let fits = Limits.jsonDepth - 1
        let good = Array(
            (String(repeating: "[", count: fits) + String(repeating: "]", count: fits)).utf8)
        _ = try parser.parse(copyOf: good)
        _ = try JSONValue.parse(good)
        let deep = Array(repeating: UInt8(ascii: "["), count: 10_000)
        #expect(throws: ColumnarError.self) { try parser.parse(copyOf: deep) }
        #expect(throws: ColumnarError.self) { try JSONValue.parse(deep) }
        let closed = deep + Array(repeating: UInt8(ascii: "]"), count: 10_000)
        #expect(throws: ColumnarError.self) { try parser.parse(copyOf: closed) }
        _ = try parser.parse(copyOf: good)
    }

    @Test func sizeIsBounded() throws {
        let parser = try JSONParser(maxBytes: 2_000)
        let fits = "[" + String(repeating: " ", count: 1_998) + "]"
        _ = try parser.parse(copyOf: Array(fits.utf8))
        #expect(
            throws: ColumnarError.limit(
                name: "rawFileBytes", value: 2_001, limit: 2_000, location: nil)
        ) { try parser.parse(copyOf: Array((fits + " ").utf8)) }
    }

    @Test func treesGiveTypedMembers() throws {
        let tree = try JSONValue.parse(
            Array("{\"id\": 9223372036854775807,\n \"n\": [\"x\"]}".utf8))
        #expect(try tree.integer(at: "id") == .max)
        #expect(try tree.array(at: "n")[0].string == "x")
        #expect(tree["n"]?.position == JSONPosition(line: 2, column: 7))
        #expect(
            throws: ColumnarError.json(
                reason: "\"n\" must be a string, not an array",
                position: JSONPosition(line: 2, column: 7), path: nil)
        ) { try tree.string(at: "n") }
        #expect(
            throws: ColumnarError.json(
                reason: "key \"x\" is missing", position: JSONPosition(line: 1, column: 1),
                path: nil)
        ) { try tree.integer(at: "x") }
    }

    @Test func writerNests() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.integer(Int64.min)
        writer.unsigned(.max)
        writer.double(.nan)
        writer.beginObject()
        writer.endObject()
        writer.raw(Array("[0]".utf8))
        writer.endArray()
        writer.key("b\n")
        writer.boolean(true)
        writer.endObject()
        #expect(
            writer.text
                == #"{"a":[-9223372036854775808,18446744073709551615,null,{},[0]],"b\n":true}"#)
    }
}
