import Columnar
import Glibc
import Lake

/// The schema files that come with lake, and which of them fit a raw folder.
enum SchemaFiles {
    /// Those whose raw folder exists below `raw`; all if none does.
    static func matching(
        _ raw: String, _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> [Lake.SchemaFile] {
        let folder = try folder(arguments, surroundings)
        var fitting: [Lake.SchemaFile] = []
        var all: [Lake.SchemaFile] = []
        for name in jsonFiles(folder) {
            let bytes = try bytes(folder + "/" + name)
            let definition = try lakeCall { () throws(LakeError) in
                try TableDefinition.parse(bytes, path: folder + "/" + name)
            }
            let file = Lake.SchemaFile(name: name, bytes: bytes)
            all.append(file)
            if access(raw + "/" + definition.raw.root, F_OK) == 0 { fitting.append(file) }
        }
        guard !all.isEmpty else {
            throw .user("\(folder) holds no schema files", hint: "name their folder: --schemas DIR")
        }
        return fitting.isEmpty ? all : fitting
    }

    /// The paths of all of them.
    static func packaged(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> [String] {
        let folder = try folder(arguments, surroundings)
        return jsonFiles(folder).map { folder + "/" + $0 }
    }

    /// `--schemas`, else `$LAKE_SCHEMAS`, else the nearest `share/lake/schemas` or `schemas` above the program.
    private static func folder(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> String {
        if let path = arguments.value("schemas") {
            return LakeLocation.absolute(path, surroundings)
        }
        if let path = surroundings.environment["LAKE_SCHEMAS"], !path.isEmpty {
            return LakeLocation.absolute(path, surroundings)
        }
        var parts = programPath().split(separator: "/").dropLast()
        while !parts.isEmpty {
            parts = parts.dropLast()
            for name in ["share/lake/schemas", "schemas"] {
                let candidate = "/" + (parts + [Substring(name)]).joined(separator: "/")
                if access(candidate + "/posts.json", R_OK) == 0 { return candidate }
            }
        }
        throw .user(
            "the schema files that come with lake are not where they were installed",
            hint: "name their folder: --schemas DIR, or LAKE_SCHEMAS")
    }

    private static func programPath() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
        guard count > 0 else { return "" }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func jsonFiles(_ folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".json"), !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    static func bytes(_ path: String) throws(CommandError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .user("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Limits.schemaFileBytes + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else {
            throw .user("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        guard count <= Limits.schemaFileBytes else {
            throw .user("\(path) is longer than \(Limits.schemaFileBytes) bytes")
        }
        return Array(bytes[..<count])
    }
}
