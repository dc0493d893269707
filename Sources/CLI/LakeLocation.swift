import Glibc
import Lake

/// Where the lake is: `--lake`, else `$LAKE_DIR`, else the nearest parent folder that holds a lake.
enum LakeLocation {
    /// The folder, or nil if there is none to be found.
    static func find(_ arguments: Arguments, _ surroundings: Surroundings) -> String? {
        if let path = arguments.value("lake") {
            return absolute(path, surroundings)
        }
        if let path = surroundings.environment["LAKE_DIR"], !path.isEmpty {
            return absolute(path, surroundings)
        }
        var folder = surroundings.workingDirectory
        while true {
            if access(folder + "/lake.db", F_OK) == 0 { return folder }
            guard let slash = folder.lastIndex(of: "/"), folder.count > 1 else { return nil }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
    }

    /// The folder; throws with what to do if there is no lake.
    static func require(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> String {
        guard let path = find(arguments, surroundings) else {
            throw .user(
                "no lake here: \(surroundings.workingDirectory) and its parents hold no lake.db",
                hint: "name one with --lake DIR or LAKE_DIR, or make one: lake init DIR --raw PATH"
            )
        }
        guard access(path + "/lake.db", F_OK) == 0 else {
            let isLost = access(path + "/tables", F_OK) == 0
            throw .user(
                "\(path) is not a lake: it has no lake.db",
                hint: isLost
                    ? "it has tables; if lake.db is lost: lake rebuild --lake \(path) --raw PATH"
                    : "make one: lake init \(path) --raw PATH")
        }
        return path
    }

    /// The folder of a lake whose lake.db may be lost or damaged.
    static func requireFolder(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> String {
        guard let path = find(arguments, surroundings) else {
            return try require(arguments, surroundings)
        }
        let hasTables = access(path + "/tables", F_OK) == 0
        return hasTables ? path : try require(arguments, surroundings)
    }

    /// The lake itself, to be read.
    static func open(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Lake {
        let path = try require(arguments, surroundings)
        return try lakeCall { () throws(LakeError) in
            try Lake.open(at: path, access: .readOnly)
        }
    }

    /// A path against the working directory, without `.` and doubled slashes.
    static func absolute(_ path: String, _ surroundings: Surroundings) -> String {
        let whole = path.hasPrefix("/") ? path : surroundings.workingDirectory + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") {
            if part == "." { continue }
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
