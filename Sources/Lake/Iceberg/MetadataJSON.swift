import Columnar

/// A JSON value of a metadata file, with getters that say `corrupt`, the path and the place.
struct MetadataJSON {
    let value: JSONValue
    let path: String

    func corrupt(_ reason: String) -> LakeError {
        .corrupt(.init(path: path), reason: "\(reason) at \(value.position)")
    }

    /// The member under a key; nil when it is missing or null.
    subscript(key: String) -> MetadataJSON? {
        guard let member = value[key], !member.isNull else { return nil }
        return MetadataJSON(value: member, path: path)
    }

    func member(_ key: String) throws(LakeError) -> MetadataJSON {
        guard let member = self[key] else { throw corrupt("\"\(key)\" is missing") }
        return member
    }

    func string(_ key: String) throws(LakeError) -> String {
        let member = try member(key)
        guard let string = member.value.string else { throw member.mismatch(key, "a string") }
        return string
    }

    func long(_ key: String) throws(LakeError) -> Int64 {
        guard let long = try optionalLong(key) else { throw corrupt("\"\(key)\" is missing") }
        return long
    }

    func optionalLong(_ key: String) throws(LakeError) -> Int64? {
        guard let member = self[key] else { return nil }
        guard let long = member.value.integer else { throw member.mismatch(key, "an integer") }
        return long
    }

    /// An id: the range is Java's int, so that sums of ids never overflow.
    func id(_ key: String) throws(LakeError) -> Int {
        guard let id = try optionalID(key) else { throw corrupt("\"\(key)\" is missing") }
        return id
    }

    func optionalID(_ key: String) throws(LakeError) -> Int? {
        guard let long = try optionalLong(key) else { return nil }
        guard let id = Int32(exactly: long) else { throw corrupt("\"\(key)\" is not a 32-bit id") }
        return Int(id)
    }

    /// The elements of an array.
    func array(_ key: String) throws(LakeError) -> [MetadataJSON] {
        guard let elements = try optionalArray(key) else { throw corrupt("\"\(key)\" is missing") }
        return elements
    }

    func optionalArray(_ key: String) throws(LakeError) -> [MetadataJSON]? {
        guard let member = self[key] else { return nil }
        guard let elements = member.value.array else { throw member.mismatch(key, "an array") }
        return elements.map { MetadataJSON(value: $0, path: path) }
    }

    /// An object of strings, sorted by key; empty when it is missing.
    func stringMap(_ key: String) throws(LakeError) -> [String: String] {
        guard let member = self[key] else { return [:] }
        guard let members = member.value.object else { throw member.mismatch(key, "an object") }
        var map: [String: String] = [:]
        for entry in members {
            guard let string = entry.value.string else { throw member.mismatch(key, "strings") }
            map[entry.key] = string
        }
        return map
    }

    private func mismatch(_ key: String, _ wanted: String) -> LakeError {
        corrupt("\"\(key)\" must be \(wanted), not \(value.kindName)")
    }
}

extension JSONWriter {
    /// An object of strings, keys in byte order.
    mutating func stringMap(_ map: [String: String]) {
        beginObject()
        let keys = map.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in keys {
            key(name)
            string(map[name] ?? "")
        }
        endObject()
    }

    mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: Int64) {
        key(name)
        integer(value)
    }

    mutating func member(_ name: String, _ value: Int) {
        key(name)
        integer(Int64(value))
    }
}
